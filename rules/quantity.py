"""Kubernetes quantities and Go's durations as numbers.

Source: ``k8s.io/apimachinery/pkg/api/resource`` (Quantity, suffixer); Go's ``time.ParseDuration``.
"""

from rules.lazy_pattern import LazyPattern
from rules.memory import remember
from rules.type_names import Any

_NUMBER = LazyPattern(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_PART = LazyPattern(r"([0-9]{1,12}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})(h|ms|m|s|us|µs|μs|ns)")
_SECONDS = {"h": 3600, "m": 60, "s": 1, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9}

_SUFFIXES = {
    "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0,
    "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50, "Ei": 2.0**60,
}  # fmt: skip

GIBIBYTE = 2.0**30
_MOST = 1e300
"""Of a number: what is infinite, or none, is no amount."""


def parse_quantity(value: Any) -> float | None:
    """``"500m"``, ``"16Gi"``, ``2`` or ``"1e3"`` as a number; None for anything else."""
    if isinstance(value, str):
        return _parse_text(value)
    if type(value) in (int, float) and -_MOST < value < _MOST:  # true and false are none
        return float(value)
    return None


@remember(1024, 32)
def _parse_text(value: str) -> float | None:
    text = value.strip()
    number = text.rstrip("KMGTPEkminu")
    scale = _SUFFIXES.get(text[len(number) :])
    # What else Python takes for a number: inf, nan, 1_000 and digits of other scripts.
    if scale is None or not _NUMBER.fullmatch(number):
        return None
    amount = float(number) * scale
    return amount if -_MOST < amount < _MOST else None


def parse_duration(text: str) -> float | None:
    """A Go duration such as ``1h30m`` in seconds; None for what is none."""
    unsigned = text[1:] if text[:1] in ("+", "-") else text
    parts = _PART.findall(unsigned)
    if "".join(map("".join, parts)) != unsigned or not parts:
        return 0.0 if unsigned == "0" else None
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    return -seconds if text[0] == "-" else seconds
