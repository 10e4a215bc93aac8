"""Which findings ignore comments suppress, and which comments suppress nothing.

A comment speaks of its own line or, alone on a line, of the next one. On the first line of an
object it speaks of the whole object; in an embedded manifest (a literal block) it speaks of that
manifest alone. docs/suppression.md tells it to users.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from linter.input.documents import MARKER
from rules.paths import Path
from rules.reader import Document, Span

if TYPE_CHECKING:
    from linter.row_types import FindingRow
    from linter.suppression.comments import Comment

_CRASHED = "MLG005"
"""A crashed rule has not passed: nothing ignores that."""


class Complaint(NamedTuple):
    """Something to report about a comment: the rule (MLG003, MLG004), and the path of the object
    that it stands in."""

    code: str
    message: str
    span: Span
    prefix: Path


class _Scope(NamedTuple):
    """A comment, the paths below which it covers every finding and, if it stands in an embedded
    manifest, where: the string's path, the manifest's first line and the one after its last.
    ``whole``: it covers all of that manifest."""

    comment: "Comment"
    paths: tuple[Path, ...] = ()
    inside: tuple[Path, int, int] | None = None
    whole: bool = False

    @property
    def places(self) -> Iterator[int | Path]:
        """The lines and paths by one of which a finding that it covers is known."""
        if self.comment.problem is not None:
            return
        if self.comment.target is not None:
            yield self.comment.target
        yield from self.paths
        if self.inside is not None:
            yield self.inside[0]

    def covers(self, row: "FindingRow") -> bool:
        touched = _touches(self.comment.target, row)
        if self.inside is None:
            return touched or any(row["path"][: len(one)] == one for one in self.paths)
        string, first, end = self.inside
        if row["embedded"] is None or row["path"] != string:
            return False
        return touched or (self.whole and first <= row["line"] < end)


class Ignores:
    """The ignore comments of one document."""

    def __init__(self, scopes: Iterable[_Scope], objects: list[tuple[int, Path]]) -> None:
        self._scopes = list(scopes)
        self._by_place: dict[int | Path, list[int]] = {}
        for index, scope in enumerate(self._scopes):
            for place in scope.places:
                self._by_place.setdefault(place, []).append(index)
        self._objects = objects
        self._used: set[tuple[int, str]] = set()

    def covers(self, row: "FindingRow") -> bool:
        """Whether a finding of this document, as a row of the report, is ignored. The comments
        that ignore it count as used from then on."""
        if row["rule"] == _CRASHED:
            return False
        names = {row["rule"], f"{row['rule']}/{row['form']}"}
        used = {
            (index, code)
            for place in _places(row)
            for index in self._by_place.get(place, ())
            for code in names.intersection(self._scopes[index].comment.codes)
            if self._scopes[index].covers(row)
        }
        self._used |= used
        return bool(used)

    def complaints(self, judged: Collection[str]) -> Iterator[Complaint]:
        """What is wrong with the comments, once ``covers`` has seen every finding. ``judged`` are
        the codes of the rules that ran: an ignore of another one may well be needed."""
        from linter.suppression.comments import EXPECTED

        for index, scope in enumerate(self._scopes):
            comment = scope.comment
            if comment.problem is not None:
                yield self._complain("MLG003", comment.problem, comment)
                continue
            for code in comment.codes:
                if (index, code) not in self._used and code.partition("/")[0] in judged:
                    text = f"the ignore of {code} suppresses nothing"
                    yield self._complain("MLG003", text, comment)
            if not comment.reason:
                text = f"the ignore of {', '.join(comment.codes)} gives no reason; {EXPECTED}"
                yield self._complain("MLG004", text, comment)

    def _complain(self, code: str, message: str, comment: "Comment") -> Complaint:
        span = Span(comment.line, comment.column, comment.line, comment.end_column)
        place = comment.target or comment.line
        around = bisect_right(self._objects, place, key=itemgetter(0)) - 1
        return Complaint(code, message, span, self._objects[max(around, 0)][1])


def read_ignores(
    document: Document, objects: Iterable[Path], strings: Iterable[Path], known: Collection[str]
) -> Ignores | None:
    """The ignore comments of a document; None where it has none.

    ``objects`` are the paths of its objects, at least one, ``strings`` those of the texts in which
    manifests are embedded; ``known`` is what a comment may name (``rules.policy.known_codes``).
    """
    if MARKER not in document.text:
        return None
    from linter.suppression.comments import read_comments

    strings = list(strings)
    placed = [(document.key_span(path).line, path) for path in objects]
    placed.sort(key=itemgetter(0))
    firsts = [*placed, *((document.span(path).line, path) for path in strings)]
    scopes = []
    for found in read_comments(document.text, known):
        comment = found.move(document.line)
        whole = tuple(path for line, path in firsts if line == comment.target)
        scopes.append(_Scope(comment, whole))
    for path in strings:
        scopes += _read_embedded(document, path, known)
    scopes.sort(key=lambda scope: scope.comment[:2])
    return Ignores(scopes, placed) if scopes else None


def _read_embedded(document: Document, path: Path, known: Collection[str]) -> Iterator[_Scope]:
    """The comments in the manifests that the literal block at ``path`` holds. In quotes and folded
    blocks lines are not what they seem: comments there are none."""
    from linter.suppression.comments import read_comments, split_lines

    around = split_lines(document.text)
    for inner in document.embedded(path):
        if not isinstance(inner, Document) or inner.span(()) == document.span(path):
            continue
        lines = split_lines(inner.text)
        inside = (path, inner.line + 1, inner.line + 1 + len(lines))
        first = inner.key_span(()).line
        for found in read_comments(inner.text, known):
            outer = around[inner.line + found.line - 1 - document.line]
            comment = found.move(inner.line, len(outer) - len(lines[found.line - 1]))
            yield _Scope(comment, inside=inside, whole=comment.target == first)


def _last_line(row: "FindingRow") -> int:
    """The last line that a finding's span, whose end is exclusive, covers."""
    end = row["end_line"]
    return end - 1 if row["end_column"] == 1 and end > row["line"] else end


def _touches(target: int | None, row: "FindingRow") -> bool:
    return target is not None and row["line"] <= target <= _last_line(row)


def _places(row: "FindingRow") -> Iterator[int | Path]:
    """The lines of a finding, its path and those of all that is around it."""
    yield from range(row["line"], _last_line(row) + 1)
    for depth in range(len(row["path"]) + 1):
        yield row["path"][:depth]
