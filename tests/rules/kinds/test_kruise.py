"""OpenKruise: what apps/v1 has, with more ways to roll out, and a CronJob of its own."""

from typing import Any

import pytest

from rules.kinds import facts
from rules.kinds.roles import Role
from rules.workload import Workload
from tests.rules.kinds.test_facts import make_workload

TRAINS = {"containers": [{"name": "main", "image": "train:1", "command": ["python", "train.py"]}]}
SERVES = {"containers": [{"name": "vllm", "image": "vllm/vllm-openai:v0.9.1"}]}


def make(kind: str, spec: dict[str, Any]) -> Workload:
    return make_workload({"apiVersion": "apps.kruise.io/v1alpha1", "kind": kind, "spec": spec})


@pytest.mark.parametrize("kind", ["CloneSet", "StatefulSet"])
def test_pods_with_claims_of_their_own(kind: str) -> None:
    claim = {"metadata": {"name": "models"}}
    spec = {"replicas": 3, "template": {"spec": SERVES}, "volumeClaimTemplates": [claim]}
    workload = make(kind, spec)
    (pod,) = workload.pods

    assert (pod.path, pod.replicas) == (("spec", "template"), 3)
    assert [volume.name for volume in pod.volumes] == ["models"]
    assert workload.role is Role.SERVING
    assert not workload.kind.built_in


def test_a_clone_set_recreates_a_fifth_at_a_time() -> None:
    workload = make("CloneSet", {"template": {"spec": SERVES}})

    told = [workload.at(fact) for fact in (facts.UPDATE_STRATEGY, facts.MAX_UNAVAILABLE)]
    assert [value and value.value for value in told] == ["ReCreate", "20%"]


@pytest.mark.parametrize("paused", [True, False])
def test_a_cron_job_holds_a_jobs_spec_deeper_down(*, paused: bool) -> None:
    job = {"backoffLimit": 9, "template": {"spec": {"restartPolicy": "OnFailure", **TRAINS}}}
    spec = {"schedule": "@daily", "paused": paused, "template": {"jobTemplate": {"spec": job}}}
    workload = make("AdvancedCronJob", spec)
    (pod,) = workload.pods

    assert pod.path == ("spec", "template", "jobTemplate", "spec", "template")
    assert pod.restart is not None
    assert (pod.restart.form, pod.restart.value.value) == ("operator", "OnFailure")
    assert [(one.form, one.value.value) for one in workload.retries] == [("operator", 9)]
    assert workload.role is Role.RETRAINING
    assert workload.schedule is not None
    assert workload.schedule.suspended == paused
    assert workload.schedule.concurrency is not None
    assert workload.schedule.concurrency.value == "Allow"
