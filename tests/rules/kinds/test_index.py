"""Kinds are found without their modules, and a module is imported for an object of its kinds."""

import subprocess
import sys
from pathlib import Path

import pytest

from linter.generate import kinds_index_text
from rules.kinds import BUILT_IN, KIND_INDEX, find_kind, index, is_namespaced, kinds_with
from rules.kinds.kept_pods import PODS
from rules.kinds.neighbours import NEIGHBOURS


def test_the_index_says_what_every_kind_does() -> None:
    """``make generate`` writes it."""
    assert index.__file__ is not None
    assert Path(index.__file__).read_text(encoding="utf-8") == kinds_index_text()
    said = [(one.group, one.name, one.namespaced, one.facts) for one in KIND_INDEX]
    assert said == [(one.group, one.name, one.namespaced, tuple(one.facts)) for one in BUILT_IN]
    assert len({one[:2] for one in said}) == len(said) > 80


def test_a_kind_is_found_by_its_group_and_name() -> None:
    for kind in BUILT_IN:
        assert find_kind(kind.group, kind.name) == kind
    assert find_kind("batch", "Deployment") is None


@pytest.mark.parametrize(
    ("group", "name", "namespaced"),
    [
        ("batch", "Job", True),
        ("argoproj.io", "ClusterWorkflowTemplate", False),
        ("", "Service", True),
        ("example.com", "Job", None),
    ],
)
def test_whether_a_namespace_holds_objects_of_a_kind(
    group: str,
    name: str,
    namespaced: bool | None,  # noqa: FBT001 - a column
) -> None:
    assert is_namespaced(group, name) is namespaced


def test_the_kinds_of_which_a_fact_may_be_asked() -> None:
    asked = {(one.group, one.name) for one in (*BUILT_IN, *NEIGHBOURS) if PODS in one.facts}
    assert {*kinds_with(PODS)} == asked


def test_kinds_that_no_object_is_of_are_not_imported() -> None:
    program = (
        "import sys; from rules.kinds import find_kind, kinds_with;"
        "assert find_kind('batch', 'Job').name == 'Job'; kinds_with('pods');"
        "print(*sorted(one for one in sys.modules if one.startswith('rules.kinds.')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    imported = done.stdout.split()
    assert "rules.kinds.batch" in imported
    assert {f"rules.kinds.{name}" for name in ("argo", "kserve", "ray", "volcano")}.isdisjoint(
        imported
    )


def test_a_resource_is_named_by_the_plural_of_its_kind() -> None:
    """The webhook registers for this name: objects of a wrong one never come to it."""
    for kind in (one for one in BUILT_IN if one.plural):
        stem = kind.name.lower()
        sibilant = stem.endswith(("s", "x", "z", "ch", "sh"))
        assert kind.plural == f"{stem}{'es' if sibilant else 's'}"
