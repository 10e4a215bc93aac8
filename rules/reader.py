"""YAML text to documents, as Kubernetes reads it.

Sources: ``k8s.io/apimachinery/pkg/util/yaml`` (documents are split at ``---`` lines before they
are parsed, JSON is tried first where the text begins with a brace) and ``sigs.k8s.io/yaml`` on
``go.yaml.in/yaml/v2`` (of each such text the first YAML document counts; scalars, merges and
duplicate keys: rules/scalars.py and rules/composer.py).
"""

from collections.abc import Iterator
from itertools import pairwise

from rules.composed import Composed, Limits, UnreadableError
from rules.composition import compose
from rules.encoding import ReadError, decode
from rules.lazy_pattern import LazyPattern
from rules.marks import Extent, Marks, Position, Span, key_extent, position, value_extent
from rules.paths import Path, dig
from rules.record import NamedTuple

__all__ = [
    "Document", "Duplicate", "Limits", "Part", "Position", "ReadError", "Span", "Unreadable",
    "decode", "divide", "read",
]  # fmt: skip

_SPACE = " \t\r\n"
_AFTER_SEPARATOR = {"", *_SPACE}
_NOTHING = LazyPattern(r"[ \t\r\n]*+(?:---[ \t\r]*+(?:\n[ \t\r\n]*+|\Z))*+\Z")
# Not possessive, which changes no answer: Python 3.11.2, Debian 12's, goes wrong with such groups.
_EMPTY = LazyPattern(r"(?:---[ \t\r\n]*\n(?=---[ \t\r\n]))+")
# A carriage return is read in one way only: two ways for each line would be 2^lines for all.
_DIRECTIVES = LazyPattern(r"(?:[ \t]*(?:#[^\n]*|\r?)\n|%[^\n]*\n)*\Z")
_LITERAL = LazyPattern(r"(?:[!&]\S*\s+)*\|[^\n]*\n")


class Duplicate(NamedTuple):
    """A key set twice in one mapping, and the place of the second key; ``merged``: by a merge key
    (``<<``), which stands there then."""

    path: Path
    span: Span
    merged: bool = False


class Unreadable(NamedTuple):
    """A document that cannot be read: its number (from 0), where in the file (from 1), and why."""

    number: int
    line: int
    column: int
    reason: str


class Part(NamedTuple):
    """One document's part of a text, which can be read by itself: its text, and how many lines and
    documents stand before it."""

    text: str
    line: int = 0
    number: int = 0


class _Frame(NamedTuple):
    """Where a text lies in its file: its first line (from 0), how far that line and all lines are
    moved to the right; or the one span that stands for all of it."""

    line: int = 0
    column: int = 0
    indent: int = 0
    whole: Span | None = None

    def span(self, text: str, extent: Extent) -> Span:
        if self.whole is not None:
            return self.whole
        return Span(*self._place(text, extent[0]), *self._place(text, extent[1]))

    def inner(self, text: str, index: int, indent: int = 0) -> "_Frame":
        """The frame of a text that begins at ``text[index]``."""
        if self.whole is not None:
            return self
        line, column = position(text, index)
        first = self.column if line == 1 else 0
        return _Frame(self.line + line - 1, first + column - 1, self.indent + indent)

    def _place(self, text: str, index: int) -> Position:
        line, column = position(text, index)
        first = self.column if line == 1 else 0
        return Position(self.line + line, self.indent + first + column)


class Document:
    """One YAML document: its value, and where everything in it stands.

    ``number`` counts from 0 within the text that was read, ``line`` is the line of the file, from
    0, where ``text`` starts (a ``---`` line belongs to the document it opens), ``value`` is plain
    dicts, lists and scalars, None for a document of comments only.
    """

    __slots__ = ("_frame", "_limits", "_marks", "duplicates", "number", "text", "value")

    def __init__(
        self, number: int, text: str, composed: Composed, frame: _Frame, limits: Limits
    ) -> None:
        self.number = number
        self.text = text
        self.value = composed.value
        self.duplicates: tuple[Duplicate, ...] = ()
        if composed.duplicates:
            self.duplicates = tuple(
                Duplicate(one.path, frame.span(text, one.extent), one.merged)
                for one in composed.duplicates
            )
        self._marks: Marks = composed.marks
        self._frame = frame
        self._limits = limits

    @property
    def line(self) -> int:
        return self._frame.line

    def span(self, path: Path) -> Span:
        """Where the scalar at ``path`` stands. For a mapping, a list, or a null that is not
        written: its key. For what does not exist: the nearest parent's key."""
        return self._frame.span(self.text, value_extent(self._marks, path, self.text))

    def key_span(self, path: Path) -> Span:
        """Where the key of ``path`` stands, or the nearest parent's. The key of a list's item is
        the item, or the item's first key."""
        return self._frame.span(self.text, key_extent(self._marks, path, self.text))

    def written(self, path: Path) -> str:
        """The text of the scalar at ``path`` as it stands, quotes and all."""
        start, end = value_extent(self._marks, path, self.text)
        return self.text[start:end]

    def embedded(self, path: Path) -> list["Document | Unreadable"]:
        """The YAML documents in the string at ``path``; none where there is no string.

        Their spans are lines and columns of this document's file: exact where the string is a
        literal block (``|``), otherwise the span of the whole string.
        """
        value = dig(self.value, path)
        if not isinstance(value, str):
            return []
        return list(_documents(value, self._limits, self._frame_within(path, value)))

    def _frame_within(self, path: Path, value: str) -> _Frame:
        start, end = value_extent(self._marks, path, self.text)
        header = _LITERAL.match(self.text, start, end)
        if header is None:
            span = self._frame.span(self.text, (start, end))
            return _Frame(span.line - 1, whole=span)
        return self._frame.inner(self.text, header.end(), _indent(self.text, header.end(), value))


def read(text: str, limits: Limits = Limits()) -> Iterator[Document | Unreadable]:  # noqa: B008
    """Yield the documents of ``text`` in order, each that cannot be read as ``Unreadable``.

    Documents are split at lines that begin with ``---``, so that neither anchors nor errors reach
    from one into the next. Comments alone are a document whose value is None; nothing at all
    between two separators is none, as in ``kubectl``. A text without any document yields one.
    """
    return read_one(Part(text.removeprefix("\ufeff")), limits)


def read_one(part: Part, limits: Limits = Limits()) -> Iterator[Document | Unreadable]:  # noqa: B008
    """The same of a part of a text, with the numbers and lines that they have in all of it."""
    return _documents(part.text, limits, _Frame(part.line), part.number)


def divide(text: str) -> Iterator[Part]:
    """The documents of a text, each as a part; all of it where it may be a stream of JSON objects,
    which nothing stands between."""
    text = text.removeprefix("\ufeff")
    if text.lstrip(_SPACE).startswith("{"):
        yield Part(text)
        return
    start = line = number = 0
    for end in _ends(text):
        piece = text[start:end]
        if not _is_nothing(piece):
            yield Part(piece, line, number)
            number += 1
        line += position(piece, len(piece)).line - 1
        start = end


def _documents(
    text: str, limits: Limits, frame: _Frame, first: int = 0
) -> Iterator[Document | Unreadable]:
    number, start = first, 0
    piece, at = "", frame
    for end in _ends(text):
        if start:
            at = at.inner(piece, len(piece))
        piece = text[start:end]
        if not _is_nothing(piece):
            for document in _compose(piece, number, limits, at):
                yield document
                number += 1
        start = end
    if number == first:
        yield Document(number, text, Composed(), frame, limits)


def _is_nothing(piece: str) -> bool:
    """Whether only line ends and marks of documents stand in a piece."""
    return not piece.strip(" \t\r\n-") and _NOTHING.match(piece) is not None


def _ends(text: str) -> Iterator[int]:
    """Where the pieces of ``text`` end: before each line that begins with ``---``.

    ``kubectl`` refuses ``--- 1`` and ``---x``; here the first opens a document and the second is
    text, as in YAML. Directives stay with the document that they announce.
    """
    start = 0
    separator = text.find("\n---")
    while separator >= 0:
        cut = separator + 1
        if text[cut + 3 : cut + 4] in _AFTER_SEPARATOR and not _announces(text, start, cut):
            yield cut
            start = cut
        run = _EMPTY.match(text, cut)
        separator = text.find("\n---", run.end() - 1 if run else cut)
    yield len(text)


def _announces(text: str, start: int, end: int) -> bool:
    """Whether only directives stand there, such as ``%YAML 1.1``."""
    return text.find("%", start, end) >= 0 and bool(_DIRECTIVES.fullmatch(text, start, end))


def _compose(
    text: str, number: int, limits: Limits, frame: _Frame
) -> Iterator[Document | Unreadable]:
    """The document in ``text``; several where it is a stream of JSON objects."""
    try:
        composed = compose(text, limits)
    except UnreadableError as error:
        yield _refuse(error, text, number, frame)
        return
    ends = _object_ends(text, composed.end)
    if len(ends) < 2:
        yield Document(number, text, composed, frame, limits)
        return
    for start, end in pairwise((0, *ends)):
        piece = text[start:end]
        yield from _compose(piece, number, limits, frame)
        frame = frame.inner(piece, len(piece))
        number += 1


def _refuse(error: UnreadableError, text: str, number: int, frame: _Frame) -> Unreadable:
    span, reason = frame.span(text, (error.index, error.index)), error.reason
    if error.other is not None:
        line = frame.span(text, (error.other, error.other)).line
        reason = reason.replace("{line}", str(line))
    return Unreadable(number, span.line, span.column, reason)


def _object_ends(text: str, end: int) -> list[int]:
    """Where the objects of a JSON stream end, and what follows them that is no JSON.

    ``kubectl`` reads objects that follow each other without ``---``, as ``jq`` writes them, while
    in YAML what follows the first, which ends at ``end``, would not be read.
    """
    if not text.startswith("{", end) or not text.lstrip(_SPACE).startswith("{"):
        return []
    from rules.json_stream import json_objects  # noqa: PLC0415 - few texts are JSON

    ends = json_objects(text)
    if ends and not text[ends[-1] :].strip(_SPACE):
        ends.pop()
    return [*ends, len(text)]


def _indent(text: str, start: int, value: str) -> int:
    """How far the lines of a literal block, which begins at ``start``, stand to the right."""
    for line in value.split("\n"):
        end = text.find("\n", start)
        written = text[start : end if end >= 0 else len(text)].rstrip("\r")
        if line:
            return len(written) - len(line)
        start += len(written) + 1
    return 0
