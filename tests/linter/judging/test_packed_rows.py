"""Many rows are packed while a run goes on, and nobody can tell by what is reported."""

from pathlib import Path
from typing import Any

import pytest

from linter.judging import packed_rows
from linter.judging.packed_rows import (
    PackedRows,
    RowCollector,
    count_by,
    join_runs,
    keep_rows,
)
from tests.linter.test_cli import call

JOB = """\
apiVersion: batch/v1
kind: CronJob
metadata: {{name: retrain-{number}, namespace: ml}}
spec:
  schedule: "0 2 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: OnFailure
          containers:
            - name: train
              image: registry.example.com/train:1.4
              command: [python, train.py]
              resources: {{limits: {{nvidia.com/gpu: 1}}}}
"""


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than a few rows are packed, a handful together."""
    monkeypatch.setattr(packed_rows, "MOST_LOOSE", 7)
    monkeypatch.setattr(packed_rows, "_PACKET", 3)


def order(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["file"], row["line"]


def make_rows(count: int) -> list[dict[str, Any]]:
    """In no order, and some in one place."""
    places = [number * 37 % (count // 2) for number in range(count)]
    return [
        {"file": f"{at % 5}.yaml", "line": at, "path": ("spec", 0, f"\ud800{number}")}
        for number, at in enumerate(places)
    ]


@pytest.mark.usefixtures("few")
def test_rows_come_out_as_sorting_all_of_them_would_have_it() -> None:
    rows = make_rows(100)
    halves = [RowCollector(order), RowCollector(order)]
    halves[0].add(iter(rows[:60]))
    for row in rows[60:]:
        halves[1].add([row])
    joined = join_runs([run for one in halves for run in one.list_runs()], order)
    assert isinstance(joined, PackedRows)
    # Those that are told by nothing stay in the order in which they came.
    assert list(joined) == sorted(rows, key=order) == list(joined)
    assert len(joined) == 100
    assert rows[42] in joined
    assert {"file": "none"} not in joined


@pytest.mark.usefixtures("few")
def test_nobody_changes_what_another_reads() -> None:
    joined = keep_rows(make_rows(20), order)
    for row in joined:
        row["file"] = "changed"
    assert all(row["file"] != "changed" for row in joined)


def test_few_rows_are_a_list() -> None:
    rows = make_rows(10)
    assert keep_rows(rows, order) == sorted(rows, key=order)


@pytest.fixture
def many(tmp_path: Path) -> Path:
    for number in range(12):
        (tmp_path / f"{number}.yaml").write_text(JOB.format(number=number))
    return tmp_path


@pytest.mark.parametrize("form", ["text", "json", "sarif", "html", "github"])
def test_reports_are_the_same(many: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["lint", str(many), "--format", form, "--show-audit", "--statistics"]
    plain = call(*arguments)
    assert plain.out.count("11.yaml") >= 2
    monkeypatch.setattr(packed_rows, "MOST_LOOSE", 7)
    for jobs in ("1", "2"):
        assert call(*arguments, "--jobs", jobs) == plain


@pytest.mark.usefixtures("few")
def test_fixes_are_made_and_what_is_left_is_reported(many: Path) -> None:
    assert call("lint", str(many), "--fix", "--jobs", "2").code == 1
    done = call("lint", str(many), "--fix", "--diff")
    assert (done.code, done.out) == (0, "")


@pytest.mark.usefixtures("few")
def test_rows_are_counted_as_those_of_a_list() -> None:
    rows = make_rows(100)
    joined = keep_rows(rows, order)
    # Whoever stops on the way has seen the first ones, and the next one sees them all.
    assert next(iter(joined)) == min(rows, key=order)
    for _ in range(2):
        assert count_by(joined, read_file) == count_by(rows, read_file)
    assert len(joined) == len(list(joined)) == 100


def read_file(row: dict[str, Any]) -> str:
    return str(row["file"])
