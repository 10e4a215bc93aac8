"""Volcano: tasks, policies, and the volumes of a whole Job."""

from typing import Any

import pytest

from rules.kinds import find_kind
from rules.kinds.lookups import Answer
from rules.kinds.pods import Pod
from rules.kinds.roles import Role, Subrole
from rules.kinds.runs import Retry
from rules.kinds.schema import Kind
from rules.manifest import Manifest
from rules.model import Presence
from rules.paths import Path

TASK: Path = ("spec", "tasks", 0)


def _kind(name: str = "Job", group: str = "batch.volcano.sh") -> Kind:
    kind = find_kind(group, name)
    assert kind is not None
    return kind


def _ask(*_question: Any) -> tuple[Answer, Any]:
    return Answer.UNKNOWN, None


def _task(name: str, *command: str, **fields: Any) -> dict[str, Any]:
    containers = [{"name": name, "image": "train:1", "command": list(command)}]
    init = [{"name": "setup", "image": "busybox"}]
    pod = {"containers": containers, "initContainers": init}
    return {"name": name, "replicas": 2, "template": {"spec": pod}, **fields}


def _manifest(*tasks: dict[str, Any], **spec: Any) -> Manifest:
    return Manifest(
        {
            "apiVersion": "batch.volcano.sh/v1alpha1",
            "kind": "Job",
            "spec": {"tasks": list(tasks), **spec},
        }
    )


def _pods(manifest: Manifest) -> dict[str, Pod]:
    return {pod.name: pod for pod in _kind().pods(_kind().view(manifest), _ask)}


def _retries(manifest: Manifest) -> list[Retry]:
    return list(_kind().retries(_kind().view(manifest)))


def test_each_task_has_a_pod_template() -> None:
    pods = _pods(_manifest(_task("master"), _task("worker")))

    assert pods["master"].path == (*TASK, "template")
    assert (pods["master"].subrole, pods["worker"].subrole) == (Subrole.MASTER, Subrole.WORKER)
    assert pods["worker"].replicas == 2
    assert pods["master"].writer
    assert pods["worker"].writer


def test_an_unset_restart_policy_means_always() -> None:
    restart = _pods(_manifest(_task("worker")))["worker"].restart

    assert restart is not None
    assert restart.value.path == (*TASK, "template", "spec", "restartPolicy")
    assert (restart.value.value, restart.value.presence) == ("Always", Presence.ABSENT)
    assert restart.form == "operator"


def test_a_task_that_only_runs_sshd_may_be_restarted() -> None:
    sshd = _pods(_manifest(_task("mpiworker", "sh", "-c", "/usr/sbin/sshd -D")))["mpiworker"]
    idle = _pods(_manifest(_task("worker")))["worker"]

    assert sshd.restart is not None
    assert idle.restart is not None
    assert "OnFailure" in sshd.restart.allowed
    assert idle.restart.allowed == ("Never",)


def test_nothing_is_retried_without_a_policy_that_restarts() -> None:
    policy = {"event": "PodFailed", "action": "TerminateJob"}

    retries = _retries(_manifest(_task("worker"), policies=[policy], maxRetry=9))
    assert [(retry.value.value, retry.attempts) for retry in retries] == [(9, 1), (3, 1)]
    assert all(retry.inert and retry.unset_passes and not retry.bound for retry in retries)


@pytest.mark.parametrize("action", ["RestartJob", "RestartTask", "RestartPod"])
def test_a_policy_of_the_job_makes_the_budget_count(action: str) -> None:
    first, task = _retries(_manifest(_task("worker"), policies=[{"action": action}], maxRetry=9))

    assert first.value.path == ("spec", "maxRetry")
    assert (first.value.value, first.value.presence) == (9, Presence.WRITTEN)
    assert task.value.path == (*TASK, "maxRetry")
    assert task.unset_passes


def test_so_does_a_policy_of_a_task() -> None:
    first, _ = _retries(_manifest(_task("worker", policies=[{"action": "RestartJob"}])))

    assert first.value.absent
    assert (first.preset, first.unset_passes) == (3, False)


def test_zero_is_rewritten_to_three() -> None:
    first, _ = _retries(_manifest(_task("w"), policies=[{"action": "RestartJob"}], maxRetry=0))

    assert (first.value.value, first.value.presence) == (3, Presence.WRITTEN)


def test_the_jobs_volumes_are_mounted_into_every_task() -> None:
    volumes = [
        {"mountPath": "/models", "volumeClaimName": "models"},
        {"mountPath": "/scratch", "volumeClaim": {"accessModes": ["ReadWriteOnce"]}},
        {"mountPath": "/nothing"},
    ]
    for pod in _pods(_manifest(_task("a"), _task("b"), volumes=volumes)).values():
        named, made = pod.volumes
        assert named.body == {"persistentVolumeClaim": {"claimName": "models"}}
        assert made.body == {"volumeClaimTemplate": {"spec": {"accessModes": ["ReadWriteOnce"]}}}
        assert made.path == ("spec", "volumes", 1)
        (main,) = pod.mains
        assert [mount.mount_path for mount in main.mounts] == ["/models", "/scratch"]
        assert [mount.volume for mount in main.mounts] == [named.name, made.name]
        assert main.mounts[0].path == ("spec", "volumes", 0)
        assert pod.containers[0].mounts == ()


def test_a_pods_deadline_is_the_nearest_to_a_bound() -> None:
    manifest = _manifest(_task("a"), _task("b"))
    deadlines = _kind().deadlines(
        _kind().view(manifest), _kind().pods(_kind().view(manifest), _ask)
    )

    assert deadlines is not None
    assert deadlines.fix_at[0] == (*TASK, "template", "spec", "activeDeadlineSeconds")
    assert len(deadlines.places) == 2
    assert "TerminateJob" in deadlines.advice
    assert deadlines.pod_only is None


@pytest.mark.parametrize("plugin", ["pytorch", "tensorflow", "mpi"])
def test_a_frameworks_plugin_suggests_training(plugin: str) -> None:
    assert _kind().weights(_kind().view(_manifest(plugins={plugin: []}))) == {Role.TRAINING: 6}


def test_other_plugins_suggest_nothing() -> None:
    assert _kind().weights(_kind().view(_manifest(plugins={"ssh": [], "svc": []}))) == {}


def test_a_cronjob_has_its_job_one_level_down() -> None:
    task = _task("train")
    spec = {
        "schedule": "0 2 * * *",
        "jobTemplate": {"spec": {"tasks": [task], "policies": [{"action": "RestartJob"}]}},
    }
    manifest = Manifest(
        {"apiVersion": "batch.volcano.sh/v1alpha1", "kind": "CronJob", "spec": spec}
    )
    kind = _kind("CronJob")
    (pod,) = kind.pods(kind.view(manifest), _ask)
    schedule = kind.schedule(manifest)

    assert pod.path == ("spec", "jobTemplate", "spec", "tasks", 0, "template")
    assert next(iter(kind.retries(kind.view(manifest)))).value.path == (
        "spec",
        "jobTemplate",
        "spec",
        "maxRetry",
    )
    assert schedule is not None
    assert schedule.path == ("spec", "schedule")
    assert schedule.concurrency is not None
    assert (schedule.concurrency.value, schedule.concurrency.absent) == ("Allow", True)


def test_a_job_template_is_read_as_a_job() -> None:
    kind = _kind("JobTemplate", "flow.volcano.sh")
    (pod,) = kind.pods(kind.view(_manifest(_task("train"))), _ask)

    assert pod.path == (*TASK, "template")
    assert kind.plural == "jobtemplates"


def test_a_job_flow_has_no_pods() -> None:
    kind = _kind("JobFlow", "flow.volcano.sh")

    assert list(kind.pods(kind.view(Manifest({"spec": {"flows": [{"name": "a"}]}})), _ask)) == []
    assert kind.plural == ""


def test_volcanos_job_is_not_kubernetes_job() -> None:
    assert _kind() is not find_kind("batch", "Job")
    assert _kind().priors == {Role.TRAINING: 2, Role.SERVING: -4}
