"""docs/kinds.md: every kind, with the pods and facts that it has."""

import re
from pathlib import Path

import pytest

from linter.commands.kinds_page import make_page
from rules.kinds import BUILT_IN, IN_FILES
from rules.kinds.schema import Kind

ROOT = Path(__file__).parents[3]
PAGE = make_page()
LINES = PAGE.splitlines()


def section_of(kind: Kind) -> list[str]:
    start = LINES.index(f"### {kind.name}.{kind.group}".rstrip("."))
    rest = LINES[start + 1 :]
    ends = (number for number, line in enumerate(rest) if line.startswith("##"))
    return rest[: next(ends, len(rest))]


@pytest.mark.parametrize("kind", [*BUILT_IN, *IN_FILES], ids=lambda kind: kind.name)
def test_every_kind_has_a_row_and_its_facts(kind: Kind) -> None:
    heads = [line for line in LINES if line.startswith(f"| {kind.name} | {kind.group or 'core'} |")]
    told = {line.split(" | ")[0].removeprefix("| ") for line in section_of(kind)}

    assert len(heads) == 1
    assert {fact for _, rows in kind.rows for fact in rows} <= told


@pytest.mark.parametrize(
    "line",
    [
        "| Job | batch | by what runs in it | `spec.template` |",
        "| PyTorchJob | kubeflow.org | training | `spec.pytorchReplicaSpecs.*.template` |",
        "| ConfigMap | core |  | those of the objects that it holds |",
        "| HorizontalPodAutoscaler | autoscaling |  | none of its own |",
        "| backoff limit | `spec.tasks[*].maxRetry` | `3` |",
        "| restart strategy | `spec.failurePolicy.restartStrategy` | `Recreate` |",
        "| cleanup policy | `spec.runPolicy.cleanPodPolicy` | `None`, unwritten |",
        "| ttl | `spec.ttlSecondsAfterFinished` |  |",
    ],
)
def test_what_is_told(line: str) -> None:
    assert line in LINES


def test_no_item_of_an_example_is_told() -> None:
    assert re.findall(r"\[\d+\]", PAGE) == []


def test_the_page_is_up_to_date() -> None:
    assert (ROOT / "docs" / "kinds.md").read_text() == PAGE
