"""Whether fixing does what it should to every manifest of a folder, and nothing else.

LOAD_MANIFESTS names the folder; the cases of the rules unless given. Nothing is written.
"""

import copy
import datetime
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jsonpatch
import pytest

from linter.input.excludes import Excludes
from linter.input.sources import Collection, collect
from linter.judging.run import lint
from linter.judging.task import Task
from linter.mending.fix import Recheck, decode_file, fix_texts
from linter.mending.fixable import FixSelection
from linter.mending.mending import Outcome, plan_fix
from linter.row_types import FindingRow
from rules.checks import INDEX
from rules.edits import json_patch, same
from rules.paths import Path as RulesPath
from rules.paths import dig
from rules.policy import DEFAULT
from rules.reader import Document, read

FOLDER = os.environ.get("LOAD_MANIFESTS", "tests/cases")
EVERYTHING = FixSelection(unsafe=True, audit=True)
REVEALING = {"GPU001", "GPU003", "MET001", "MET002", "MET004", "MET005", "MET007", "TRN007"}
"""What these mend is read by other rules from then on, or as another kind: they may find something
in it."""
BRINGS = {
    "TRN004/product": "TRN002",
    "CRN003/longer": "TRN003",
    "GPU007/none": "GPU004",
    "HPA002/missing": "HPA001",
    "RES002/requests": "DST002",
}
"""What may be found where another rule was mended. A retry budget that was missing may be too much
beside another, a deadline longer than the schedule leaves, and who is denied the node's devices has
none: those fixes are unsafe. A metric that is written down may miss the request it is a share of,
as the API server's would. And what was found of a container that is renamed has another
fingerprint."""


class Fixed(NamedTuple):
    """The findings before and after, and what became of each file with something to fix."""

    before: list[FindingRow]
    after: list[FindingRow]
    outcomes: Mapping[str, Outcome]


@pytest.fixture(scope="module")
def fixed() -> Fixed:
    today = datetime.datetime.now(datetime.UTC).date()
    task = Task(DEFAULT, today, INDEX, flag_profile="strict")
    collection = collect([FOLDER], Excludes(str(Path.cwd())))
    before = list(lint(task, collection, jobs=1)["findings"])
    rows = [row for row in before if EVERYTHING.wants(row)]
    names = {row["file"] for row in rows}
    texts = {name: decode_file(Path(name).read_bytes())[0] for name in names}
    judge = make_recheck(task, collection)
    outcomes = fix_texts(texts, rows, EVERYTHING, judge)
    after = judge({file: outcome.after for file, outcome in outcomes.items()})
    made = sum(len(outcome.fixed) for outcome in outcomes.values())
    print(f"{made} of {len(rows)} fixed in {len(outcomes)} files")
    assert made > 0
    return Fixed(before, list(after), outcomes)


def make_recheck(task: Task, collection: Collection) -> Recheck:
    def judge(texts: Mapping[str, str]) -> list[FindingRow]:
        sources = [source for source in collection.sources if source.path not in texts]
        given = [(name, text.encode()) for name, text in texts.items()]
        found = lint(task, collection._replace(sources=sources), given, jobs=1)["findings"]
        return [row for row in found if row["file"] in texts]

    return judge


def test_what_is_left_was_refused_with_a_reason(fixed: Fixed) -> None:
    refused = [refusal for one in fixed.outcomes.values() for refusal in one.refused]
    for reason, count in Counter(refusal.reason for refusal in refused).most_common():
        print(f"{count} refused: {reason}")
    assert all(refusal.reason for refusal in refused)
    assert sum(EVERYTHING.wants(row) for row in fixed.after) == len(refused)


def test_nothing_new_is_found(fixed: Fixed) -> None:
    known = {(row["file"], row["fingerprint"]) for row in fixed.before}
    gained = [
        row
        for row in fixed.after
        if (row["file"], row["fingerprint"]) not in known
        and not is_brought(row, {one["rule"] for one in fixed.outcomes[row["file"]].fixed})
    ]
    assert [f"{row['file']}: {row['rule']} {row['message']}" for row in gained] == []


def test_no_comment_is_lost(fixed: Fixed) -> None:
    lost = [
        file
        for file, outcome in fixed.outcomes.items()
        if comments_in(outcome.before) - comments_in(outcome.after) and not takes_away(outcome)
    ]
    assert lost == []


def test_no_line_changes_that_no_edit_names(fixed: Fixed) -> None:
    kept = {file: one for file, one in fixed.outcomes.items() if not takes_away(one)}
    assert [file for file, outcome in kept.items() if changes_too_much(outcome)] == []


def test_the_patch_gives_what_the_text_reads_as(fixed: Fixed) -> None:
    assert [file for file, outcome in fixed.outcomes.items() if not agrees(outcome)] == []


def is_brought(row: FindingRow, mended: set[str]) -> bool:
    """Whether it may be found because those rules were mended beside it."""
    return not REVEALING.isdisjoint(mended) or BRINGS.get(f"{row['rule']}/{row['form']}") in mended


def takes_away(outcome: Outcome) -> bool:
    """Whether something is moved or removed, with all its lines and what is said beside them."""
    edits = [edit for row in outcome.fixed if row["fix"] for edit in row["fix"]["edits"]]
    return any(edit["op"] != "set" for edit in edits)


def comments_in(text: str) -> "Counter[str]":
    return Counter(line.partition("#")[2] for line in text.splitlines() if "#" in line)


def changes_too_much(outcome: Outcome) -> bool:
    """Whether more lines are gone than the edits replace."""
    gone = Counter(outcome.before.splitlines()) - Counter(outcome.after.splitlines())
    documents = {document.number: document for document in documents_in(outcome.before)}
    return gone.total() > sum(
        1
        if row["embedded"] or edit["op"] == "comment"
        else count_replaced(documents[row["document"]], edit["path"])
        for row in outcome.fixed
        if row["fix"]
        for edit in row["fix"]["edits"]
    )


def count_replaced(document: Document, path: RulesPath) -> int:
    """One line, or those that what stands in a mapping or a list stands on."""
    spans = [document.span(one) for one in paths_below(dig(document.value, path), path)]
    lines = {line for span in spans for line in range(span.line, span.end_line + 1)}
    return max(1, len(lines))


def paths_below(value: Any, path: RulesPath) -> Iterator[RulesPath]:
    parts: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        parts = value.items()
    elif isinstance(value, list):
        parts = enumerate(value)
    for key, part in parts:
        yield (*path, key)
        yield from paths_below(part, (*path, key))


def agrees(outcome: Outcome) -> bool:
    """Whether the JSON Patches of the edits give what the fixed text reads as."""
    if any(row["embedded"] for row in outcome.fixed):
        return True
    values: dict[int, Any] = {}
    for document in documents_in(outcome.before):
        value = document.value
        for row in outcome.fixed:
            if row["document"] == document.number:
                edits = plan_fix(document, row).edits
                value = jsonpatch.apply_patch(copy.deepcopy(value), json_patch(value, edits))
        values[document.number] = value
    return all(same(values[one.number], one.value) for one in documents_in(outcome.after))


def documents_in(text: str) -> Iterator[Document]:
    return (document for document in read(text) if isinstance(document, Document))
