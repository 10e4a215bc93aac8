"""Replacements in the text do what the fix does, and say where in every way an editor counts."""

import json
from pathlib import Path
from typing import Any

import pytest

from linter.input.excludes import Excludes
from linter.input.sources import collect
from linter.judging import run
from linter.judging.settings import find_today
from linter.judging.task import Task
from linter.mending.mending import fix_once
from linter.mending.text_edits import add_text_edits
from rules.checks import INDEX
from rules.policy import DEFAULT
from tests.linter.test_cli import FIXABLE, call
from tests.manifests import CASES

BAD = sorted(CASES.glob("*/bad-*.yaml"))


def lint(path: Path) -> list[Any]:
    """Findings as rows, with paths as tuples."""
    task = Task(DEFAULT, find_today(), INDEX)
    result = run.lint(task, collect([str(path)], Excludes(str(path.parent))), jobs=1)
    return list(result["findings"])


def apply_edits(text: str, edits: list[Any]) -> str:
    """As an editor would, by bytes and from the end."""
    raw = text.encode()
    for edit in reversed(edits):
        raw = raw[: edit["byte"]] + edit["text"].encode() + raw[edit["end_byte"] :]
    return raw.decode()


def offset(text: str, line: int, column: int) -> int:
    lines = text.split("\n")
    return sum(len(one) + 1 for one in lines[: line - 1]) + column - 1


@pytest.mark.parametrize("path", BAD, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_they_make_the_fix(path: Path) -> None:
    text = path.read_bytes().decode()
    rows = [row for row in lint(path) if row["fix"]]
    list(add_text_edits(rows, lambda _: text))
    for row in rows:
        once = fix_once(text, [row])
        edits = row["fix"].get("text")
        if edits is None:
            # A fix that cannot be spliced, or that would show a credential.
            assert not once.fixed or row["rule"] == "SEC001"
            continue
        assert edits
        assert apply_edits(text, edits) == once.after
        for edit in edits:
            start = offset(text, edit["line"], edit["column"])
            end = offset(text, edit["end_line"], edit["end_column"])
            assert len(text[:start].encode()) == edit["byte"]
            assert len(text[:end].encode()) == edit["end_byte"]


def test_json_has_them_on_request(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("# é\n---\n" + FIXABLE)
    plain = json.loads(call("lint", str(file), "--format", "json").out)["findings"]
    assert all("text" not in row["fix"] for row in plain if row["fix"])
    (row,) = (
        row
        for row in json.loads(call("lint", str(file), "--format", "json", "--text-edits").out)[
            "findings"
        ]
        if row["rule"] == "CRN001"
    )
    (edit,) = row["fix"]["text"]
    assert edit == {
        "line": 8,
        "column": 1,
        "end_line": 8,
        "end_column": 1,
        "byte": edit["byte"],
        "end_byte": edit["byte"],
        "text": "  concurrencyPolicy: Forbid\n",
    }
    assert file.read_bytes()[: edit["byte"]].endswith(b'schedule: "0 2 * * *"\n')
