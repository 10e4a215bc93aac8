"""Where the values of a document stand in its text.

Marks mirror the document's value. A mapping's are ``{None: start, key: entry}``, where an entry is
``(key start, key end, value start, value end)`` for a scalar and ``(key start, key end, marks)``
for a mapping or list; a list's are ``[start, item, ...]``, where an item is ``(start, end)`` or
marks. All numbers are character indexes into the document's text, ends exclusive. What an alias
or a merge brings in has the marks of the place where it was written.
"""

from rules.lazy_pattern import LazyPattern
from rules.paths import Path
from rules.record import NamedTuple
from rules.type_names import Any, TypeAlias

Marks: TypeAlias = Any
Extent: TypeAlias = tuple[int, int]
"""Start and end of a piece of text, as indexes."""

_LEAD = LazyPattern(r"(?:---)?\s*")


class Repeated(NamedTuple):
    """A key that is set again: its path, where in the text, and whether by a merge (``<<``)."""

    path: Path
    extent: Extent
    merged: bool


class Position(NamedTuple):
    """A place in a file: line and column, both from 1, in characters."""

    line: int
    column: int


class Span(NamedTuple):
    """A piece of a file: lines and columns from 1, in characters, its end exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


def position(text: str, index: int) -> Position:
    """Line and column of ``text[index]``. A line ends with LF, CR LF or CR."""
    start = max(text.rfind("\n", 0, index), text.rfind("\r", 0, index)) + 1
    line = text.count("\n", 0, index) + 1
    if "\r" in text:
        line += text.count("\r", 0, index) - text.count("\r\n", 0, index)
    return Position(line, index - start + 1)


def value_extent(marks: Marks, path: Path, text: str) -> Extent:
    """The scalar at ``path``; for anything else, and for a null not written, its key's."""
    found, entry = _follow(marks, path)
    if found == len(path) and isinstance(entry, tuple) and len(entry) != 3:
        start, end = entry[-2:]
        if end > start:
            return _written(text, start, end)
    return key_extent(marks, path, text)


def key_extent(marks: Marks, path: Path, text: str) -> Extent:
    """The key that ends ``path``, or the last one that is there. For a list's item: the item if
    it is a scalar, its first key if it is a mapping, else its start. For nothing at all: the
    first thing written in the document."""
    found, entry = _follow(marks, path)
    if entry is None or (isinstance(entry, tuple) and not found and entry[0] == entry[1]):
        return _first_written(text)
    return _written(text, *entry[:2]) if isinstance(entry, tuple) else _start(entry)


def _written(text: str, start: int, end: int) -> Extent:
    """Without the line ends after it: a block scalar's end mark stands on the next key."""
    return start, start + len(text[start:end].rstrip())


def _follow(marks: Marks, path: Path) -> tuple[int, Any]:
    """How many keys of ``path`` are there, and the entry or item under the last one."""
    entry: Any = marks[1] if len(marks) > 1 else None
    for found, key in enumerate(path):
        child = _child(entry, key)
        if child is None:
            return found, entry
        entry = child
    return len(path), entry


def _child(entry: Any, key: str | int) -> Any:
    """The entry or item under ``key``; None where there is none."""
    inside = entry[2] if isinstance(entry, tuple) and len(entry) == 3 else entry
    if isinstance(inside, dict):
        return inside.get(key)
    if isinstance(inside, list) and isinstance(key, int) and 0 <= key < len(inside) - 1:
        return inside[key + 1]
    return None


def _start(marks: Marks) -> Extent:
    """The first key of a mapping, leaving out what a merge brought in from elsewhere; the first
    character of anything else."""
    if isinstance(marks, list):
        return marks[0], marks[0] + 1
    start = marks[None]
    keys = [entry[:2] for key, entry in marks.items() if key is not None and entry[0] >= start]
    return min(keys, default=(start, start + 1))


def _first_written(text: str) -> Extent:
    match = _LEAD.match(text)
    start = match.end() if match else 0
    return start, min(start + 1, len(text))
