"""The shapes that values of a policy file may have, and what is wrong with one that has not.

The table of keys (``rules.policy.keys``) is made of these; it is read twice: to check a file, and
to write the JSON Schema.
"""

import re
from collections.abc import Callable, Iterator, Mapping

from rules.paths import Path
from rules.record import NamedTuple
from rules.type_names import Any, TypeAlias
from rules.wording import show_value, suggestion


class Complaint(NamedTuple):
    """Something wrong with a value. ``on_key``: with the key at ``path``, not its value."""

    path: Path
    message: str
    on_key: bool = False


class Text(NamedTuple):
    """Text that fully matches ``pattern`` and passes ``valid``; ``expected`` says what it is."""

    summary: str = ""
    expected: str = "text"
    pattern: str = r".*\S.*"
    valid: Callable[[str], bool] | None = None


class Choice(NamedTuple):
    """One of some words. ``off`` may come as false: so YAML 1.1 reads the bare word.

    ``noun`` is what one of them is called where they are too many to list.
    """

    names: tuple[str, ...]
    summary: str = ""
    noun: str = ""


class Number(NamedTuple):
    """A whole number of at least 0; ``unset``: or null, which is none."""

    summary: str = ""
    unset: bool = False


class Flag(NamedTuple):
    """True or false."""

    summary: str = ""


class Sequence(NamedTuple):
    """A list with at least ``least`` items of one shape."""

    item: "Shape"
    summary: str = ""
    least: int = 0


class Record(NamedTuple):
    """A mapping with known keys, of which at least ``least`` must be there.

    ``noun`` is what a key is called, ``hints`` tells what to write for some that are none.
    """

    fields: Mapping[str, "Shape"]
    summary: str = ""
    required: tuple[str, ...] = ()
    least: int = 0
    noun: str = "key"
    hints: Mapping[str, str] = {}


class Table(NamedTuple):
    """A mapping with free keys and values of one shape."""

    value: "Shape"
    summary: str = ""


class Either(NamedTuple):
    """One of several shapes; ``choose`` tells by the value which one was meant."""

    shapes: tuple["Shape", ...]
    choose: Callable[[Any], int]
    summary: str = ""


Shape: TypeAlias = Text | Choice | Number | Flag | Sequence | Record | Table | Either


def complain(shape: Shape, value: Any, path: Path = ()) -> Iterator[Complaint]:
    """All that is wrong with ``value`` as a ``shape``, in the order of the file."""
    match shape:
        case Either():
            yield from complain(shape.shapes[shape.choose(value)], value, path)
        case Record():
            yield from _record(shape, value, path)
        case Table():
            yield from _table(shape, value, path)
        case Sequence():
            yield from _sequence(shape, value, path)
        case _:
            message = _scalar(shape, value)
            if message:
                yield Complaint(path, message)


def _record(shape: Record, value: Any, path: Path) -> Iterator[Complaint]:
    body = {} if value is None else value
    if not isinstance(body, dict):
        yield Complaint(path, f"expected a mapping, found {shown(value)}")
        return
    for key, item in body.items():
        if key in shape.fields:
            yield from complain(shape.fields[key], item, (*path, key))
        else:
            yield Complaint((*path, key), _unknown(shape, key), on_key=True)
    for key in shape.required:
        if key not in body:
            summary = shape.fields[key].summary
            yield Complaint(path, f"'{key}' is missing" + (f": {summary}" if summary else ""))
    if len(body) < shape.least:
        yield Complaint(path, f"expected at least one of {', '.join(shape.fields)}")


def _table(shape: Table, value: Any, path: Path) -> Iterator[Complaint]:
    if value is not None and not isinstance(value, dict):
        yield Complaint(path, f"expected a mapping, found {shown(value)}")
        return
    for key, item in (value or {}).items():
        yield from complain(shape.value, item, (*path, key))


def _sequence(shape: Sequence, value: Any, path: Path) -> Iterator[Complaint]:
    if value is not None and not isinstance(value, list):
        yield Complaint(path, f"expected a list, found {shown(value)}")
        return
    if len(value or ()) < shape.least:
        yield Complaint(path, "expected a list with at least one item, found an empty one")
    for index, item in enumerate(value or ()):
        yield from complain(shape.item, item, (*path, index))


def _scalar(shape: Text | Choice | Number | Flag, value: Any) -> str | None:
    match shape:
        case Choice():
            return _choice(shape, value)
        case Text():
            return _text(shape, value)
        case Number():
            whole = isinstance(value, int) and not isinstance(value, bool) and value >= 0
            return (
                None
                if whole or (shape.unset and value is None)
                else f"expected a whole number from 0 up, found {shown(value)}"
            )
    return None if isinstance(value, bool) else f"expected true or false, found {shown(value)}"


def _choice(shape: Choice, value: Any) -> str | None:
    if value in shape.names or (value is False and "off" in shape.names):
        return None
    message = f"expected one of {', '.join(shape.names)}; found {shown(value)}"
    if shape.noun:
        message = f"there is no {shape.noun} {shown(value)}"
    return message + (suggestion(value, shape.names) if isinstance(value, str) else "")


def _text(shape: Text, value: Any) -> str | None:
    if not isinstance(value, str):
        quote = "" if isinstance(value, dict | list) or value is None else ": put it in quotes"
        return f"expected {shape.expected}, found {shown(value)}{quote}"
    fine = re.fullmatch(shape.pattern, value, re.DOTALL) and (
        shape.valid is None or shape.valid(value)
    )
    return None if fine else f"expected {shape.expected}, found {shown(value)}"


def _unknown(shape: Record, key: str) -> str:
    message = f"there is no {shape.noun} '{key}'"
    if key in shape.hints:
        return f"{message}; did you mean '{shape.hints[key]}'?"
    close = suggestion(key, (*shape.fields, *shape.hints))
    if close or len(shape.fields) > 12:
        return message + close
    return f"{message} here; expected {', '.join(shape.fields)}"


def shown(value: Any) -> str:
    """A value as a complaint shows it: text in quotes, and short."""
    if isinstance(value, str):
        return f"'{value[:60]}{'...' if len(value) > 60 else ''}'"
    return show_value(value)
