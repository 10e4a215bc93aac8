"""What a field that nobody reads means for the findings of other rules."""

from typing import Any

import pytest

from rules.inventory import Inventory
from rules.kinds import find_kind
from rules.manifest import Manifest
from rules.model import Fix, Presence, Problem, Related, Set
from rules.paths import Path
from rules.policy import Policy
from rules.strays import Stray, find_misspelled, point_out
from rules.workload import Workload
from tests.growth import measure_growth

BUDGET: Path = ("spec", "runPolicy", "backoffLimit")
AT_ROOT: dict[str, Any] = {"runPolicy": {"backoffLimit": 1}}


def point(problem: Problem, **body: Any) -> Problem:
    """The problem of a PyTorchJob of that content."""
    kind = find_kind("kubeflow.org", "PyTorchJob")
    assert kind is not None
    manifest = Manifest({"apiVersion": "kubeflow.org/v1", "kind": "PyTorchJob", **body})
    return point_out(problem, Workload(manifest, kind, Inventory(), Policy().parameters))


def missing(path: Path, *writes: Path) -> Problem:
    edits = tuple(Set(one, 3) for one in writes or (path,))
    return Problem(
        "operator", path, "it is not set", Fix("", edits, safe=True, presence=Presence.ABSENT)
    )


def test_what_is_missing_is_pointed_at_and_not_written_beside() -> None:
    told = point(missing(BUDGET), **AT_ROOT)

    assert told.fix is None
    assert told.message == (
        "it is not set; it stands at runPolicy.backoffLimit, where nobody reads it"
    )
    assert told.related == (
        Related(("runPolicy", "backoffLimit"), "it stands here, where nobody reads it"),
    )


@pytest.mark.parametrize(
    ("path", "writes"),
    [
        (("spec",), BUDGET),
        (("spec",), ("spec", "runPolicy")),
        (("spec",), ("spec", "runPolicy", "ttlSecondsAfterFinished")),
    ],
)
def test_nothing_is_written_around_or_into_the_place_that_it_moves_to(
    path: Path, writes: Path
) -> None:
    problem = missing(path, writes)
    assert point(problem, spec={}, **AT_ROOT) == problem._replace(fix=None)


def test_what_is_misspelled_is_pointed_at_and_not_written_beside() -> None:
    told = point(missing(BUDGET), spec={"runPolicy": {"backoffLimt": 1}})

    assert told.fix is None
    assert told.message == (
        "it is not set; it stands at spec.runPolicy.backoffLimt, where nobody reads it"
    )


def test_an_object_of_many_unknown_keys_has_no_slips_of_the_pen() -> None:
    job = find_kind("batch", "Job")
    assert job is not None

    def search(size: int) -> tuple[Stray, ...]:
        spec = {f"backoffLimit{'x' * (at % 2)}{at}": at for at in range(size)}
        manifest = Manifest({"apiVersion": "batch/v1", "kind": "Job", "spec": spec})
        return find_misspelled(Workload(manifest, job, Inventory(), Policy().parameters))

    assert len(search(1_000)) < 60
    assert measure_growth(search, 1_000, 8) < 20


@pytest.mark.parametrize("path", [("spec", "suspend"), ("runPolicy",)])
def test_other_problems_stay_as_they_are(path: Path) -> None:
    assert point(missing(path), **AT_ROOT) == missing(path)


def test_what_is_written_at_both_places_may_be_changed() -> None:
    spec = {"runPolicy": {"backoffLimit": 50}}
    assert point(missing(BUDGET), spec=spec, **AT_ROOT) == missing(BUDGET)
