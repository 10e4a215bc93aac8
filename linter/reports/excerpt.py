"""Lines of a source file with marks under them."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from linter.reports.terminal import escape, expand, paint, width

_BREAK = re.compile(r"\r\n|\n|\r")
_WORD = re.compile(r"""["']?[^\s"'\[\]{},#]*?["']?(?=:?(?:\s|$)|[\[\]{},])""")
_LONGEST = 120
"""Characters of a line that are shown; more are cut off around the mark."""
_CUT = "..."


class Mark(NamedTuple):
    """A piece of a file to point at. Lines and columns from 1, ends exclusive; without an end, the
    word that begins there. ``style`` is a severity for the piece in question."""

    line: int
    column: int
    end_line: int = 0
    end_column: int = 0
    label: str = ""
    primary: bool = False
    style: str = "frame"


class _Window(NamedTuple):
    """The part of a line that is shown: from which character, and each as it is shown."""

    start: int
    cells: list[str]
    cut_before: bool
    cut_after: bool

    def text(self) -> str:
        return _CUT * self.cut_before + "".join(self.cells) + _CUT * self.cut_after

    def offset(self, index: int) -> int:
        """The column (from 0) at which the line's character ``index`` is shown."""
        before = "".join(self.cells[: max(index - self.start, 0)])
        return len(_CUT) * self.cut_before + width(before)

    def holds(self, index: int) -> bool:
        return self.start <= index <= self.start + len(self.cells)


def split_lines(text: str) -> list[str]:
    """The lines of ``text`` as YAML counts them: they end with LF, CR LF or CR and nothing else."""
    return _BREAK.split(text.removeprefix("\ufeff"))


def draw(lines: Sequence[str], marks: Sequence[Mark], gutter: int, *, colour: bool) -> list[str]:
    """The excerpt that shows ``marks``, in lines; line numbers take ``gutter`` columns.

    Lines between two marks are left out, all but a single one.
    """
    edge = _edge(" " * gutter, colour=colour)
    drawn = [edge]
    last = 0
    for number in sorted({mark.line for mark in marks if mark.line <= len(lines)}):
        if last and number == last + 2:
            drawn.append(_numbered(last + 1, _window(lines[last], 0), gutter, colour=colour))
        elif last and number > last + 1:
            drawn.append(_CUT)
        here = [mark for mark in marks if mark.line == number]
        drawn += _draw_line(lines[number - 1], here, gutter, colour=colour)
        last = number
    return [line.rstrip() for line in [*drawn, edge]] if last else []


def _draw_line(line: str, marks: Sequence[Mark], gutter: int, *, colour: bool) -> Iterator[str]:
    """One line and its marks, the main one first; again for a mark that is not in sight."""
    window = None
    for mark in sorted(marks, key=lambda one: (not one.primary, one.column)):
        start, end = _bounds(line, mark)
        if window is None or not window.holds(start):
            window = _window(line, start)
            yield _numbered(mark.line, window, gutter, colour=colour)
        first = window.offset(start)
        length = max(window.offset(end) - first, 1)
        pointer = ("^" if mark.primary else "-") * length
        label = f" {escape(mark.label)}" if mark.label else ""
        under = " " * first + paint(pointer + label, mark.style, colour=colour)
        yield _edge(" " * gutter, colour=colour) + " " + under


def _bounds(line: str, mark: Mark) -> tuple[int, int]:
    """The characters of ``line``, from 0, that ``mark`` covers: of several lines the first."""
    start = min(mark.column - 1, len(line))
    if not mark.end_line:
        word = _WORD.match(line, start)
        return start, word.end() if word else start
    end = mark.end_column - 1 if mark.end_line == mark.line else len(line.rstrip())
    return start, max(min(end, len(line)), start)


def _window(line: str, focus: int) -> _Window:
    """What is shown of ``line``, the character ``focus`` in sight."""
    room = max(len(line) - _LONGEST, 0)
    start = min(max(focus - _LONGEST // 3, 0), room)
    return _Window(start, expand(line[start : start + _LONGEST]), start > 0, start < room)


def _numbered(number: int, window: _Window, gutter: int, *, colour: bool) -> str:
    return f"{_edge(str(number).rjust(gutter), colour=colour)} {window.text()}"


def _edge(text: str, *, colour: bool) -> str:
    return paint(f"{text} |", "frame", colour=colour)
