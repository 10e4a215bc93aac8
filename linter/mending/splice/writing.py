"""Values as YAML text, in the habits of the document they are put into."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

_PLAIN = re.compile(
    r"[A-Za-z_/][A-Za-z0-9_./-]*(?::[A-Za-z0-9_./-]*[A-Za-z_/-])?"
    r"|[0-9]+(?:\.[0-9]+)?(?:[KMGTPE]i?|[km])"
)
_RESERVED = re.compile(r"(?i:y|yes|n|no|on|off|true|false|null|nan|inf)")
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


class Habits(NamedTuple):
    """How a document is written: spaces per level, how far a list's dashes stand from their key,
    how far an item stands from its dash, its line end and its quotation mark."""

    step: int = 2
    offset: int = 0
    dash: int = 2
    newline: str = "\n"
    quote: str = '"'


def scalar(value: Any, quote: str = '"', *, quoted: bool = False) -> str:
    """A string, number, truth value or null; ``quoted`` puts quotation marks round every string."""
    if not isinstance(value, str):
        return json.dumps(value)
    if not quoted and _PLAIN.fullmatch(value) and not _RESERVED.fullmatch(value):
        return value
    if quote == "'" and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    text = json.dumps(value, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def inline(value: Any, quote: str = '"', *, quoted: bool = False) -> str:
    """A value on one line; ``quoted`` makes it JSON."""
    if isinstance(value, dict):
        pairs = (
            f"{scalar(key, quote, quoted=quoted)}: {inline(item, quote, quoted=quoted)}"
            for key, item in value.items()
        )
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(inline(item, quote, quoted=quoted) for item in value) + "]"
    return scalar(value, quote, quoted=quoted)


def spread(value: Any, column: int, habits: Habits) -> str:
    """A value as JSON over several lines, as ``json.dumps(indent=...)`` writes it."""
    text = json.dumps(value, ensure_ascii=False, indent=habits.step)
    return text.replace("\n", habits.newline + " " * column)


def entry(key: str, value: Any, column: int, habits: Habits, *, quoted: bool = False) -> list[str]:
    """The lines of ``key: value`` in a block mapping whose keys stand at ``column``."""
    head = " " * column + scalar(key, habits.quote, quoted=quoted) + ":"
    if not value or not isinstance(value, dict | list):
        return [f"{head} {inline(value, habits.quote)}"]
    return [head, *block(value, column, habits)]


def block(value: Any, column: int, habits: Habits) -> list[str]:
    """The lines of a mapping or list below a key at ``column``."""
    if isinstance(value, dict):
        return list(_mapping(value, column + habits.step, habits))
    return [line for item in value for line in listed(item, column + habits.offset, habits)]


def listed(item: Any, column: int, habits: Habits) -> list[str]:
    """The lines of an item of a block list whose dashes stand at ``column``."""
    dash = " " * column + "-".ljust(habits.dash)
    if not item or not isinstance(item, dict | list):
        return [dash + inline(item, habits.quote)]
    within = column + habits.dash
    if isinstance(item, dict):
        lines = list(_mapping(item, within, habits))
    else:
        lines = [line for inner in item for line in listed(inner, within, habits)]
    return [dash + lines[0][within:], *lines[1:]]


def _mapping(value: dict[str, Any], column: int, habits: Habits) -> Iterator[str]:
    for key, item in value.items():
        yield from entry(key, item, column, habits)
