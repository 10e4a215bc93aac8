"""What each fix changes in its file's text, for editors and programs that apply it themselves."""

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby, takewhile

from linter.mending.mending import fix_document
from rules.credentials import hide
from rules.reader import Document, read
from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    from linter.row_types import FindingRow, TextEditRow


def add_text_edits(
    rows: "Iterable[FindingRow]", read_text: Callable[[str], str]
) -> "Iterator[FindingRow]":
    """The rows, which come file by file, the fix of each with its ``text``: the replacements, in
    order, that make it alone.

    ``read_text`` gives the text of a file, byte order mark and all, and raises OSError, or
    UnicodeDecodeError where it is none any more. A fix that cannot be spliced, or whose text would
    show a credential, gets none.
    """
    for file, group in groupby(rows, lambda row: row["file"]):
        of_one = list(group)
        fixable = [row for row in of_one if row["fix"]]
        text = _read_for(fixable, file, read_text)
        if text is not None:
            _add_to_file(text, fixable)
        yield from of_one


def _read_for(
    fixable: "list[FindingRow]", file: str, read_text: Callable[[str], str]
) -> str | None:
    """The text of a file that has something to fix; None where it cannot be read."""
    try:
        return read_text(file) if fixable else None
    except (OSError, UnicodeDecodeError):
        return None


def _add_to_file(text: str, rows: "list[FindingRow]") -> None:
    by_document: dict[int, list[FindingRow]] = {}
    for row in rows:
        by_document.setdefault(row["document"], []).append(row)
    positions = TextPositions(text)
    for document in read(text):
        if isinstance(document, Document) and document.number in by_document:
            start = positions.find_line(document.line)
            for row in by_document[document.number]:
                _add_to_row(row, document, text.find(document.text, start), positions)


def _add_to_row(
    row: "FindingRow", document: Document, start: int, positions: "TextPositions"
) -> None:
    fix = row["fix"]
    outcome = fix_document(document, [row])
    if fix is None or not outcome.fixed or start < 0:
        return
    changes = list(_compare(outcome.before, outcome.after))
    if all(hide(text) == text for _, _, text in changes):
        fix["text"] = [
            positions.locate(start + begin, start + end, text) for begin, end, text in changes
        ]


def _compare(before: str, after: str) -> Iterator[tuple[int, int, str]]:
    """Spans of ``before`` and what takes their place: whole lines, from a line's first character
    that differs to its last."""
    from difflib import SequenceMatcher

    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            yield _trim(before, starts[i], starts[j], "".join(new[k:m]))


def _trim(before: str, start: int, end: int, text: str) -> tuple[int, int, str]:
    """The span without what it has in common with its replacement at both ends."""
    same = _count_common(before[start:end], text)
    start, text = start + same, text[same:]
    same = _count_common(before[start:end][::-1], text[::-1])
    return start, end - same, text[: len(text) - same]


def _count_common(one: str, other: str) -> int:
    """How many characters both begin with."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


class TextPositions:
    """Lines, columns and bytes of a text by the offset of a character."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0]
        self._bytes = [0]
        """By line, how many bytes stand before it."""
        while (end := text.find("\n", self._starts[-1])) >= 0:
            self._bytes.append(self._bytes[-1] + self._measure(self._starts[-1], end + 1))
            self._starts.append(end + 1)

    def find_line(self, line: int) -> int:
        """Where line ``line`` (from 0) begins."""
        return self._starts[line]

    def locate(self, start: int, end: int, text: str) -> "TextEditRow":
        """The replacement of a span; lines and columns from 1, bytes of UTF-8 from 0."""
        line, column = self._find(start)
        end_line, end_column = self._find(end)
        return {
            "line": line,
            "column": column,
            "end_line": end_line,
            "end_column": end_column,
            "byte": self._count_bytes(start),
            "end_byte": self._count_bytes(end),
            "text": text,
        }

    def _find(self, offset: int) -> tuple[int, int]:
        from bisect import bisect_right

        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def _count_bytes(self, offset: int) -> int:
        line, _ = self._find(offset)
        return self._bytes[line - 1] + self._measure(self._starts[line - 1], offset)

    def _measure(self, start: int, end: int) -> int:
        return len(self._text[start:end].encode("utf-8"))
