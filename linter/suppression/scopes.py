"""Which findings an ignore comment speaks of.

A comment speaks of its own line or, alone on a line, of the next one. On the first line of an
object it speaks of the whole object; in an embedded manifest (a literal block) it speaks of that
manifest alone. docs/suppression.md says so to users.
"""

from bisect import bisect_right
from collections.abc import Collection, Hashable, Iterable, Iterator
from operator import itemgetter

from linter.input.lines import split_lines
from linter.suppression.comments import (
    COMMENT_SYNTAX,
    Comment,
    may_hold_comments,
    read_comments,
)
from rules.paths import Path
from rules.policy.suppression import Suppressor
from rules.reader import Document, Span
from rules.record import NamedTuple
from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    from linter.row_types import FindingRow


class LineScope(NamedTuple):
    """What is found on a line of the file: all of it, or what is inside ``string`` alone."""

    line: int
    string: Path | None = None


class ManifestScope(NamedTuple):
    """What is found in the manifest that is the document ``number`` of the text at ``string``."""

    string: Path
    number: int


class CommentProblem(NamedTuple):
    """Something to report about a comment: the rule (MLG003, MLG004), and the path of the object
    that it stands in; ``left`` is the comment without what suppresses nothing, where that can be
    written."""

    code: str
    message: str
    span: Span
    prefix: Path
    left: str | None = None


class CommentIgnores:
    """The ignore comments of one document. ``objects`` are the first lines of its objects and
    their paths, in order."""

    def __init__(self, comments: list[Comment], objects: list[tuple[int, Path]]) -> None:
        self._comments = comments
        self._objects = objects
        self._suppressor = Suppressor(
            (comment.ignore for comment in comments), expected=COMMENT_SYNTAX, malformed="MLG003"
        )

    def covers(self, row: "FindingRow") -> bool:
        """Whether a finding of this document is ignored; the comment then counts as used."""
        return self._suppressor.find(row["rule"], row["form"], list_scopes(row)) is not None

    def problems(self, judged: Collection[str]) -> Iterator[CommentProblem]:
        """What is wrong with the comments, once ``covers`` has seen every finding. ``judged`` are
        the codes of the rules that ran."""
        for problem in self._suppressor.problems(judged):
            comment = self._comments[problem.number]
            place = comment.target or comment.span.line
            around = bisect_right(self._objects, place, key=itemgetter(0)) - 1
            prefix = self._objects[max(around, 0)][1]
            mendable = problem.unused and not comment.inside
            left = comment.leave_out(problem.unused) if mendable else None
            yield CommentProblem(problem.code, problem.message, comment.span, prefix, left)


def read_comment_ignores(
    document: Document, objects: Iterable[Path], strings: Iterable[Path], known: Collection[str]
) -> CommentIgnores | None:
    """The ignore comments of a document; None where it has none.

    ``objects`` are the paths of its objects, at least one, ``strings`` those of the texts in which
    manifests are embedded; ``known`` is what a comment may name (``rules.policy.known_codes``).
    """
    if not may_hold_comments(document.text):
        return None
    strings = list(strings)
    placed = [(document.key_span(path).line, path) for path in objects]
    placed.sort(key=itemgetter(0))
    firsts = [*placed, *((document.span(path).line, path) for path in strings)]
    comments = []
    for found in read_comments(document.text, known):
        comment = found.move(document.line)
        whole = [path for line, path in firsts if line == comment.target]
        comments.append(_place(comment, whole))
    for path in strings:
        comments += _read_embedded(document, path, known)
    comments.sort(key=lambda comment: comment.span)
    return CommentIgnores(comments, placed) if comments else None


def list_scopes(row: "FindingRow") -> Iterator[Hashable]:
    """What a comment may speak of to cover a finding: its lines, and the objects around it."""
    embedded = row["embedded"]
    string = row["path"] if embedded is not None and embedded["text"] else None
    for line in range(row["line"], _last_line(row) + 1):
        yield LineScope(line)
        if string is not None:
            yield LineScope(line, string)
    for depth in range(len(row["path"]) + 1):
        yield row["path"][:depth]
    if embedded is not None and string is not None:
        yield ManifestScope(string, embedded["number"])


def _place(comment: Comment, whole: Iterable[Hashable], string: Path | None = None) -> Comment:
    """The comment with its scope: the line that it speaks of, and what it covers as a whole."""
    line = () if comment.target is None else (LineScope(comment.target, string),)
    return comment._replace(ignore=comment.ignore._replace(scope=(*line, *whole)))


def _read_embedded(document: Document, path: Path, known: Collection[str]) -> Iterator[Comment]:
    """The comments in the manifests that the literal block at ``path`` holds. In quotes and folded
    blocks lines are not what they seem: comments there are none."""
    around = split_lines(document.text)
    for inner in document.embedded(path):
        # In any other style a line of the string has no line of its own in the file.
        if not isinstance(inner, Document) or inner.span(()) == document.span(path):
            continue
        lines = split_lines(inner.text)
        first = inner.key_span(()).line
        for found in read_comments(inner.text, known):
            # The block is indented: in the file the comment stands that much further to the right.
            line = found.span.line
            outer = around[inner.line + line - 1 - document.line]
            comment = found.move(inner.line, len(outer) - len(lines[line - 1]))
            comment = comment._replace(inside=True)
            whole = [ManifestScope(path, inner.number)] if comment.target == first else []
            yield _place(comment, whole, path)


def _last_line(row: "FindingRow") -> int:
    """The last line that a finding's span, whose end is exclusive, covers."""
    end = row["end_line"]
    return end - 1 if row["end_column"] == 1 and end > row["line"] else end
