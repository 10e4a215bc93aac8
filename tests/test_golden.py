"""Exemplary manifests, one for each kind and role as good practice would have them.

In the strictest profile nothing is found in them above audit. docs/examples.md shows them.
"""

import io
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from linter.cli import main

FOLDER = Path(__file__).parent / "golden"
PAGE = FOLDER.parents[1] / "docs/examples.md"
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
ROLES = ("batch-inference", "retraining", "training", "serving", "data")
"""What a file is of, if its name says so; the longer name first where one holds the other."""


@cache
def lint(name: str) -> dict[str, Any]:
    """The JSON report on a file, as if its namespace held nothing else."""
    out = io.StringIO()
    path = str(FOLDER / f"{name}.yaml")
    flags = ["--profile", "strict", "--format", "json", "--show-roles"]
    main(["lint", *flags, path], stdout=out, stderr=io.StringIO())
    report: dict[str, Any] = json.loads(out.getvalue())
    return report


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_wrong_with_it(name: str) -> None:
    report = lint(name)
    told = [f"{row['rule']}/{row['form']}: {row['message']}" for row in report["findings"]]
    wrong = [text for row, text in zip(report["findings"], told, strict=True) if _counts(row)]
    assert wrong == []
    assert report["errors"] == []


def _counts(row: dict[str, Any]) -> bool:
    return row["action"] in ("deny", "warn")


@pytest.mark.parametrize("name", NAMES)
def test_it_is_understood_as_what_its_name_says(name: str) -> None:
    role = next((role for role in ROLES if role in name), None)
    told = {row["role"] for row in lint(name)["workloads"]}
    assert role in told if role else told <= {"serving", "other", "notebook", "training"}


def test_nothing_is_wrong_with_the_examples_that_mend_the_bad_ones() -> None:
    out = io.StringIO()
    folder = str(FOLDER.parents[1] / "examples/good")
    assert main(["lint", "--profile", "strict", folder], stdout=out, stderr=io.StringIO()) == 0
    assert out.getvalue() == ""


@pytest.mark.parametrize("name", NAMES)
def test_there_is_nothing_to_fix(name: str) -> None:
    path = FOLDER / f"{name}.yaml"
    flags = ["--profile", "strict", "--diff", "--unsafe-fixes"]
    out = io.StringIO()
    main(["lint", *flags, str(path)], stdout=out, stderr=io.StringIO())
    assert out.getvalue() == ""


def test_the_page_names_each_with_what_it_shows() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name in NAMES:
        first = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8").splitlines()[0]
        assert first.removeprefix("# ").split(":")[0][:40] in page
        assert f"(../tests/golden/{name}.yaml)" in page
