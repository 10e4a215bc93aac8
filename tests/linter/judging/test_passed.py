"""Which rules judged an object and found nothing: evidence for auditors."""

import datetime
from pathlib import Path
from typing import Any

from linter.input.excludes import Excludes
from linter.input.sources import Collection, collect
from linter.judging.run import lint
from linter.judging.task import Task
from linter.row_types import RunResult
from rules.checks import INDEX
from rules.model import Action
from rules.policy import DEFAULT, Policy
from tests.linter.judging.test_run import BAD_JOB, SERVICE


def make_task(policy: Policy = DEFAULT, **known: Any) -> Task:
    return Task(policy, datetime.date(2026, 6, 1), INDEX, **known)


def run(*paths: str, jobs: int = 1, task: Task) -> RunResult:
    return lint(task, collect(paths, Excludes("/")), jobs=jobs)


def run_text(text: str, **known: Any) -> RunResult:
    return lint(make_task(**known), Collection([], [], [], {}), [("-", text.encode())])


def passed(result: RunResult) -> list[str]:
    (row,) = result["passed"]
    return row["rules"]


def test_what_passed_is_told_by_object() -> None:
    """The rules that judged it and found nothing: neither those that found something, be it
    ignored, nor those that are off or that nobody gave a value."""
    result = run_text(BAD_JOB, passed=True)
    found = {row["rule"] for row in result["findings"]}
    assert {"TRN001", "TRN002"} <= found
    assert {"GPU001", "TRN004"} <= set(passed(result))
    assert found.isdisjoint(passed(result))
    assert not any(code.startswith("ORG") for code in passed(result))
    (row,) = result["passed"]
    assert (row["file"], row["line"], row["object"]["name"]) == ("-", 2, "train")

    annotated = BAD_JOB.replace(
        "{name: train}", '{name: train, annotations: {mlgate.dev/ignore: "TRN001=x"}}', 1
    )
    assert "TRN001" not in passed(run_text(annotated, passed=True))
    commented = BAD_JOB.replace("OnFailure", "OnFailure  # mlgate: ignore[TRN001] x")
    assert "TRN001" not in passed(run_text(commented, passed=True))

    off = Policy(rules={"GPU001": Action.OFF}, values={"ORG001": {"per_pod": 8}})
    text = lint(make_task(off, passed=True), Collection([], [], [], {}), [("-", BAD_JOB.encode())])
    assert "GPU001" not in passed(text)
    assert "ORG001" in passed(text)


def test_nothing_passed_where_nothing_was_judged() -> None:
    assert run_text(SERVICE, passed=True)["passed"] == []
    assert run_text(BAD_JOB)["passed"] == []


def test_what_passed_is_the_same_by_any_number_of_processes(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.yaml").write_text(BAD_JOB)
    task = make_task(passed=True)
    assert (
        run(str(tmp_path), task=task)["passed"] == run(str(tmp_path), jobs=3, task=task)["passed"]
    )
    assert len(run(str(tmp_path), task=task)["passed"]) == 3
