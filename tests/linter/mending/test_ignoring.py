"""``--add-ignore``, and stale comments that ``--fix`` takes away."""

import json
from pathlib import Path
from typing import Any

import pytest

from linter.mending.comment_edits import edit_comments
from rules.reader import Document, read
from tests.linter.test_cli import Answer, call

JOB = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: train  # nightly
spec:
  backoffLimit: 50
  activeDeadlineSeconds: 3600
  template:
    spec:
      restartPolicy: OnFailure
      containers:
      - name: train
        image: registry.example.com/trainer:1.0
        command: [python, train.py, --output-dir, s3://models/run1]
"""
SELECT = ("--select", "TRN001,TRN002,MLG003")


def run(*arguments: str, stdin: str = "") -> Answer:
    return call("lint", *SELECT, *arguments, stdin=stdin)


def values(text: str) -> list[Any]:
    return [one.value for one in read(text) if isinstance(one, Document)]


@pytest.fixture
def manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "job.yaml"
    path.write_text(JOB)
    return path


def ignore(manifest: Path, text: str, reason: str = "tried", *flags: str) -> str:
    """The text after ``--add-ignore``; it reads as before, and nothing is left to add."""
    manifest.write_bytes(text.encode())
    run("--add-ignore", reason, *flags, "job.yaml")
    after = manifest.read_bytes().decode()
    assert values(after) == values(text)
    run("--add-ignore", reason, *flags, "job.yaml")
    assert manifest.read_bytes().decode() == after
    return after


def test_each_finding_gets_a_comment_and_no_other_byte_changes(manifest: Path) -> None:
    answer = run("--add-ignore", "it was tried by hand", "job.yaml")
    assert answer.code == 0
    assert "2 findings ignored in 1 file\n" in answer.err
    assert "no findings" in answer.err
    assert manifest.read_text() == JOB.replace(
        ": 50\n", ": 50  # mlgate: ignore[TRN002] it was tried by hand\n"
    ).replace("OnFailure\n", "OnFailure  # mlgate: ignore[TRN001] it was tried by hand\n")


def test_a_long_line_has_the_comment_above_it(manifest: Path) -> None:
    reason = "a reason of more than sixty characters, which tells why this is right"
    after = ignore(manifest, JOB, reason)
    assert f"      # mlgate: ignore[TRN001] {reason}\n      restartPolicy: OnFailure\n" in after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("50  # many", "50  # many  # mlgate: ignore[TRN002] tried"),
        ("50 # mlgate: ignore[GPU001] tried", "50 # mlgate: ignore[GPU001,TRN002] tried"),
        (
            "50  # mlgate: ignore[GPU001] else",
            "50  # mlgate: ignore[GPU001] else  # mlgate: ignore[TRN002] tried",
        ),
    ],
)
def test_what_stands_there_is_kept(manifest: Path, before: str, after: str) -> None:
    text = JOB.replace(": 50\n", f": {before}\n")
    expected = JOB.replace(": 50\n", f": {after}\n")
    found = ignore(manifest, text)
    assert found.replace("  # mlgate: ignore[TRN001] tried", "") == expected


def test_a_comment_above_of_the_same_reason_is_joined(manifest: Path) -> None:
    text = JOB.replace("  backoff", "  # mlgate: ignore[GPU001] tried\n  backoff")
    assert "  # mlgate: ignore[GPU001,TRN002] tried\n  backoffLimit: 50\n" in ignore(manifest, text)


def test_line_ends_and_a_last_line_without_one_are_kept(manifest: Path) -> None:
    text = JOB.replace("\n", "\r\n").removesuffix("\r\n")
    after = ignore(manifest, text)
    assert after.count("\n") == after.count("\r\n") == text.count("\n")
    assert not after.endswith("\n")


def test_a_flow_mapping_of_several_lines_takes_comments(manifest: Path) -> None:
    text = JOB.replace("      restartPolicy: OnFailure\n", "").replace(
        "template:\n    spec:\n", "template:\n    spec:\n      restartPolicy:\n        OnFailure\n"
    )
    assert "OnFailure  # mlgate: ignore[TRN001] tried\n" in ignore(manifest, text)


def test_a_manifest_inside_a_text_is_ignored_where_the_text_begins(manifest: Path) -> None:
    inner = JOB.replace("\n", "\n        ").rstrip()
    text = f"""\
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {{generateName: train-}}
spec:
  entrypoint: main
  templates:
  - name: main
    resource:
      action: create
      manifest: |
        {inner}
"""
    after = ignore(manifest, text)
    assert "      manifest: |  # mlgate: ignore[TRN001,TRN002] tried\n" in after


def test_json_has_no_comments(manifest: Path) -> None:
    text = json.dumps(values(JOB)[0])
    manifest.write_text(text)
    answer = run("--add-ignore", "tried", "job.yaml")
    assert answer.code == 1
    assert "TRN001 not ignored: JSON has no comments" in answer.err
    assert "0 findings ignored in 0 files\n" in answer.err
    assert manifest.read_text() == text


def test_a_diff_shows_the_comments_and_writes_none(manifest: Path) -> None:
    answer = run("--add-ignore", "tried", "--diff", "job.yaml")
    assert answer.code == 1
    assert "+  backoffLimit: 50  # mlgate: ignore[TRN002] tried\n" in answer.out
    assert manifest.read_text() == JOB


def test_standard_input_comes_out_with_comments() -> None:
    answer = run("--add-ignore", "tried", "-", stdin=JOB)
    assert answer.out.count("# mlgate: ignore[") == 2
    assert answer.code == 0


@pytest.mark.parametrize("reason", ["", "  ", "a\nb", "why # mlgate: ignore[TRN001] not"])
def test_a_reason_is_asked_for(manifest: Path, reason: str) -> None:
    assert run("--add-ignore", reason, "job.yaml").code == 2
    assert manifest.read_text() == JOB


@pytest.mark.parametrize("flag", ["--fix", "--staged", "--write-baseline=a"])
def test_two_ways_out_are_refused(manifest: Path, flag: str) -> None:
    answer = run("--add-ignore", "tried", flag, "job.yaml")
    assert answer.code == 2
    assert "do not go together" in answer.err
    assert manifest.read_text() == JOB


GOOD = JOB.replace("OnFailure", "Never").replace(": 50", ": 2")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (": 2  # mlgate: ignore[TRN002] old\n", ": 2\n"),
        (": 2  # few  # mlgate: ignore[TRN002] old\n", ": 2  # few\n"),
        (": 2\n  # mlgate: ignore[TRN002] old\n", ": 2\n"),
        (": 2  # mlgate: ignore[TRN002] a # mlgate: ignore[TRN001] b\n", ": 2\n"),
        (": 50 # mlgate: ignore[TRN001, TRN002] a\n", ": 50 # mlgate: ignore[TRN002] a\n"),
    ],
)
def test_fix_takes_stale_comments_away(manifest: Path, before: str, after: str) -> None:
    manifest.write_text(GOOD.replace(": 2\n", before))
    run("--fix", "job.yaml")
    assert manifest.read_text() == GOOD.replace(": 2\n", after)


def test_a_comment_that_a_fix_makes_stale_goes_too(manifest: Path) -> None:
    manifest.write_text(JOB.replace("spec:\n  b", "spec:  # mlgate: ignore[TRN002] no\n  b"))
    answer = run("--fix", "--unsafe-fixes", "job.yaml")
    assert manifest.read_text() == JOB.replace("OnFailure", "Never").replace(": 50", ": 3")
    assert answer.code == 0


def test_an_ignore_of_a_rule_that_was_not_run_is_kept(manifest: Path) -> None:
    text = GOOD.replace(": 2\n", ": 2  # mlgate: ignore[GPU001] kept\n")
    manifest.write_text(text)
    run("--fix", "job.yaml")
    assert manifest.read_text() == text


def test_reports_say_where_a_stale_comment_stands(manifest: Path) -> None:
    manifest.write_text(GOOD.replace(": 2\n", ": 2  # mlgate: ignore[TRN002] old\n"))
    (row,) = json.loads(run("--format", "json", "--text-edits", "job.yaml").out)["findings"]
    edit = {"op": "comment", "line": 6, "column": 20, "end_column": 48, "text": ""}
    assert row["fix"]["edits"] == [edit]
    (text,) = row["fix"]["text"]
    assert (text["line"], text["column"], text["end_column"], text["text"]) == (6, 18, 48, "")


def test_comments_of_one_line_are_edited_from_its_end() -> None:
    edits: list[Any] = [
        {"op": "comment", "line": 3, "column": 3, "end_column": 6, "text": "#x"},
        {"op": "comment", "line": 3, "column": 7, "end_column": 10, "text": ""},
    ]
    assert edit_comments("a\nb #12 #34\n", 1, edits) == "a\nb #x\n"
