"""Paddle's own PaddleJob: parameter servers and workers, restarted as the operator says."""

from typing import Any

import pytest

from rules.kinds.roles import Role, Subrole
from rules.workload import Workload
from tests.rules.kinds.test_facts import make_workload

PART = {"replicas": 2, "template": {"spec": {"containers": [{"name": "paddle", "image": "a:1"}]}}}


def make(spec: dict[str, Any]) -> Workload:
    version = "batch.paddlepaddle.org/v1"
    return make_workload({"apiVersion": version, "kind": "PaddleJob", "spec": spec})


def test_servers_and_workers() -> None:
    workload = make({"ps": PART, "worker": PART, "heter": PART})
    pods = {pod.name: pod for pod in workload.pods}

    assert [pods[name].subrole for name in ("ps", "worker", "heter")] == [
        Subrole.PS,
        Subrole.WORKER,
        Subrole.WORKER,
    ]
    assert [name for name, pod in pods.items() if pod.writer] == ["worker"]
    assert [pod.replicas for pod in pods.values()] == [2, 2, 2]
    assert pods["ps"].restart is None
    assert workload.role is Role.TRAINING
    assert (workload.retries, workload.deadlines) == ((), None)


@pytest.mark.parametrize(
    ("said", "policy", "elastic"),
    [
        ({}, "Never", False),
        ({"intranet": "Service"}, "OnFailure", False),
        ({"elastic": 1}, "Never", True),
    ],
)
def test_what_an_absent_policy_means(said: dict[str, Any], policy: str, *, elastic: bool) -> None:
    (pod,) = make({"worker": PART, **said}).pods

    assert pod.restart is not None
    assert (pod.restart.value.value, pod.restart.elastic) == (policy, elastic)
