"""KubeDL's own jobs: the run policy in the spec, schedules of their own, defaults of each kind."""

from typing import Any

import pytest

from rules.kinds.roles import Role
from rules.workload import Workload
from tests.rules.kinds.test_facts import make_workload

REPLICA = {"template": {"spec": {"containers": [{"name": "main", "image": "train:1"}]}}}
CRON = {"schedule": "0 3 * * 0", "concurrencyPolicy": "Forbid", "suspend": True}


def make(kind: str, field: str, *types: str, group: str = "training", **spec: Any) -> Workload:
    body = {field: dict.fromkeys(types, REPLICA), **spec}
    version = f"{group}.kubedl.io/v1alpha1"
    return make_workload({"apiVersion": version, "kind": kind, "spec": body})


@pytest.mark.parametrize(
    ("kind", "field", "policies"),
    [
        ("TFJob", "tfReplicaSpecs", {"Chief": "ExitCode", "Worker": "ExitCode"}),
        ("PyTorchJob", "pytorchReplicaSpecs", {"Master": "ExitCode", "Worker": "OnFailure"}),
        ("XGBoostJob", "xgbReplicaSpecs", {"Master": "Always"}),
        ("ElasticDLJob", "elasticdlReplicaSpecs", {"Master": "Always"}),
        ("XDLJob", "xdlReplicaSpecs", {"Worker": "Never"}),
        ("MPIJob", "mpiReplicaSpecs", {"Launcher": "Never", "Worker": "Never"}),
    ],
)
def test_what_an_absent_policy_means(kind: str, field: str, policies: dict[str, str]) -> None:
    workload = make(kind, field, *policies)
    found = {pod.name: pod.restart.value.value for pod in workload.pods if pod.restart}

    assert found == {name.lower(): policy for name, policy in policies.items()}
    assert workload.role is Role.TRAINING


def test_budgets_stand_in_the_spec_itself() -> None:
    workload = make("TFJob", "tfReplicaSpecs", "Worker", backoffLimit=2, activeDeadlineSeconds=60)
    (retry,) = workload.retries

    assert (retry.value.path, retry.value.value, retry.endless) == (("spec", "backoffLimit"), 2, "")
    assert workload.deadlines is not None
    assert [one.value for one in workload.deadlines.places] == [60]


def test_an_absent_budget_of_xdl_is_its_own() -> None:
    (retry,) = make("XDLJob", "xdlReplicaSpecs", "Worker").retries
    (other,) = make("TFJob", "tfReplicaSpecs", "Worker").retries

    assert "0 says so" in retry.unset  # nothing is retried under Never
    assert other.unset == "nothing bounds the restarts"


def test_a_job_with_a_schedule_trains_again() -> None:
    once = make("TFJob", "tfReplicaSpecs", "Worker")
    weekly = make("TFJob", "tfReplicaSpecs", "Worker", cronPolicy=CRON)

    assert (once.schedule, once.role) == (None, Role.TRAINING)
    assert weekly.role is Role.RETRAINING
    assert weekly.schedule is not None
    assert weekly.schedule.concurrency is not None
    assert weekly.schedule.concurrency.value == "Forbid"
    assert (weekly.schedule.path, weekly.schedule.suspended) == (
        ("spec", "cronPolicy", "schedule"),
        True,
    )


def test_pods_of_a_finished_job_are_cleaned_up_as_each_kind_does() -> None:
    twice = {"Worker": {**REPLICA, "replicas": 2}}
    left = make("PyTorchJob", "", pytorchReplicaSpecs=twice)
    cleaned = make("TFJob", "", tfReplicaSpecs=twice)

    assert [one.wanted for one in left.kind.leftovers(left.spec)] == ["Running"]
    assert list(cleaned.kind.leftovers(cleaned.spec)) == []


def test_servers_and_notebooks() -> None:
    predictor = {"name": "first", "replicas": 2, **REPLICA}
    server = make("Inference", "", group="serving", predictors=[predictor])
    notebook = make("Notebook", "", group="notebook", **REPLICA)

    assert [(pod.name, pod.replicas) for pod in server.pods] == [("first", 2)]
    assert (server.role, notebook.role) == (Role.SERVING, Role.NOTEBOOK)
