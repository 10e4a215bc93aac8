"""Where a YAML parser stopped, and what was open there.

The collections come from the events before the stop, the same ones that a document is built from.
"""

import re
from collections.abc import Iterator

from yaml.error import MarkedYAMLError, YAMLError
from yaml.events import CollectionEndEvent, CollectionStartEvent, ScalarEvent

from rules.composed import UnreadableError
from rules.events import parse
from rules.lazy_pattern import LazyPattern
from rules.record import NamedTuple
from rules.type_names import Any

CLOSERS = {"[": "]", "{": "}"}
_FLOW_TOKEN = LazyPattern(
    r'"(?:[^"\\]|\\.)*+"|(?<![^\s,\[{:])\'[^\']*+\'|(?<!\S)#[^\n]*+|[\[\]{}]', re.DOTALL
)


class ParserStop(NamedTuple):
    """Where a parser stopped: its words, the index it stopped at and the one it was at when it
    began with what it could not end; the collections open there, innermost last; the start and
    end of the value that came before, and the columns of the blocks that ended with it.
    """

    text: str
    words: str
    at: int
    begun: int | None
    opened: tuple[tuple[int, bool], ...]
    before: tuple[int, int] = (0, 0)
    ended: tuple[int, ...] = ()

    @property
    def char(self) -> str:
        return self.text[self.at : self.at + 1]

    @property
    def line(self) -> str:
        """The line that the parser stopped in."""
        return self.line_at(self.at)

    @property
    def start(self) -> int:
        """Where that line starts."""
        return self.line_start(self.at)

    @property
    def lead(self) -> str:
        """What stands before the place in its line."""
        return self.text[self.start : self.at]

    @property
    def bracket(self) -> int | None:
        """The innermost bracket or brace that is open; a pair in a list, as in ``[a: b]``, has
        none of its own."""
        if not self.opened or not self.opened[-1][1]:
            return None
        return next((at for at, _ in reversed(self.opened) if self.text[at] in CLOSERS), None)

    def line_at(self, index: int) -> str:
        end = self.text.find("\n", index)
        return self.text[self.line_start(index) : end if end >= 0 else len(self.text)]

    def line_start(self, index: int) -> int:
        return self.text.rfind("\n", 0, index) + 1

    def number(self, index: int) -> int:
        return self.text.count("\n", 0, index) + 1

    def column(self, index: int) -> int:
        return index - self.line_start(index)

    def written_before(self) -> int | None:
        """The start of the last line above that is not blank."""
        end = len(self.text[: self.start].rstrip())
        return self.line_start(end) if end else None


def read_stop(error: MarkedYAMLError, text: str) -> ParserStop:
    """Where and at what the parser stopped that raised ``error`` for ``text``."""
    mark, begun = error.problem_mark or error.context_mark, error.context_mark
    words = " ".join(str(part) for part in (error.problem, error.context) if part)
    stop = ParserStop(
        text, words, mark.index if mark else len(text), begun.index if begun else None, ()
    )
    opened: list[tuple[int, bool]] = []
    before, ended = (0, 0), list[int]()
    for event in _events_before(text):
        kind = type(event)
        if issubclass(kind, CollectionStartEvent):
            flow = bool(event.flow_style)  # it begins with its tag or anchor, if it has one
            opened.append((event.end_mark.index - 1 if flow else event.start_mark.index, flow))
            ended.clear()
        elif issubclass(kind, CollectionEndEvent):
            start, flow = opened.pop()
            before = start, event.end_mark.index
            ended += [] if flow else [stop.column(start)]
        elif kind is ScalarEvent:
            before = event.start_mark.index, event.end_mark.index
            ended.clear()
    return stop._replace(opened=tuple(opened), before=before, ended=tuple(ended))


def _events_before(text: str) -> Iterator[Any]:
    """The events up to where the parser stops."""
    try:
        yield from parse(text)
    except (YAMLError, ValueError, OverflowError, UnreadableError):
        return


def find_closer(text: str, start: int) -> tuple[int, str] | None:
    """Where the bracket at ``start`` is closed, or another one wrongly (then with what would be
    right); None where neither happens."""
    expected: list[str] = []
    for token in _FLOW_TOKEN.finditer(text, start):
        char = token[0]
        if char in CLOSERS:
            expected.append(CLOSERS[char])
        elif char in ("]", "}"):
            wanted = expected.pop()
            if char != wanted:
                return token.start(), wanted
            if not expected:
                return token.start(), ""
    return None
