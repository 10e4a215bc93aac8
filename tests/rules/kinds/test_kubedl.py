"""KubeDL's Cron: a job of another kind, which is judged where it stands."""

from typing import Any

import pytest

from rules.kinds.roles import Role
from rules.kinds.schema import Inner
from rules.workload import Workload
from tests.rules.kinds.test_facts import make_workload


def make(version: str, kind: str, **spec: Any) -> Workload:
    job = {"apiVersion": version, "kind": kind, "spec": {}}
    body = {"schedule": "@daily", "template": {"workload": job}, **spec}
    return make_workload({"apiVersion": "apps.kubedl.io/v1alpha1", "kind": "Cron", "spec": body})


@pytest.mark.parametrize(
    ("version", "kind", "role"),
    [
        ("kubeflow.org/v1", "PyTorchJob", Role.RETRAINING),
        ("training.kubedl.io/v1alpha1", "TFJob", Role.RETRAINING),
        ("batch/v1", "Job", None),
    ],
)
def test_the_job_says_what_the_schedule_is_for(version: str, kind: str, role: Role | None) -> None:
    workload = make(version, kind)

    assert workload.role is role
    assert list(workload.kind.inner(workload.spec)) == [Inner(("spec", "template", "workload"))]


def test_runs_may_overlap_unless_it_says_no() -> None:
    free, held = make("kubeflow.org/v1", "TFJob"), make("kubeflow.org/v1", "TFJob", suspend=True)

    assert free.schedule is not None
    assert free.schedule.concurrency is not None
    assert (free.schedule.concurrency.value, free.schedule.suspended) == ("Allow", False)
    assert held.schedule is not None
    assert held.schedule.suspended
