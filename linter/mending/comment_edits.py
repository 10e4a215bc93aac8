"""Comments of a document's text rewritten or removed, touching no other byte."""

from collections.abc import Iterable
from itertools import pairwise

from linter.input.lines import LINE_BREAK
from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    from linter.row_types import EditRow


def edit_comments(text: str, first: int, edits: "Iterable[EditRow]") -> str:
    """``text``, which begins in line ``first`` (from 0) of its file, with its comments edited."""
    starts = [0, *(match.end() for match in LINE_BREAK.finditer(text)), len(text)]
    lines = [text[start:end] for start, end in pairwise(starts)]
    # From the end of a line, so that what stands before keeps its columns.
    for edit in sorted(edits, key=_place, reverse=True):
        if edit["op"] == "comment":
            at = edit["line"] - 1 - first
            lines[at] = _edit_line(lines[at], edit["column"], edit["end_column"], edit["text"])
    return "".join(lines)


def _place(edit: "EditRow") -> tuple[int, int]:
    return (edit["line"], edit["column"]) if edit["op"] == "comment" else (0, 0)


def _edit_line(line: str, column: int, end_column: int, text: str) -> str:
    """A line, with its end, in which a comment (columns from 1) becomes ``text``; nothing is left
    of a line that holds nothing else."""
    head, tail = line[: column - 1], line[end_column - 1 :]
    if text:
        return head + text + tail
    if tail.strip():
        return head + tail.lstrip()
    return head.rstrip() + tail.lstrip(" \t") if head.strip() else ""
