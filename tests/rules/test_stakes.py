"""What is at stake: attempts x pods x devices x hours."""

from math import inf
from typing import Any

import pytest

from rules.inventory import Inventory
from rules.kinds import find_kind
from rules.manifest import Manifest
from rules.policy import Policy
from rules.stakes import Stakes, reckon_stakes
from rules.workload import Workload

FOUR_PODS = Stakes(7, 4, 32, "GPU", 8, inf, per_attempt=False)


@pytest.mark.parametrize(
    ("changes", "told", "hours"),
    [
        ({}, "7 attempts x 4 pods x 8 GPUs, no deadline", inf),
        ({"seconds": 7200.0}, "7 attempts x 4 pods x 8 GPUs, 2 h in all", 64),
        (
            {"seconds": 7200.0, "per_attempt": True},
            "7 attempts x 4 pods x 8 GPUs, 2 h each",
            448,
        ),
        (
            {"seconds": 7200.0, "per_attempt": True, "attempts": inf},
            "endless attempts x 4 pods x 8 GPUs, 2 h each",
            inf,
        ),
        (
            {"seconds": 7200.0, "per_attempt": True, "attempts": None},
            "4 pods x 8 GPUs, 2 h each",
            None,
        ),
        ({"each": 0, "attempts": 1}, "1 attempt x 4 pods with 32 GPUs, no deadline", inf),
        ({"pods": None, "devices": None}, "7 attempts x pods x 8 GPUs, no deadline", inf),
        (
            {"pods": None, "devices": None, "seconds": 3600.0},
            "7 attempts x pods x 8 GPUs, 1 h in all",
            None,
        ),
        ({"devices": None, "each": 0}, "7 attempts x 4 pods with GPUs, no deadline", inf),
        ({"device": ""}, "", None),
    ],
)
def test_stakes_are_told_and_reckoned(
    changes: dict[str, Any], told: str, hours: float | None
) -> None:
    stakes = FOUR_PODS._replace(**changes)
    assert str(stakes) == told
    assert stakes.gpu_hours == hours


def reckon(api_version: str, kind: str, spec: dict[str, Any]) -> Stakes:
    body = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}, "spec": spec}
    manifest = Manifest(body)
    known = find_kind(manifest.group, kind)
    assert known is not None
    return reckon_stakes(Workload(manifest, known, Inventory(), Policy().parameters))


def template(**limits: Any) -> dict[str, Any]:
    container = {"name": "x", "image": "x", "command": ["python", "train.py", "--epochs=5"]}
    return {"spec": {"containers": [{**container, "resources": {"limits": limits}}]}}


@pytest.mark.parametrize(
    ("amount", "devices"), [(2, 8), ("2", 8), ("{{gpus}}", None), (0, 0), ("0", 0)]
)
def test_devices_are_counted_over_all_pods(amount: Any, devices: float | None) -> None:
    job = {"parallelism": 4, "template": template(**{"nvidia.com/gpu": amount})}
    stakes = reckon("batch/v1", "Job", job)
    assert stakes.devices == devices
    assert stakes.attempts == 7
    assert stakes.device == ("" if devices == 0 else "GPU")


def test_a_template_of_a_number_of_pods_is_not_counted() -> None:
    job = {"parallelism": "{{pods}}", "template": template(**{"nvidia.com/gpu": 1})}
    stakes = reckon("batch/v1", "Job", job)
    assert (stakes.pods, stakes.devices, stakes.each) == (None, None, 1)


def test_budgets_of_a_jobset_multiply_and_the_largest_child_counts() -> None:
    jobs = [
        {"name": name, "template": {"spec": {"backoffLimit": limit, "template": template()}}}
        for name, limit in (("a", 1), ("b", 2))
    ]
    spec = {"failurePolicy": {"maxRestarts": 3}, "replicatedJobs": jobs}
    assert reckon("jobset.x-k8s.io/v1alpha2", "JobSet", spec).attempts == 12


@pytest.mark.parametrize(
    ("policy", "limit", "attempts"),
    [
        ("OnFailure", 3, 4),
        ("OnFailure", None, inf),
        ("Never", 3, 1),
        ("ExitCode", 3, inf),
        ("ExitCode", 0, 1),
        ("OnFailure", "{{n}}", None),
    ],
)
def test_a_kubeflow_job_counts_by_its_restart_policy(
    policy: str, limit: Any, attempts: float | None
) -> None:
    worker = {"replicas": 2, "restartPolicy": policy, "template": template()}
    spec = {"runPolicy": {"backoffLimit": limit}, "pytorchReplicaSpecs": {"Worker": worker}}
    assert reckon("kubeflow.org/v1", "PyTorchJob", spec).attempts == attempts


def test_what_another_object_says_of_attempts_is_not_known() -> None:
    spec = {"runtimeRef": {"name": "torch"}, "trainer": {"numNodes": 2}}
    assert reckon("trainer.kubeflow.org/v1alpha1", "TrainJob", spec).attempts is None
