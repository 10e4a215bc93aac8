"""Reading ignore comments: ``# mlgate: ignore[TRN003] reason``."""

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator
from itertools import pairwise

from linter.input.documents import MARKER
from linter.input.lines import LINE_BREAK, split_lines
from rules.events import parse
from rules.lazy_pattern import LazyPattern
from rules.policy.ignores import Ignore, find_unknown
from rules.reader import Span
from rules.record import NamedTuple

COMMENT_SYNTAX = "# mlgate: ignore[CODE] reason"
_LOOK_ALIKE = f"this is no ignore, and ignores nothing; expected {COMMENT_SYNTAX}"

_PROPER = LazyPattern(r"#[ \t]*mlgate:[ \t]*ignore\b")
_IGNORE = LazyPattern(r"#[ \t]*mlgate:[ \t]*ignore[ \t]*\[([^\]]*)\](.*)", re.DOTALL)
_START = LazyPattern(
    r"#[ \t]{0,8}mlgate(?::[ \t]{0,8}(?=ignore\b)"
    r"|[ \t:=-]{1,8}(?:ignore|disable|skip|suppress|allow|noqa|nolint)"
    r"(?=(?:-[\w-]{0,20})?[ \t:=]{0,8}(?:[\[(]|[A-Z]{3}\d{3}\b)))"
)
"""An ignore, or what somebody took for one: another word, no colon, another bracket."""


class Comment(NamedTuple):
    """One ignore comment: where it stands, the line that it speaks of (None where none follows),
    and what it ignores there, its scope still empty. ``inside``: it is a part of some text."""

    span: Span
    target: int | None
    ignore: Ignore
    words: str = ""
    inside: bool = False

    def move(self, lines: int, columns: int = 0) -> "Comment":
        """The comment as the text around sees it, further down and to the right."""
        line, column, end_line, end_column = self.span
        span = Span(line + lines, column + columns, end_line + lines, end_column + columns)
        return self._replace(span=span, target=self.target and self.target + lines)

    def leave_out(self, codes: Collection[str]) -> str:
        """Its words without some of its codes; none where no code is left."""
        match = _IGNORE.fullmatch(self.words)
        left = [code for code in self.ignore.codes if code not in codes]
        if not left or match is None:
            return ""
        comma = ", " if ", " in match[1] else ","
        return f"{self.words[: match.start(1)]}{comma.join(left)}{self.words[match.end(1) :]}"


def may_hold_comments(text: str) -> bool:
    """Whether an ignore comment may stand in a text: a cheap question, asked of every document."""
    return MARKER in text and _START.search(text) is not None


def read_comments(text: str, known: Collection[str]) -> list[Comment]:
    """The ignore comments in the text of one YAML document, in order. ``known`` is what they may
    name. What stands inside quotes or a block of text is no comment.
    """
    starts = [match.start() for match in _START.finditer(text)] if MARKER in text else []
    if not starts:
        return []
    lines = split_lines(text)
    ends = [0, *(match.end() for match in LINE_BREAK.finditer(text))]
    scalars = list(_scalars(text))
    targets = _find_targets(lines)
    found = []
    for start, after in pairwise([*starts, len(text)]):
        # Scripts in block scalars hold lines that look like comments: they are text.
        inside = bisect_right(scalars, (start, len(text))) - 1
        if inside >= 0 and start < scalars[inside][1]:
            continue
        index = bisect_right(ends, start) - 1
        # A second ignore on the line ends the reason of the first.
        first, last = start - ends[index], min(after - ends[index], len(lines[index]))
        words = lines[index][first:last].rstrip()
        span = Span(index + 1, first + 1, index + 1, first + len(words) + 1)
        found.append(Comment(span, targets[index], _read_words(words, known), words))
    return found


def _scalars(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each scalar's text, in order. A comment may follow a block's ``|``."""
    for event in parse(text):
        kind = type(event).__name__
        # What follows in the text belongs to no document that is read.
        if kind == "DocumentEndEvent":
            return
        if kind != "ScalarEvent":
            continue
        start, end = event.start_mark.index, event.end_mark.index
        header = LINE_BREAK.search(text, start, end) if event.style in {"|", ">"} else None
        yield (header.end() if header else start), end


def _find_targets(lines: list[str]) -> list[int | None]:
    """For each line, the line (from 1) that a comment in it speaks of: its own, or the first one
    below that is no comment. A blank line between breaks the bond."""
    targets: list[int | None] = []
    below: int | None = None
    for number in range(len(lines), 0, -1):
        line = lines[number - 1]
        # A comment after --- stands above the object, as one on a line of its own does.
        words = line.removeprefix("---").strip()
        if words and not words.startswith("#"):
            below = number
        elif not words and not line.startswith("---"):
            below = None
        targets.append(below)
    return targets[::-1]


def _read_words(words: str, known: Collection[str]) -> Ignore:
    match = _IGNORE.fullmatch(words)
    names = match[1].split(",") if match else ()
    codes = tuple(dict.fromkeys(name.strip() for name in names if name.strip()))
    reason = match[2].strip() if match else ""
    proper = _PROPER.match(words) is not None
    problem = _find_problem(codes, known) if proper else _LOOK_ALIKE
    return Ignore(codes, reason, problem=problem)


def _find_problem(codes: tuple[str, ...], known: Collection[str]) -> str | None:
    if not codes:
        return f"an ignore without a rule's code; expected {COMMENT_SYNTAX}"
    if any("*" in code for code in codes):
        return f"an ignore names its rules one by one, * is none; expected {COMMENT_SYNTAX}"
    unknown = find_unknown(codes, known)
    return unknown and f"there is no rule '{unknown}'{_suggest(unknown, known)}"


def _suggest(code: str, known: Collection[str]) -> str:
    from rules.wording import suggestion

    return suggestion(code, tuple(known))
