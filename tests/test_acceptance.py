"""The manifests that the project was asked to judge, and the core findings that each must give."""

import io
import json
from collections import Counter
from pathlib import Path

import pytest

from linter.cli import main

FOLDER = Path(__file__).parent / "acceptance"
EXPECTED = json.loads((FOLDER / "expected-core.json").read_text())
CORE = {"TRN001", "TRN002", "TRN003", "CRN001", "GPU001", "STO001", "SRV001", "HPA001"}
MORE = json.loads((FOLDER / "expected-more.json").read_text())
"""For each further rule what it finds: the manifests with their number of findings."""


def count(name: str) -> Counter[str]:
    """The findings on a manifest, by rule."""
    out = io.StringIO()
    main(["lint", "--format", "json", str(FOLDER / name)], stdout=out, stderr=io.StringIO())
    return Counter(row["rule"] for row in json.loads(out.getvalue())["findings"])


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_core_findings(name: str) -> None:
    found = count(name)
    assert {rule: found[rule] for rule in found if rule in CORE} == EXPECTED[name]


@pytest.mark.parametrize("rule", sorted(MORE))
def test_further_findings(rule: str) -> None:
    found = {name: count(name)[rule] for name in EXPECTED}
    assert {name: number for name, number in found.items() if number} == MORE[rule]


def test_every_manifest_is_expected() -> None:
    assert {path.name for path in FOLDER.glob("*.yaml")} == set(EXPECTED)
