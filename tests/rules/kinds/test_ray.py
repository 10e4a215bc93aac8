"""Ray: head, workers and submitter; jobs, scheduled jobs, services, clusters."""

from typing import Any

import pytest

from rules.kinds import find_kind
from rules.kinds.lookups import Answer
from rules.kinds.pods import Pod, Probes
from rules.kinds.roles import Role, Subrole
from rules.kinds.schema import Kind
from rules.manifest import Manifest
from rules.model import Presence


def _template(name: str) -> dict[str, Any]:
    return {"spec": {"containers": [{"name": name, "image": "ray:2"}, {"name": "helper"}]}}


CLUSTER = {
    "headGroupSpec": {"template": _template("ray-head")},
    "workerGroupSpecs": [
        {"groupName": "gpu", "replicas": 2, "numOfHosts": 4, "template": _template("ray-worker")}
    ],
}
JOB = {
    "entrypoint": "python train.py",
    "runtimeEnvYAML": "env_vars:\n  OUTPUT_DIR: s3://models/run\n",
    "rayClusterSpec": CLUSTER,
    "submitterPodTemplate": {"spec": {"containers": [{"name": "submit"}]}},
}


def _kind(name: str) -> Kind:
    kind = find_kind("ray.io", name)
    assert kind is not None
    return kind


def _object(kind: str, spec: dict[str, Any]) -> Manifest:
    return Manifest({"apiVersion": "ray.io/v1", "kind": kind, "spec": spec})


def _pods(kind: str, spec: dict[str, Any]) -> list[Pod]:
    def ask(*_question: Any) -> tuple[Answer, Any]:
        return Answer.UNKNOWN, None

    return list(_kind(kind).pods(_kind(kind).view(_object(kind, spec)), ask))


@pytest.mark.parametrize(
    ("kind", "spec", "base"),
    [
        ("RayJob", JOB, ("spec",)),
        ("RayCronJob", {"schedule": "0 3 * * *", "jobTemplate": JOB}, ("spec", "jobTemplate")),
    ],
)
def test_a_job_has_head_workers_and_submitter(
    kind: str, spec: dict[str, Any], base: tuple[str, ...]
) -> None:
    head, worker, submitter = _pods(kind, spec)

    assert head.path == (*base, "rayClusterSpec", "headGroupSpec", "template")
    assert (head.subrole, head.replicas, head.restart) == (Subrole.RAY_HEAD, 1, None)
    assert worker.path == (*base, "rayClusterSpec", "workerGroupSpecs", 0, "template")
    assert (worker.subrole, worker.name, worker.replicas) == (Subrole.WORKER, "gpu", 8)
    assert submitter.path == (*base, "submitterPodTemplate")
    assert (submitter.subrole, submitter.writer) == (Subrole.SUBMITTER, False)
    for pod in (head, worker, submitter):
        assert "python train.py" in pod.text
        assert "s3://models/run" in pod.text
        assert pod.images is False


def test_rays_container_is_the_first() -> None:
    head, worker, _ = _pods("RayJob", JOB)

    assert [main.name for main in (*head.mains, *worker.mains)] == ["ray-head", "ray-worker"]


@pytest.mark.parametrize(
    ("written", "value", "presence"),
    [(None, "Never", Presence.ABSENT), ("OnFailure", "OnFailure", Presence.WRITTEN)],
)
def test_only_the_submitter_has_a_restart_policy(
    written: str | None, value: str, presence: Presence
) -> None:
    template: dict[str, Any] = {"spec": {"containers": [], "restartPolicy": written}}
    (submitter,) = [
        pod
        for pod in _pods("RayJob", {**JOB, "submitterPodTemplate": template})
        if pod.restart is not None
    ]

    assert submitter.restart is not None
    assert submitter.restart.value.path == ("spec", "submitterPodTemplate", "spec", "restartPolicy")
    assert (submitter.restart.value.value, submitter.restart.value.presence) == (value, presence)
    assert submitter.restart.form == "operator"


def test_a_job_on_a_running_cluster_is_known_by_its_entrypoint() -> None:
    spec = {"entrypoint": "python train.py", "clusterSelector": {"ray.io/cluster": "shared"}}
    (pod,) = _pods("RayJob", spec)

    assert (pod.path, pod.containers, pod.writer) == (("spec",), (), False)
    assert pod.text == "python train.py"


@pytest.mark.parametrize(
    ("group", "count"),
    [
        ({}, 0),
        ({"minReplicas": 3}, 3),
        ({"replicas": 2}, 2),
        ({"replicas": 2, "numOfHosts": 2}, 4),
        ({"replicas": "{{n}}"}, None),
        ({"replicas": True}, None),
    ],
)
def test_workers_of_a_group(group: dict[str, Any], count: int | None) -> None:
    spec = {"workerGroupSpecs": [{**group, "template": _template("w")}]}
    (pod,) = _pods("RayCluster", spec)

    assert pod.replicas == count


@pytest.mark.parametrize(
    ("kind", "base"), [("RayJob", ("spec",)), ("RayCronJob", ("spec", "jobTemplate"))]
)
def test_no_retry_unless_written_and_a_deadline_for_each_attempt(
    kind: str, base: tuple[str, ...]
) -> None:
    manifest = _object(kind, {"jobTemplate": {}})
    (retry,) = _kind(kind).retries(_kind(kind).view(manifest))
    deadlines = _kind(kind).deadlines(_kind(kind).view(manifest), ())

    assert (retry.value.path, retry.value.value) == ((*base, "backoffLimit"), 0)
    assert retry.value.absent
    assert retry.unset_passes
    assert deadlines is not None
    assert deadlines.fix_at == ((*base, "activeDeadlineSeconds"),)
    assert "attempt" in deadlines.counting


def test_written_budgets_are_read() -> None:
    manifest = _object("RayJob", {"backoffLimit": 7, "activeDeadlineSeconds": 60})
    (retry,) = _kind("RayJob").retries(_kind("RayJob").view(manifest))
    deadlines = _kind("RayJob").deadlines(_kind("RayJob").view(manifest), ())

    assert (retry.value.value, retry.value.presence) == (7, Presence.WRITTEN)
    assert deadlines is not None
    assert [place.value for place in deadlines.places] == [60]


def test_a_scheduled_job_cannot_forbid_overlap() -> None:
    manifest = _object("RayCronJob", {"schedule": "0 3 * * *", "suspend": True})
    schedule = _kind("RayCronJob").schedule(manifest)

    assert schedule is not None
    assert schedule.path == ("spec", "schedule")
    assert schedule.concurrency is None
    assert schedule.suspended
    assert "activeDeadlineSeconds" in schedule.advice
    assert _kind("RayJob").schedule(manifest) is None


def test_a_service_serves_and_brings_its_own_probes() -> None:
    spec = {"serveConfigV2": "applications: []", "rayClusterConfig": CLUSTER}
    pods = _pods("RayService", spec)

    assert _kind("RayService").role is Role.SERVING
    assert [pod.path[:2] for pod in pods] == [("spec", "rayClusterConfig")] * 2
    assert {pod.probes for pod in pods} == {Probes.GIVEN}
    assert {pod.text for pod in pods} == {"applications: []"}


def test_a_clusters_role_is_not_its_kinds() -> None:
    kind = _kind("RayCluster")

    assert kind.role is None
    assert not kind.priors
    assert [pod.subrole for pod in _pods("RayCluster", CLUSTER)] == [
        Subrole.RAY_HEAD,
        Subrole.WORKER,
    ]


def test_registration() -> None:
    names = ("RayJob", "RayCronJob", "RayService", "RayCluster")

    assert [_kind(name).plural for name in names] == [name.lower() + "s" for name in names]
    assert _kind("RayJob").priors == {Role.TRAINING: 2, Role.BATCH: 2, Role.SERVING: -4}
