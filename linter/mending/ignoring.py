"""``--add-ignore``: comments that ignore a run's findings, written into the files' texts.

A comment goes to the end of the finding's line, or above it where the line would get too long. What
stands in the middle of a text of several lines is ignored on the line that the text begins in.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from linter.input.lines import LINE_BREAK
from linter.mending.mending import Outcome, Refusal, refuse_all
from rules.edits import same
from rules.events import parse
from rules.lazy_pattern import LazyPattern
from rules.reader import Document, read
from rules.record import NamedTuple
from rules.type_names import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linter.row_types import FindingRow

NEVER_IGNORED = frozenset({"MLG001", "MLG003", "MLG004", "MLG005", "MLG006"})
"""What cannot be read or has crashed, and what is wrong with ignores themselves."""

_LONGEST = 100
"""Characters of a line up to which a comment is put behind what stands there."""
_JSON = "JSON has no comments: write the annotation mlgate.dev/ignore"
_CHANGED = "the text would not read as before with a comment there"
_OWN = LazyPattern(r"# mlgate: ignore\[([^\]]*)\] (.*)$")


class _Scalar(NamedTuple):
    """A text of a document: where it begins, and from where to where no comment is one."""

    start: int
    body: int
    end: int


def ignore_findings(
    texts: Mapping[str, str], rows: "Iterable[FindingRow]", reason: str
) -> dict[str, Outcome]:
    """The files of ``texts`` (name and text) with a comment for each of ``rows``: its ``fixed`` are
    the rows that have one now. A text that would read otherwise stays as it was."""
    by_file: dict[str, list[FindingRow]] = {}
    for row in rows:
        by_file.setdefault(row["file"], []).append(row)
    return {file: _ignore_in(text, by_file.get(file, []), reason) for file, text in texts.items()}


def _ignore_in(text: str, rows: "list[FindingRow]", reason: str) -> Outcome:
    if not rows:
        return Outcome(text, text)
    if text.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
        return Outcome(text, text, (), tuple(Refusal(row, _JSON) for row in rows))
    page = _Page(text)
    codes: dict[int, set[str]] = {}
    for row in rows:
        codes.setdefault(page.find_line(row["line"] - 1), set()).add(row["rule"])
    for line in sorted(codes, reverse=True):  # from the end, so that lines keep their numbers
        page.comment(line, sorted(codes[line]), reason)
    outcome = Outcome(text, page.export(), tuple(rows))
    return outcome if _reads_alike(text, outcome.after) else refuse_all(outcome, _CHANGED)


def _reads_alike(before: str, after: str) -> bool:
    old, new = list(_values(before)), list(_values(after))
    return len(old) == len(new) and all(map(same, old, new))


def _values(text: str) -> Iterator[Any]:
    return (one.value if isinstance(one, Document) else one.reason for one in read(text))


class _Page:
    """A text by its lines (from 0), and where its scalars stand."""

    def __init__(self, text: str) -> None:
        ends = [match.end() for match in LINE_BREAK.finditer(text)]
        self._starts = [0, *ends]
        self._lines = [text[a:b] for a, b in pairwise([*self._starts, len(text)])]
        self._scalars = sorted(_find_scalars(text))

    def find_line(self, line: int) -> int:
        """The line at whose end a comment speaks of ``line``, or of the text around it."""
        while True:
            around = self._find_around(self._starts[line])
            if around is None:
                return line
            line = bisect_right(self._starts, around.start) - 1

    def _find_around(self, index: int) -> _Scalar | None:
        """The text in the middle of which a place is."""
        at = bisect_right(self._scalars, (index, -1, -1)) - 1
        found = self._scalars[at] if at >= 0 else None
        return found if found is not None and found.start < index < found.end else None

    def comment(self, line: int, codes: list[str], reason: str) -> None:
        """Write an ignore of ``codes`` for a line: into one of this reason, behind it or above."""
        for number in (line, line - 1):
            if number >= 0 and self._join(number, codes, reason, alone=number != line):
                return
        words = f"# mlgate: ignore[{','.join(codes)}] {reason}"
        body = self._lines[line].rstrip("\r\n")
        end = self._lines[line][len(body) :]
        body = body.rstrip()
        if self._ends_inside(line) or len(body) + len(words) + 2 > _LONGEST:
            # An empty line end is the file's last: the line above needs one of its own.
            indent = body[: len(body) - len(body.lstrip())]
            self._lines[line] = f"{indent}{words}{end or self._guess_end()}{self._lines[line]}"
        else:
            self._lines[line] = f"{body}  {words}{end}"

    def _join(self, number: int, codes: list[str], reason: str, *, alone: bool) -> bool:
        """Add codes to an ignore of this reason that is there."""
        line = self._lines[number]
        body = line.rstrip("\r\n")
        match = _OWN.search(body)
        if (
            match is None
            or match[2].rstrip(" \t") != reason
            or (alone and body[: match.start()].strip())
        ):
            return False
        known = [code.strip() for code in match[1].split(",")]
        joined = ",".join(dict.fromkeys([*known, *codes]))
        self._lines[number] = body[: match.start(1)] + joined + line[match.end(1) :]
        return True

    def _ends_inside(self, line: int) -> bool:
        """Whether a line ends in the middle of a text, where a comment is none."""
        end = self._starts[line] + len(self._lines[line].rstrip("\r\n"))
        at = bisect_right(self._scalars, (end, -1, -1)) - 1
        return at >= 0 and self._scalars[at].body <= end < self._scalars[at].end

    def _guess_end(self) -> str:
        return "\r\n" if self._lines[0].endswith("\r\n") else "\n"

    def export(self) -> str:
        return "".join(self._lines)


def _find_scalars(text: str) -> Iterator[_Scalar]:
    """The scalars of all documents that can be read."""
    at = 0
    for document in read(text):
        if not isinstance(document, Document):
            continue
        at = text.find(document.text, at)
        yield from (
            _Scalar(at + start, at + body, at + end) for start, body, end in _scan(document.text)
        )
        at += len(document.text)


def _scan(text: str) -> Iterator[tuple[int, int, int]]:
    for event in parse(text):
        kind = type(event).__name__
        if kind == "DocumentEndEvent":
            return
        if kind == "ScalarEvent":
            start, end = event.start_mark.index, event.end_mark.index
            block = event.style in {"|", ">"}
            header = LINE_BREAK.search(text, start, end) if block else None
            yield start, (header.end() if header else start), end
