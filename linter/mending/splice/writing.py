"""Values as YAML text, in the style of the document they are put into."""

import json
from collections.abc import Iterator

from rules.lazy_pattern import LazyPattern
from rules.record import NamedTuple
from rules.type_names import Any

_PLAIN = LazyPattern(
    r"[A-Za-z_/][A-Za-z0-9_./-]*(?::[A-Za-z0-9_./-]*[A-Za-z_/-])?"
    r"|[0-9]+(?:\.[0-9]+)?(?:[KMGTPE]i?|[km])"
)
_RESERVED = LazyPattern(r"(?i:y|yes|n|no|on|off|true|false|null|nan|inf)")
_UNPRINTABLE = LazyPattern("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


class TextStyle(NamedTuple):
    """How a document is written: columns per level, how far a list's dashes stand from their key,
    how far an item stands from its dash, and its quotation mark. JSON may be indented by tabs, or
    be ``compact``: without a space after a comma or a colon."""

    step: int = 2
    offset: int = 0
    dash: int = 2
    quote: str = '"'
    tabs: bool = False
    compact: bool = False

    @property
    def unit(self) -> str:
        """What one level is indented by."""
        return ("\t" if self.tabs else " ") * self.step

    @property
    def gap(self) -> str:
        """What stands after a comma within a line."""
        return "" if self.compact else " "


def scalar(value: Any, quote: str = '"', *, quoted: bool = False) -> str:
    """A string, number, truth value or null; ``quoted`` puts quotation marks round every string."""
    if not isinstance(value, str):
        return json.dumps(value)
    # YAML 1.1's words for true, false and null, and its base-60 numbers, would not come back as
    # text.
    if not quoted and _PLAIN.fullmatch(value) and not _RESERVED.fullmatch(value):
        return value
    # Single quotes know no escapes.
    if quote == "'" and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    text = json.dumps(value, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def inline(value: Any, style: TextStyle, *, quoted: bool = False) -> str:
    """A value on one line; ``quoted`` makes it JSON."""
    if isinstance(value, dict):
        pairs = (
            pair(key, inline(value[key], style, quoted=quoted), style, quoted) for key in value
        )
        return "{" + f",{style.gap}".join(pairs) + "}"
    if isinstance(value, list):
        items = (inline(item, style, quoted=quoted) for item in value)
        return "[" + f",{style.gap}".join(items) + "]"
    return scalar(value, style.quote, quoted=quoted)


def pair(key: str, value: str, style: TextStyle, quoted: bool) -> str:  # noqa: FBT001
    """``key: value`` in braces. Only a key in quotation marks may have its value right after the
    colon."""
    gap = style.gap if quoted else " "
    return f"{scalar(key, style.quote, quoted=quoted)}:{gap}{value}"


def spread(value: Any, line_start: str, style: TextStyle) -> str:
    """A value as JSON over several lines, as ``json.dumps(indent=...)`` writes it. ``line_start``
    is what each further line begins with, the end of the one before it included."""
    marks = (",", f":{style.gap}")
    text = json.dumps(value, ensure_ascii=False, indent=style.unit, separators=marks)
    return text.replace("\n", line_start)


def entry(
    key: str, value: Any, column: int, style: TextStyle, *, quoted: bool = False
) -> list[str]:
    """The lines of ``key: value`` in a block mapping whose keys stand at ``column``."""
    head = " " * column + scalar(key, style.quote, quoted=quoted) + ":"
    if not value or not isinstance(value, dict | list):
        return [f"{head} {inline(value, style)}"]
    return [head, *block(value, column, style)]


def block(value: Any, column: int, style: TextStyle) -> list[str]:
    """The lines of a mapping or list below a key at ``column``."""
    if isinstance(value, dict):
        return list(_mapping(value, column + style.step, style))
    return [line for item in value for line in listed(item, column + style.offset, style)]


def listed(item: Any, column: int, style: TextStyle) -> list[str]:
    """The lines of an item of a block list whose dashes stand at ``column``."""
    dash = " " * column + "-".ljust(style.dash)
    if not item or not isinstance(item, dict | list):
        return [dash + inline(item, style)]
    within = column + style.dash
    if isinstance(item, dict):
        lines = list(_mapping(item, within, style))
    else:
        lines = [line for inner in item for line in listed(inner, within, style)]
    return [dash + lines[0][within:], *lines[1:]]


def _mapping(value: dict[str, Any], column: int, style: TextStyle) -> Iterator[str]:
    for key, item in value.items():
        yield from entry(key, item, column, style)
