"""Lines of a source file with labels under them."""

from collections.abc import Iterator, Sequence

from linter.reports.terminal import escape, expand_line, paint, width
from rules.lazy_pattern import LazyPattern
from rules.record import NamedTuple

_WORD = LazyPattern(r"""["']?[^\s"'\[\]{},#]*?["']?(?=:?(?:\s|$)|[\[\]{},])""")
_LONGEST = 120
"""Characters of a line that are shown; more are cut off around the label."""
_CUT = "..."


class Label(NamedTuple):
    """A piece of a file to point at. Lines and columns from 1, ends exclusive; without an end, the
    word that begins there. ``style`` is a severity for the piece in question."""

    line: int
    column: int
    end_line: int = 0
    end_column: int = 0
    message: str = ""
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


def draw(lines: Sequence[str], labels: Sequence[Label], gutter: int, *, colour: bool) -> list[str]:
    """The excerpt that shows ``labels``, in lines; line numbers take ``gutter`` columns.

    Lines between two labels are left out, all but a single one.
    """
    edge = _edge(" " * gutter, colour=colour)
    drawn = [edge]
    last = 0
    for number in sorted({label.line for label in labels if label.line <= len(lines)}):
        if last and number == last + 2:
            drawn.append(_numbered(last + 1, _window(lines[last], 0), gutter, colour=colour))
        elif last and number > last + 1:
            drawn.append(_CUT)
        here = [label for label in labels if label.line == number]
        drawn += _draw_line(lines[number - 1], here, gutter, colour=colour)
        last = number
    return [line.rstrip() for line in [*drawn, edge]] if last else []


def _draw_line(line: str, labels: Sequence[Label], gutter: int, *, colour: bool) -> Iterator[str]:
    """One line and its labels, the main one first; again for a label that is not in sight."""
    window = None
    # The main label decides which part of a long line is shown.
    for label in sorted(labels, key=lambda one: (not one.primary, one.column)):
        start, end = _bounds(line, label)
        if window is None or not window.holds(start):
            window = _window(line, start)
            yield _numbered(label.line, window, gutter, colour=colour)
        first = window.offset(start)
        # A mark of no width would not be seen: a value that is missing has none.
        length = max(window.offset(end) - first, 1)
        pointer = ("^" if label.primary else "-") * length
        message = f" {escape(label.message)}" if label.message else ""
        under = " " * first + paint(pointer + message, label.style, colour=colour)
        yield _edge(" " * gutter, colour=colour) + " " + under


def _bounds(line: str, label: Label) -> tuple[int, int]:
    """The characters of ``line``, from 0, that ``label`` covers: of several lines the first."""
    start = min(label.column - 1, len(line))
    if not label.end_line:
        word = _WORD.match(line, start)
        return start, word.end() if word else start
    end = label.end_column - 1 if label.end_line == label.line else len(line.rstrip())
    return start, max(min(end, len(line)), start)


def _window(line: str, focus: int) -> _Window:
    """What is shown of ``line``, the character ``focus`` in sight."""
    room = max(len(line) - _LONGEST, 0)
    # A third before the mark, two behind: the value reads on to the right.
    start = min(max(focus - _LONGEST // 3, 0), room)
    return _Window(start, expand_line(line[start : start + _LONGEST]), start > 0, start < room)


def _numbered(number: int, window: _Window, gutter: int, *, colour: bool) -> str:
    return f"{_edge(str(number).rjust(gutter), colour=colour)} {window.text()}"


def _edge(text: str, *, colour: bool) -> str:
    return paint(f"{text} |", "frame", colour=colour)
