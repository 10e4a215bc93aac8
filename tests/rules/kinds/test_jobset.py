"""JobSet: child Jobs, their budgets, and the set's own."""

from typing import Any

import pytest

from rules.kinds import find_kind
from rules.kinds.lookups import Answer
from rules.kinds.pods import Pod
from rules.kinds.roles import Role, Subrole
from rules.kinds.runs import Deadlines, Retry
from rules.kinds.schema import Kind
from rules.manifest import Manifest
from rules.model import Presence
from rules.paths import Path

STEP = "trainer.kubeflow.org/trainjob-ancestor-step"
CHILD: Path = ("spec", "replicatedJobs", 0, "template", "spec")


def _kind() -> Kind:
    kind = find_kind("jobset.x-k8s.io", "JobSet")
    assert kind is not None
    return kind


def _ask(*_question: Any) -> tuple[Answer, Any]:
    return Answer.UNKNOWN, None


def _job(name: str, step: str = "", **fields: Any) -> dict[str, Any]:
    pod = {"containers": [{"name": "main", "image": "train:1"}]}
    metadata = {"labels": {STEP: step}} if step else {}
    template = {"spec": {"template": {"spec": pod}, **fields}, "metadata": metadata}
    return {"name": name, "replicas": 2, "template": template}


def _manifest(*jobs: dict[str, Any], **spec: Any) -> Manifest:
    body = {"replicatedJobs": list(jobs), **spec}
    return Manifest({"apiVersion": "jobset.x-k8s.io/v1alpha2", "kind": "JobSet", "spec": body})


def _pods(manifest: Manifest) -> dict[str, Pod]:
    return {pod.name: pod for pod in _kind().pods(_kind().view(manifest), _ask)}


def _retries(manifest: Manifest) -> list[Retry]:
    return list(_kind().retries(_kind().view(manifest)))


def _deadlines(manifest: Manifest) -> Deadlines:
    deadlines = _kind().deadlines(_kind().view(manifest), ())
    assert deadlines is not None
    return deadlines


def test_each_replicated_job_has_a_pod_template() -> None:
    pods = _pods(_manifest(_job("leader"), _job("workers", parallelism=4)))

    assert pods["leader"].path == (*CHILD, "template")
    assert pods["leader"].replicas == 2
    assert pods["workers"].replicas == 8
    assert pods["workers"].subrole is Subrole.WORKER
    assert all(pod.writer for pod in pods.values())


def test_the_restart_policy_is_the_pods_and_its_webhook_writes_on_failure() -> None:
    restart = _pods(_manifest(_job("workers")))["workers"].restart

    assert restart is not None
    assert restart.value.path == (*CHILD, "template", "spec", "restartPolicy")
    assert (restart.value.value, restart.value.presence) == ("OnFailure", Presence.ABSENT)
    assert (restart.form, restart.allowed, restart.safe) == ("operator", ("Never",), False)
    assert "maxRestarts" in restart.note


def test_a_pod_failure_policy_needs_never() -> None:
    restart = _pods(_manifest(_job("workers", podFailurePolicy={"rules": []})))["workers"].restart

    assert restart is not None
    assert restart.needs_never


def test_in_place_restarts_pass() -> None:
    policy = {"restartStrategy": "InPlaceRestart"}
    manifest = _manifest(_job("workers", backoffLimit=2147483647), failurePolicy=policy)
    restart = _pods(manifest)["workers"].restart

    assert restart is not None
    assert {"Never", "OnFailure", "Always"} <= set(restart.allowed)
    assert restart.family == "in-place"
    assert restart.elastic
    (retry,) = _retries(manifest)
    assert retry.value.path == ("spec", "failurePolicy", "maxRestarts")
    assert retry.unset_passes


def test_a_child_that_only_runs_sshd_may_be_restarted() -> None:
    job = _job("node")
    job["template"]["spec"]["template"]["spec"]["containers"][0]["command"] = ["sshd", "-De"]
    restart = _pods(_manifest(job))["node"].restart

    assert restart is not None
    assert restart.allowed == ("Never", "OnFailure")


def test_there_are_two_budgets() -> None:
    restarts, child = _retries(_manifest(_job("workers", backoffLimit=6)))

    assert restarts.value.path == ("spec", "failurePolicy", "maxRestarts")
    assert (restarts.value.absent, restarts.bound) == (True, "max_jobset_restarts")
    assert (restarts.preset, restarts.safe) == (3, False)
    assert child.value.path == (*CHILD, "backoffLimit")
    assert (child.value.value, child.bound, child.form) == (6, "max", "operator")
    assert (child.preset, child.safe) == (0, False)


def test_a_childs_budget_is_what_somebody_wrote() -> None:
    """Neither the API server nor JobSet's webhook writes a child's default into the JobSet."""
    body = _manifest(_job("workers", backoffLimit=6), failurePolicy={"maxRestarts": 0}).object
    restarts, child = _retries(Manifest(body, admitted=True))

    assert (restarts.value.defaulted, child.value.written) == (True, True)


def test_a_child_may_bound_its_retries_by_index() -> None:
    _, per_index, failed = _retries(_manifest(_job("sweep", backoffLimitPerIndex=1)))

    assert per_index.value.path == (*CHILD, "backoffLimitPerIndex")
    assert per_index.form == "operator"
    assert failed.value.absent


def test_the_children_bound_the_set() -> None:
    deadlines = _deadlines(_manifest(_job("leader"), _job("workers", activeDeadlineSeconds=60)))

    assert [place.value for place in deadlines.places] == [None, 60]
    assert deadlines.fix_at[0] == (*CHILD, "activeDeadlineSeconds")
    assert deadlines.pod_only is None


def test_a_deadline_of_the_pod_alone_is_no_bound() -> None:
    job = _job("workers")
    job["template"]["spec"]["template"]["spec"]["activeDeadlineSeconds"] = 60
    pod_only = _deadlines(_manifest(job)).pod_only

    assert pod_only is not None
    assert pod_only.path == (*CHILD, "template", "spec", "activeDeadlineSeconds")


@pytest.mark.parametrize("job", [_job("dataset-initializer"), _job("fetch", "model-initializer")])
def test_initializers_fetch_data_and_count_for_nothing(job: dict[str, Any]) -> None:
    manifest = _manifest(job, _job("node", "trainer"))
    pods = _pods(manifest)
    first = pods[job["name"]]

    assert (first.subrole, first.role, first.writer) == (Subrole.INITIALIZER, Role.DATA, False)
    assert pods["node"].role is None
    assert [retry.value.path[2] for retry in _retries(manifest)[1:]] == [1]
    assert [place.path[2] for place in _deadlines(manifest).places] == [1]


def test_where_a_job_says_that_it_trains_it_alone_holds_the_outputs() -> None:
    pods = _pods(_manifest(_job("launcher", "trainer"), _job("node")))

    assert (pods["launcher"].writer, pods["node"].writer) == (True, False)
    assert pods["launcher"].subrole is Subrole.LAUNCHER


def test_claims_that_the_set_makes_are_volumes_of_every_pod() -> None:
    claim = {"metadata": {"name": "models"}, "spec": {}}
    pods = _pods(_manifest(_job("a"), _job("b"), volumeClaimPolicies=[{"templates": [claim]}]))

    for pod in pods.values():
        (volume,) = pod.volumes
        assert volume.name == "models"
        assert volume.path == ("spec", "volumeClaimPolicies", 0, "templates", 0)
        assert volume.body == {"volumeClaimTemplate": claim}


def test_the_kind() -> None:
    kind = _kind()

    assert kind.role is None
    assert kind.priors == {Role.TRAINING: 2, Role.SERVING: -4}
    assert kind.required == (("spec", "replicatedJobs"),)
    assert kind.plural == "jobsets"
