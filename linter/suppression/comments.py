"""Reading ignore comments: ``# mlgate: ignore[TRN003] reason``."""

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator
from itertools import pairwise
from typing import NamedTuple

from linter.input.documents import MARKER
from rules.events import parse

EXPECTED = "expected # mlgate: ignore[CODE] reason"

_START = re.compile(r"#[ \t]{0,8}mlgate:[ \t]{0,8}(?=ignore\b)")
_IGNORE = re.compile(r"ignore[ \t]*\[([^\]]*)\](.*)", re.DOTALL)
_BREAK = re.compile(r"\r\n|\n|\r")


class Comment(NamedTuple):
    """One ignore comment: where it stands (line and columns from 1, end exclusive), the line that
    it speaks of (None where none follows), the ``codes`` that it names, and why. ``problem`` says
    what is wrong with it: it then ignores nothing.
    """

    line: int
    column: int
    end_column: int
    target: int | None
    codes: tuple[str, ...]
    reason: str
    problem: str | None = None

    def move(self, lines: int, columns: int = 0) -> "Comment":
        """The comment as the text around sees it, further down and to the right."""
        return self._replace(
            line=self.line + lines,
            column=self.column + columns,
            end_column=self.end_column + columns,
            target=self.target and self.target + lines,
        )


def read_comments(text: str, known: Collection[str]) -> list[Comment]:
    """The ignore comments in the text of one YAML document, in order. ``known`` is what they may
    name. What stands inside quotes or a block of text is no comment.
    """
    if MARKER not in text:
        return []
    lines = split_lines(text)
    ends = [0, *(match.end() for match in _BREAK.finditer(text))]
    scalars = list(_scalars(text))
    targets = _find_targets(lines)
    found = []
    starts = [match.start() for match in _START.finditer(text)]
    for start, after in pairwise([*starts, len(text)]):
        inside = bisect_right(scalars, (start, len(text))) - 1
        if inside >= 0 and start < scalars[inside][1]:
            continue
        index = bisect_right(ends, start) - 1
        first, last = start - ends[index], min(after - ends[index], len(lines[index]))
        words = lines[index][first:last].rstrip()
        codes, reason, problem = _read_words(words, known)
        span = (index + 1, first + 1, first + len(words) + 1)
        found.append(Comment(*span, targets[index], codes, reason, problem))
    return found


def split_lines(text: str) -> list[str]:
    """The lines of ``text`` as YAML counts them."""
    return _BREAK.split(text)


def _scalars(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each scalar's text, in order. A comment may follow a block's ``|``."""
    for event in parse(text):
        kind = type(event).__name__
        if kind == "DocumentEndEvent":
            return
        if kind != "ScalarEvent":
            continue
        start, end = event.start_mark.index, event.end_mark.index
        header = _BREAK.search(text, start, end) if event.style in {"|", ">"} else None
        yield (header.end() if header else start), end


def _find_targets(lines: list[str]) -> list[int | None]:
    """For each line, the line (from 1) that a comment in it speaks of: its own, or the first one
    below that is no comment. A blank line between breaks the bond."""
    targets: list[int | None] = []
    below: int | None = None
    for number in range(len(lines), 0, -1):
        line = lines[number - 1]
        words = line.removeprefix("---").strip()
        if words and not words.startswith("#"):
            below = number
        elif not words and not line.startswith("---"):
            below = None
        targets.append(below)
    return targets[::-1]


def _read_words(words: str, known: Collection[str]) -> tuple[tuple[str, ...], str, str | None]:
    """The codes of a comment, its reason, and what is wrong with it."""
    match = _IGNORE.fullmatch(words.partition(MARKER)[2].strip())
    if match is None:
        return (), "", f"an ignore without a rule's code; {EXPECTED}"
    codes = tuple(code.strip() for code in match[1].split(",") if code.strip())
    reason = match[2].strip()
    if not codes:
        return (), reason, f"an ignore without a rule's code; {EXPECTED}"
    if any("*" in code for code in codes):
        return codes, reason, f"an ignore names its rules one by one, * is none; {EXPECTED}"
    unknown = next((code for code in codes if code not in known), None)
    if unknown is None:
        return codes, reason, None
    return codes, reason, f"there is no rule '{unknown}'{_suggest(unknown, known)}"


def _suggest(code: str, known: Collection[str]) -> str:
    from rules.policy.shapes import suggestion

    return suggestion(code, tuple(known))
