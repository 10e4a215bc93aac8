"""What a workload keeps for the rules that look at it."""

import pytest

from rules.inventory import Inventory
from rules.kinds import find_kind
from rules.manifest import Manifest
from rules.policy import Policy
from rules.workload import Workload


@pytest.fixture
def workload() -> Workload:
    kind = find_kind("batch", "Job")
    assert kind is not None
    body = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "run"}}
    return Workload(Manifest(body), kind, Inventory(), Policy().parameters)


def test_a_reading_is_made_once_for_each_thing_that_it_is_about(workload: Workload) -> None:
    made: list[str] = []

    def read(one: Workload, what: str) -> tuple[str | None, str]:
        made.append(what)
        return one.identity.name, what

    assert [workload.once(read, what) for what in ("a", "b", "a")] == [
        ("run", "a"),
        ("run", "b"),
        ("run", "a"),
    ]
    assert made == ["a", "b"]


def test_a_reading_that_finds_nothing_is_made_once_too(workload: Workload) -> None:
    made: list[Workload] = []
    assert workload.once(made.append) is None
    assert workload.once(made.append) is None
    assert made == [workload]


def test_a_reading_that_crashes_crashes_each_rule_that_asks_for_it(workload: Workload) -> None:
    def read(_one: Workload) -> None:
        raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            workload.once(read)
