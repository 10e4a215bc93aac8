"""The fixes of one file's findings made in its text, document by document.

A fix is made whole or not at all. Whatever is put into the text is read again and compared with
the edited object, so that nothing is left that does not read as the edits say.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress

from linter.mending.splice import Unspliceable, find_document, splice, splice_embedded
from rules.edits import Inapplicable, apply, conflict, same
from rules.model import Edit, Remove, Set
from rules.paths import Path, dig
from rules.reader import Document, Unreadable, read
from rules.record import NamedTuple
from rules.type_names import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linter.row_types import FindingRow, RemoveRow, SetRow


class Refusal(NamedTuple):
    """A finding whose fix was not made, and why."""

    row: "FindingRow"
    reason: str


class Outcome(NamedTuple):
    """The text of a file after fixing: the original where nothing could be done. ``unwritten``:
    more could be, but the file could not be written."""

    before: str
    after: str
    fixed: "tuple[FindingRow, ...]" = ()
    refused: tuple[Refusal, ...] = ()
    unwritten: bool = False


def refuse_all(outcome: Outcome, reason: str) -> Outcome:
    """The outcome of a file that stays as it was after all."""
    refused = (*outcome.refused, *(Refusal(row, reason) for row in outcome.fixed))
    return Outcome(outcome.before, outcome.before, (), refused)


def fix_once(text: str, rows: "Iterable[FindingRow]") -> Outcome:
    """The text of a file with the fixes of ``rows`` made, or some of them refused."""
    by_document: dict[int, list[FindingRow]] = {}
    for row in rows:
        by_document.setdefault(row["document"], []).append(row)
    fixed: list[FindingRow] = []
    refused: list[Refusal] = []
    texts: list[str] = []
    out: list[str] = []
    at = 0
    for document in read(text):
        if isinstance(document, Unreadable):
            continue
        # What stands between documents (byte order mark, broken documents) is copied as it is.
        start = find_document(text, document, at)
        mended = fix_document(document, by_document.get(document.number, []))
        fixed += mended.fixed
        refused += mended.refused
        texts.append(mended.after)
        out += (text[at:start], mended.after)
        at = start + len(document.text)
    outcome = Outcome(text, "".join(out) + text[at:], tuple(fixed), tuple(refused))
    # A fix may hold a line of ---, or end a document that had no end: then the file is cut
    # otherwise.
    if texts != [
        document.text for document in read(outcome.after) if isinstance(document, Document)
    ]:
        return refuse_all(outcome, "the fixed file does not split into the fixed documents")
    return outcome


class Inside(NamedTuple):
    """Where a manifest inside of a document stands: in the string at ``path``, as its document
    ``number``."""

    path: Path
    number: int


class PlannedFix(NamedTuple):
    """A finding's edits, the object they are made to, and where that stands inside of the document
    (None: it is the document itself)."""

    row: "FindingRow"
    within: Inside | None
    edits: tuple[Edit, ...]
    body: Any


class _EditIndex:
    """What accepted fixes change, to find those that a further one would meet."""

    def __init__(self) -> None:
        self._below: dict[tuple[Inside | None, Path], list[PlannedFix]] = {}
        self._at: dict[tuple[Inside | None, Path], list[PlannedFix]] = {}

    def add(self, plan: PlannedFix) -> None:
        for edit in plan.edits:
            self._at.setdefault((plan.within, edit.path), []).append(plan)
            for depth in range(len(edit.path) + 1):
                self._below.setdefault((plan.within, edit.path[:depth]), []).append(plan)

    def find_conflict(self, plan: PlannedFix) -> PlannedFix | None:
        """An earlier fix that writes another value to the same place."""
        for edit in plan.edits:
            near = list(self._below.get((plan.within, edit.path), ()))
            for depth in range(len(edit.path)):
                near += self._at.get((plan.within, edit.path[:depth]), ())
            # Only fixes around or inside the place are compared: a thousand fixes take a thousand
            # steps.
            for other in near:
                if conflict(other.edits, (edit,)):
                    return other
        return None


def fix_document(document: Document, rows: "Sequence[FindingRow]") -> Outcome:
    """The document's own text with the fixes of ``rows`` made, or some of them refused."""
    index = _EditIndex()
    plans: list[PlannedFix] = []
    text = document.text
    document, commented, refused = _mend_comments(document, rows)
    for row in rows:
        if _is_of_comment(row):
            continue
        plan = plan_fix(document, row)
        reason = _obstacle(plan, index)
        if reason is None:
            index.add(plan)
            plans.append(plan)
        else:
            refused.append(Refusal(row, reason))
    mended, fixed, failed = _try(document, plans)
    done = (*commented, *(plan.row for plan in fixed))
    return Outcome(text, mended.text, done, (*refused, *failed))


def _is_of_comment(row: "FindingRow") -> bool:
    fix = row["fix"]
    return fix is not None and any(edit["op"] == "comment" for edit in fix["edits"])


def _mend_comments(
    document: Document, rows: "Sequence[FindingRow]"
) -> "tuple[Document, list[FindingRow], list[Refusal]]":
    """Comments come first: no path changes with them."""
    own = [row for row in rows if _is_of_comment(row)]
    if not own:
        return document, [], []
    from linter.mending.comment_edits import edit_comments

    edits = [edit for row in own if row["fix"] for edit in row["fix"]["edits"]]
    text = edit_comments(document.text, document.line, edits)
    try:
        return _read_again(document, text, document.value), own, []
    except Unspliceable as error:
        return document, [], [Refusal(row, str(error)) for row in own]


def _obstacle(plan: PlannedFix, index: _EditIndex) -> str | None:
    """Why the plan cannot be made, whatever the text looks like."""
    if plan.body is None:
        return "the manifest stands in a string that is itself inside one"
    try:
        if same(apply(plan.body, plan.edits), plan.body):
            return "the fix changes nothing"
    except Inapplicable as error:
        return str(error)
    rival = index.find_conflict(plan)
    return f"the fix of {rival.row['rule']} changes the same place" if rival else None


def _try(
    document: Document, plans: list[PlannedFix]
) -> tuple[Document, list[PlannedFix], list[Refusal]]:
    """All of the plans at once; where that is refused, each half by itself."""
    if not plans:
        return document, [], []
    try:
        return _mend(document, plans), plans, []
    except Unspliceable as error:
        if len(plans) == 1:
            return document, [], [Refusal(plans[0].row, str(error))]
    with suppress(Unspliceable):
        # Several may say the same of what stands in all their places by aliases.
        return _mend(document, plans, sharing=True), plans, []
    # Halving finds the few that cannot be spliced without a splice for every fix.
    half = len(plans) // 2
    document, fixed, refused = _try(document, plans[:half])
    last, more, failed = _try(document, plans[half:])
    return last, fixed + more, refused + failed


def _mend(document: Document, plans: Iterable[PlannedFix], *, sharing: bool = False) -> Document:
    """The document with every edit made, read again and compared. Raises ``Unspliceable``."""
    by_place: dict[Inside | None, list[Edit]] = {None: []}
    for plan in plans:
        by_place.setdefault(plan.within, []).extend(plan.edits)
    # The document first: its edits change no string, so that the strings still stand at their
    # paths.
    own = by_place.pop(None)
    target = apply(document.value, own)
    mended = _read_again(
        document, splice(document.text, document.value, own, sharing=sharing), target
    )
    for place, edits in by_place.items():
        if place is not None:
            mended = _mend_within(mended, place, edits)
    return mended


def _mend_within(document: Document, place: Inside, edits: Sequence[Edit]) -> Document:
    path = place.path
    text = splice_embedded(document.text, document.value, path, place.number, edits)
    mended = _only(read(text))
    outer = apply(document.value, (Set(path, dig(mended.value, path)),))
    # Both are compared: the manifests inside, and that nothing else of the outer one has changed.
    target = _list_inside(document, path)
    target[place.number] = apply(target[place.number], edits)
    if not same(mended.value, outer) or not same(_list_inside(mended, path), target):
        raise Unspliceable("the fixed text does not read as the fixed object")
    return mended


def _list_inside(document: Document, path: Path) -> list[Any]:
    """The manifests in a string; None for what does not read as one."""
    found = document.embedded(path)
    return [one.value if isinstance(one, Document) else None for one in found]


def _read_again(document: Document, text: str, target: Any) -> Document:
    mended = document if text == document.text else _only(read(text))
    if not same(mended.value, target):
        raise Unspliceable("the fixed text does not read as the fixed object")
    return mended


def _only(documents: Iterable[Document | Unreadable]) -> Document:
    found = list(documents)
    if len(found) != 1 or isinstance(found[0], Unreadable):
        raise Unspliceable("the text does not read as one document")
    return found[0]


def plan_fix(document: Document, row: "FindingRow") -> PlannedFix:
    """The row's edits as they are made to the document, or to the manifest in a string of its."""
    fix, embedded = row["fix"], row["embedded"]
    edits = tuple(_edit(one) for one in fix["edits"] if one["op"] != "comment") if fix else ()
    if embedded is None or not embedded["text"]:
        return PlannedFix(row, None, edits, document.value)
    inner = document.embedded(row["path"])[embedded["number"] :]
    body = inner[0].value if inner and isinstance(inner[0], Document) else None
    return PlannedFix(row, Inside(row["path"], embedded["number"]), edits, body)


def _edit(row: "SetRow | RemoveRow") -> Edit:
    return Set(row["path"], row["value"]) if row["op"] == "set" else Remove(row["path"])
