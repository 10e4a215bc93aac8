"""Fixes of findings: made whole, checked, written as a whole file, or refused with the reason."""

import marshal
import os
import signal
import stat
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from textwrap import indent
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linter.judging.rows import read_outcome
from linter.mending.fix import Recheck, decode_file, diff, fix_texts, write_file
from linter.mending.fixable import FixSelection, summarize_fixable
from linter.mending.mending import Outcome, Refusal
from linter.row_types import EditRow, FindingRow
from rules.edits import apply, same
from rules.model import Edit, Set
from rules.reader import Document, read
from tests.growth import measure_growth
from tests.linter.mending.test_splice import RANDOMS, random_edits
from tests.linter.mending.yaml_writer import Writer, root

ALL = FixSelection(unsafe=True)
JOB = "kind: Job\nmetadata: {name: a}\nspec:\n  template: {}\n"


def edit_row(edit: Edit) -> EditRow:
    if isinstance(edit, Set):
        return {"op": "set", "path": edit.path, "value": edit.value}
    return {"op": "remove", "path": edit.path}


def finding(*edits: Edit, **other: Any) -> FindingRow:
    """A row with what fixes look at."""
    rows = [edit_row(edit) for edit in edits]
    row = {
        "rule": "TRN002",
        "file": "x.yaml",
        "action": "deny",
        "document": 0,
        "path": ("spec",),
        "embedded": None,
        "fix": {"title": "fix", "safety": other.pop("safety", "safe"), "edits": rows},
        "fingerprint": f"{other.get('document', 0)}{rows}{other.get('path')}",
    }
    return cast("FindingRow", row | other)


def nothing(_texts: Mapping[str, str]) -> Sequence[FindingRow]:
    return []


def fixed(text: str, *rows: FindingRow, judge: Recheck = nothing) -> Outcome:
    return fix_texts({"x.yaml": text}, rows, ALL, judge)["x.yaml"]


def reasons(outcome: Outcome) -> list[str]:
    return [refusal.reason for refusal in outcome.refused]


BUDGET = Set(("spec", "backoffLimit"), 3)


def test_only_the_document_of_the_finding_changes() -> None:
    text = f"\ufeff# head\n---\n{JOB}---\n# none\n---\n{JOB}---\n{{bad\n"
    outcome = fixed(text, finding(BUDGET, document=3))
    assert outcome.after == text.replace(
        f"# none\n---\n{JOB}",
        f"# none\n---\n{JOB}".replace("spec:\n", "spec:\n  backoffLimit: 3\n"),
    )
    assert len(outcome.fixed) == 1
    assert not outcome.refused


def test_json_stream() -> None:
    text = '{"a": 1}\n{"a": 2}{"a": 2}\n'
    outcome = fixed(text, finding(Set(("a",), 3), document=2))
    assert outcome.after == '{"a": 1}\n{"a": 2}{"a": 3}\n'


def test_list_items() -> None:
    text = f"kind: List\nitems:\n- kind: A\n- {JOB}".replace("\nmeta", "\n  meta")
    text = text.replace("\nspec", "\n  spec").replace("\n  template", "\n    template")
    outcome = fixed(text, finding(Set(("items", 1, "spec", "backoffLimit"), 3)))
    assert outcome.after == text.replace("  spec:\n", "  spec:\n    backoffLimit: 3\n")


def test_manifest_inside() -> None:
    text = f"manifest: |\n  {JOB}".replace("\n", "\n  ").replace("|\n    ", "|\n  ").rstrip(" ")
    row = finding(BUDGET, path=("manifest",), embedded={"text": True, "number": 0})
    outcome = fixed(text, row, finding(Set(("kind",), "Workflow")))
    assert "\n  spec:\n    backoffLimit: 3\n    template: {}\n" in outcome.after
    assert outcome.after.endswith("kind: Workflow\n")


@pytest.mark.parametrize("held", ["{name: a}", "{name: a, annotations: {}}"])
def test_a_key_of_digits_stays_a_key(held: str) -> None:
    edit = Set(("metadata", "annotations", "42"), "why")
    edits = marshal.loads(marshal.dumps([edit_row(edit)]))  # noqa: S302 - our own
    row = finding(fix={"title": "fix", "safety": "safe", "edits": edits})
    outcome = fixed(JOB.replace("{name: a}", held), row)
    (document,) = read(outcome.after)
    assert isinstance(document, Document)
    assert document.value["metadata"]["annotations"] == {"42": "why"}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_documents_of_one_string(end: str) -> None:
    """Each by itself, where the same text stands several times, and what does not parse between."""
    before = [JOB, "{bad\n", JOB, JOB]
    rows = [
        finding(BUDGET, path=("manifest",), embedded={"text": True, "number": number})
        for number in (2, 3)
    ]
    after = [*before[:2], *[JOB.replace("spec:\n", "spec:\n  backoffLimit: 3\n")] * 2]

    def write(texts: list[str]) -> str:
        return ("manifest: |\n" + indent("---\n" + "---\n".join(texts), "  ")).replace("\n", end)

    outcome = fixed(write(before), *rows)
    assert not outcome.refused
    assert outcome.after == write(after)


def test_string_inside_a_string() -> None:
    path = ("manifest", "manifest")
    row = finding(BUDGET, path=path, embedded={"text": True, "number": 0})
    assert reasons(fixed("manifest: |\n  manifest: |\n    a: 1\n", row)) == [
        "the manifest stands in a string that is itself inside one"
    ]


def test_mapping_inside() -> None:
    text = "trialSpec:\n  spec:\n    template: {}\n"
    budget = Set(("trialSpec", *BUDGET.path), 3)
    outcome = fixed(text, finding(budget, path=budget.path, embedded={"text": False}))
    assert outcome.after == "trialSpec:\n  spec:\n    backoffLimit: 3\n    template: {}\n"


SHARED = "a: &x  # both\n  b: 1\nc: *x\nd: 1\n"


def test_a_shared_value_is_changed_where_all_its_places_are_to_be() -> None:
    rows = [finding(Set((key, "b"), 2), rule=key.upper()) for key in "ac"]
    outcome = fixed(SHARED, *rows, finding(Set(("d",), 2)))
    assert outcome.after == SHARED.replace("1", "2")
    assert len(outcome.fixed) == 3


def test_a_shared_value_stays_where_its_places_are_to_differ() -> None:
    rows = [finding(Set((key, "b"), ord(key)), rule=key.upper()) for key in "ac"]
    outcome = fixed(SHARED, *rows, finding(Set(("d",), 2)))
    assert outcome.after == SHARED.replace("d: 1", "d: 2")
    assert sorted(reasons(outcome)) == [
        "a: &x is used elsewhere in the document (*x)",
        "c: an alias stands here: the edit would change another place",
    ]


def test_second_of_two_fixes_of_one_place_is_refused() -> None:
    other = finding(Set(("spec", "backoffLimit"), 4), rule="XYZ001")
    outcome = fixed(JOB, finding(BUDGET), other)
    assert "backoffLimit: 3\n" in outcome.after
    assert outcome.refused == (Refusal(other, "the fix of TRN002 changes the same place"),)


def test_one_that_cannot_be_written_does_not_stop_the_others() -> None:
    text = "spec: &s\n  a: 1\nother: *s\n"
    rows = [finding(Set((f"new{number}",), number)) for number in range(5)]
    rows.insert(2, finding(Set(("spec", "a"), 2)))
    outcome = fixed(text, *rows)
    assert list(outcome.fixed) == [*rows[:2], *rows[3:]]
    assert reasons(outcome) == ["spec: &s is used elsewhere in the document (*s)"]
    assert outcome.after == text + "".join(f"new{number}: {number}\n" for number in range(5))


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (Set(("kind",), "Job"), "the fix changes nothing"),
        (Set(("kind", "a"), 1), "kind.a has no place in the object as it is"),
    ],
)
def test_fixes_that_do_not_fit(edit: Edit, reason: str) -> None:
    assert reasons(fixed(JOB, finding(edit))) == [reason]


def test_value_that_would_change_with_its_line_end_is_refused() -> None:
    outcome = fixed("a: |\n  text", finding(Set(("b",), 1)))
    assert outcome.after == outcome.before
    assert reasons(outcome) == ["the fixed text does not read as the fixed object"]


def test_fixes_made_possible_by_others_are_made() -> None:
    def judge(texts: Mapping[str, str]) -> Sequence[FindingRow]:
        return [] if "second" in texts["x.yaml"] else [finding(Set(("second",), 2))]

    outcome = fixed("a: 1\n", finding(Set(("first",), 1)), judge=judge)
    assert outcome.after == "a: 1\nfirst: 1\nsecond: 2\n"


def test_fixes_without_end_leave_the_text() -> None:
    def judge(texts: Mapping[str, str]) -> Sequence[FindingRow]:
        return [finding(Set(("a",), 1 + int(texts["x.yaml"][3:])))]

    outcome = fixed("a: 1\n", *judge({"x.yaml": "a: 1\n"}), judge=judge)
    assert outcome.after == "a: 1\n"
    assert set(reasons(outcome)) == {"the fixed text would be fixed again and again"}


@pytest.mark.parametrize(
    ("row", "selection", "wanted"),
    [
        (finding(BUDGET), FixSelection(), True),
        (finding(BUDGET, safety="unsafe"), FixSelection(), False),
        (finding(BUDGET, safety="unsafe"), ALL, True),
        (finding(BUDGET, action="warn"), FixSelection(), True),
        (finding(BUDGET, action="audit"), ALL, False),
        (finding(BUDGET, action="audit"), FixSelection(audit=True), True),
        (finding(BUDGET, action="excepted"), FixSelection(unsafe=True, audit=True), False),
        (finding(BUDGET, fix=None), ALL, False),
    ],
)
def test_selection(row: FindingRow, selection: FixSelection, wanted: bool) -> None:  # noqa: FBT001
    assert selection.wants(row) is wanted


def tail(rows: Sequence[FindingRow]) -> str:
    return summarize_fixable(Counter(map(read_outcome, rows)), FixSelection())


def test_tail() -> None:
    rows = [finding(BUDGET), finding(BUDGET, safety="unsafe"), finding(BUDGET, action="excepted")]
    assert tail(rows) == "1 fixable with --fix (1 more with --unsafe-fixes)"
    assert tail(rows[:1]) == "1 fixable with --fix"
    assert tail(rows[1:]) == "1 fixable with --fix --unsafe-fixes"
    assert tail(rows[2:]) == ""


def test_tail_says_nothing_of_what_was_refused() -> None:
    rows = [finding(BUDGET), finding(BUDGET, safety="unsafe")]
    for row in rows:
        assert row["fix"] is not None
        row["fix"]["refused"] = "an alias stands here"
    assert tail(rows) == ""


def test_diff() -> None:
    outcome = fixed("a: 1", finding(Set(("b",), 2)))
    assert "".join(diff("x.yaml", outcome)) == (
        "--- a/x.yaml\n+++ b/x.yaml\n@@ -1 +1,2 @@\n"
        "-a: 1\n\\ No newline at end of file\n+a: 1\n+b: 2\n\\ No newline at end of file\n"
    )
    assert "\033[32m+b: 2\033[0m\n" in "".join(diff("x.yaml", outcome, colour=True))
    assert not list(diff("x.yaml", fixed("a: 1")))


def write(path: Path, raw: bytes, *roots: Path) -> Outcome:
    outcome = fixed(decode_file(raw)[0], finding(BUDGET))
    return write_file(path, raw, outcome, roots or (path,))


def test_file_keeps_its_mode_and_encoding(tmp_path: Path) -> None:
    for encoding in ("utf-8-sig", "utf-16"):
        path = tmp_path / "job.yaml"
        path.write_bytes(JOB.encode(encoding))
        path.chmod(0o640)
        outcome = write(path, path.read_bytes())
        assert outcome.fixed
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        assert path.read_bytes().decode(encoding) == outcome.after.removeprefix("\ufeff")
        assert [item.name for item in tmp_path.iterdir()] == ["job.yaml"]


def test_changed_file_is_left(tmp_path: Path) -> None:
    path = tmp_path / "job.yaml"
    path.write_text(f"{JOB}# mine\n")
    outcome = write(path, JOB.encode())
    assert reasons(outcome) == ["the file changed since it was read"]
    assert outcome.after == outcome.before
    assert path.read_text() == f"{JOB}# mine\n"
    assert [item.name for item in tmp_path.iterdir()] == ["job.yaml"]


def test_read_only_file_is_left(tmp_path: Path) -> None:
    path = tmp_path / "job.yaml"
    path.write_text(JOB)
    path.chmod(0o444)
    assert reasons(write(path, JOB.encode())) == ["the file is read-only"]
    assert path.read_text() == JOB


def test_gone_file_is_told(tmp_path: Path) -> None:
    assert reasons(write(tmp_path / "job.yaml", JOB.encode())) == ["no such file or folder"]


@pytest.mark.parametrize("folder", [True, False])
def test_link_to_outside_is_left(tmp_path: Path, folder: bool) -> None:  # noqa: FBT001
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (outside / "job.yaml").write_text(JOB)
    link = inside / "link"
    link.symlink_to(outside if folder else outside / "job.yaml")
    path = link / "job.yaml" if folder else link
    assert "outside the given paths" in reasons(write(path, JOB.encode(), inside))[0]
    assert (outside / "job.yaml").read_text() == JOB


def test_link_to_inside_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text(JOB)
    link = tmp_path / "link.yaml"
    link.symlink_to("job.yaml")
    assert write(link, JOB.encode(), tmp_path).fixed
    assert link.is_symlink()
    assert "backoffLimit" in (tmp_path / "job.yaml").read_text()


@settings(max_examples=100, deadline=None)
@given(RANDOMS, st.booleans())
def test_fixed_text_reads_as_the_edits_say(random: Random, sharing: bool) -> None:  # noqa: FBT001
    text = "\n---\n".join(Writer(random).document(root(random, sharing=sharing)) for _ in range(2))
    before = [document for document in read(text) if isinstance(document, Document)]
    edits = random_edits(random, before[-1].value)
    row = finding(*edits, document=before[-1].number)
    outcome = fixed(text, row)
    after = [document for document in read(outcome.after) if isinstance(document, Document)]
    assert [document.text for document in after[:-1]] == [item.text for item in before[:-1]]
    if outcome.fixed:
        assert same(after[-1].value, apply(before[-1].value, edits))
    else:
        assert outcome.after == text
        assert len(outcome.refused) == 1


def test_fixes_take_time_in_proportion() -> None:
    item = (
        "- kind: Job\n  metadata:\n    name: train\n  spec:\n    template:\n      spec:\n"
        "        containers:\n        - name: main\n          args: [a, b, c, d]\n"
    )

    def fix(number: int) -> None:
        text = "kind: List\nitems:\n" + item * number
        rows = [finding(Set(("items", at, "spec", "backoffLimit"), 3)) for at in range(number)]
        assert fixed(text, *rows).after == text.replace(
            "  spec:\n    tem", "  spec:\n    backoffLimit: 3\n    tem"
        )

    assert measure_growth(fix, 25, 8) < 20


REWRITE = """
import sys
from pathlib import Path
from linter.mending.atomic_write import replace_file

path, now = Path(sys.argv[1]), b"a" * 3_000_000
print("ready", flush=True)
while True:
    new = (b"b" if now[:1] == b"a" else b"a") * 3_000_000
    replace_file(path, now, new, [path])
    now = new
"""


def test_killed_while_writing_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "job.yaml"
    for delay in (0.0, 0.003, 0.01, 0.03, 0.1):
        path.write_bytes(b"a" * 3_000_000)
        with subprocess.Popen(
            [sys.executable, "-c", REWRITE, str(path)],
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
        assert path.read_bytes() in (b"a" * 3_000_000, b"b" * 3_000_000)


def test_bytes_come_back_as_they_were() -> None:
    for raw in (b"\xef\xbb\xbfa: 1\r\n", "a: é".encode("utf-16"), "a: é".encode()):
        text, encode = decode_file(raw)
        assert encode(text) == raw
