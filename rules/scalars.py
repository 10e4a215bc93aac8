"""Scalars as Kubernetes reads them: what a word of YAML means, as a value and as a key.

Source: ``go.yaml.in/yaml/v2`` (``resolve.go``, ``decode.go``), which ``sigs.k8s.io/yaml`` uses to
turn YAML into JSON, and Go's ``strconv`` and ``encoding/json`` behind it.
"""

import re
from math import isfinite, isnan

from rules.lazy_pattern import LazyPattern
from rules.type_names import Any, TypeAlias

Scalar: TypeAlias = str | int | float | bool | None

HINTS = frozenset("+-0123456789yYnNtTfFoO~.")
"""The first characters of plain scalars that may be something else than a string."""

_NAN = float("nan")
_INFINITE = float("inf")
_WORDS: dict[str, Scalar] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "y": True, "Y": True, "yes": True, "Yes": True, "YES": True,
    "true": True, "True": True, "TRUE": True, "on": True, "On": True, "ON": True,
    "n": False, "N": False, "no": False, "No": False, "NO": False,
    "false": False, "False": False, "FALSE": False, "off": False, "Off": False, "OFF": False,
    ".nan": _NAN, ".NaN": _NAN, ".NAN": _NAN,
    ".inf": _INFINITE, ".Inf": _INFINITE, ".INF": _INFINITE,
    "+.inf": _INFINITE, "+.Inf": _INFINITE, "+.INF": _INFINITE,
    "-.inf": -_INFINITE, "-.Inf": -_INFINITE, "-.INF": -_INFINITE,
}  # fmt: skip

_NUMERIC = frozenset("+-0123456789.")
_AFTER_SIGN = frozenset("0123456789._")
_ENDS = frozenset("0123456789abcdefABCDEF._")
"""What numbers begin and end with, so that few runs need the expressions that tell them."""
_INTEGER = LazyPattern(
    r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))\Z", re.ASCII
)
_BASES = (16, 2, 8, 10)
_SIGN_AFTER_PREFIX = LazyPattern(r"0b([-+][01]+)\Z", re.ASCII)
_FLOAT = LazyPattern(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z", re.ASCII)
_FRACTION = LazyPattern(r"\.[0-9][0-9_]*(?:[eE][-+]?[0-9][0-9_]*)?\Z", re.ASCII)
_DATE = LazyPattern(
    r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
    r"(?:[Tt ][0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(?:[.,][0-9]+)?(?:Z|[-+][0-9]{2}:[0-9]{2})?)?\Z",
    re.ASCII,
)
_LEAST_LONG = 19  # digits of numbers that may be out of range
_MOST_DIGITS = 64  # of a 64-bit number, in base two; longer ones are out of range unread
_TAG = "tag:yaml.org,2002:"


class ScalarError(ValueError):
    """A scalar that Kubernetes refuses; the message says why."""


class _Plain(dict[str, Any]):
    """Plain scalars read so far: manifests repeat few words. Bounded; long ones are not kept."""

    def __missing__(self, text: str) -> Scalar:
        value = as_json(literal(text))
        if len(text) < 32 and len(self) < 5000:
            self[text] = value
        return value


PLAIN = _Plain()
"""The value of a plain scalar, by its text. Infinities and NaN come out as floats."""


def literal(text: str) -> Scalar:
    """The value of a plain scalar in YAML, where 1.0 is a float still."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMERIC or text[-1] not in _ENDS:
        return text
    if text[0] in "+-" and text[1:2] not in _AFTER_SIGN:
        return text
    if text[0] != "0" and len(text) < _LEAST_LONG and text.isascii() and text.isdigit():
        return int(text)
    if text[0] == ".":
        return _float(text, _FRACTION, text)
    digits = text.replace("_", "")
    value = None if "." in digits else _integer(digits)
    return _float(digits, _FLOAT, text) if value is None else value


def tagged(tag: str, text: str) -> Scalar:
    """The value of a scalar with an explicit tag. A tag that go-yaml does not know is ignored.

    Raises ScalarError where the text does not fit the tag.
    """
    kind = tag.removeprefix(_TAG)
    if kind == "binary":
        return _base64(text)
    if kind not in _KINDS or kind == tag:
        return text
    value = literal(text)
    if kind == "timestamp" and _DATE.match(text):
        return text
    if type(value) not in _KINDS[kind]:
        raise ScalarError(f"{quoted(text)} is no !!{kind}")
    return float(value) if kind == "float" and isinstance(value, int) else value


def as_json(value: Scalar) -> Scalar:
    """A value after Go wrote it as JSON and the API server read that: 1.0 is the integer 1.

    Go writes the shortest digits that mean the float and the rest as zeros.
    """
    if not isinstance(value, float) or not isfinite(value):
        return value
    if not value.is_integer() or abs(value) >= 2.0**63:
        return value
    mantissa, _, exponent = repr(value).partition("e")
    whole, _, fraction = mantissa.partition(".")
    return int(whole + fraction.ljust(int(exponent), "0")) if exponent else int(whole)


def key_text(value: Scalar) -> str:
    """A mapping key as the JSON key that it becomes; ``value`` as ``literal`` reads it.

    Floats are written with 32 bit as ``sigs.k8s.io/yaml`` does. Raises ScalarError for what
    cannot be a key there: null, and integers from 2**63.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float_key(value)
    if value is None or value >= 1 << 63:
        raise ScalarError(f"a mapping key cannot be {'null' if value is None else value}")
    return str(value)


def quoted(text: str) -> str:
    """The first 40 characters of ``text`` in quotes, for messages."""
    return f"'{text if len(text) <= 40 else text[:40] + '...'}'"


def _float(digits: str, pattern: LazyPattern, text: str) -> float | str:
    if not pattern.match(digits):
        return text
    try:
        value = float(digits)  # takes underscores between digits only, as Go does after a dot
    except ValueError:
        return text
    return value if isfinite(value) else text


def _integer(digits: str) -> int | None:
    """The integer that ``digits`` write, if it fits into 64 bits; with a sign into 63."""
    sign, number, base = "", "", 2
    if match := _INTEGER.match(digits):
        sign, *readings = match.groups()
        number, base = next(found for found in zip(readings, _BASES, strict=True) if found[0])
    elif digits.startswith("0b") and (match := _SIGN_AFTER_PREFIX.match(digits)):
        sign, number = match[1][0], match[1][1:]
    if not number or len(number.lstrip("0")) > _MOST_DIGITS:
        return None
    value = int(sign + number, base)
    return value if -(1 << 63) <= value < 1 << (63 if sign else 64) else None


def _float_key(value: float) -> str:
    """``strconv.FormatFloat(value, 'g', -1, 32)``, with YAML's words for what is not finite."""
    single = _single(value)
    if not isfinite(single):
        return ".nan" if isnan(single) else ".inf" if single > 0 else "-.inf"
    places, text = next(
        (places, text)
        for places in range(9)
        if _single(float(text := f"{single:.{places}e}")) == single
    )
    exponent = int(text.partition("e")[2])
    if -4 <= exponent < 6:
        return f"{float(text):.{max(0, places - exponent)}f}"
    return text


def _single(value: float) -> float:
    """``value`` rounded to 32 bit."""
    from struct import pack, unpack  # noqa: PLC0415  # float keys are rare, start-up is not

    try:
        return float(unpack("f", pack("f", value))[0])
    except OverflowError:
        return _INFINITE if value > 0 else -_INFINITE


def _base64(text: str) -> str:
    from base64 import b64decode  # noqa: PLC0415  # as above

    try:
        raw = b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except ValueError:
        raise ScalarError(f"{quoted(text)} is no base64, as !!binary asks for") from None
    return raw.decode("utf-8", "replace")


_KINDS: dict[str, tuple[type, ...]] = {
    "bool": (bool,),
    "int": (int,),
    "float": (int, float),
    "null": (type(None),),
    "timestamp": (),
}
