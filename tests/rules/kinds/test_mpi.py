"""MPIJob: three versions under one kind."""

from typing import Any

import pytest

from rules.kinds import find_kind
from rules.kinds.lookups import Answer
from rules.kinds.pods import Pod
from rules.kinds.roles import Role, Subrole
from rules.kinds.schema import Kind
from rules.manifest import Manifest


def _kind() -> Kind:
    kind = find_kind("kubeflow.org", "MPIJob")
    assert kind is not None
    return kind


def _ask(*_question: Any) -> tuple[Answer, Any]:
    return Answer.UNKNOWN, None


def _manifest(version: str, spec: dict[str, Any]) -> Manifest:
    return Manifest({"apiVersion": f"kubeflow.org/{version}", "kind": "MPIJob", "spec": spec})


def _replica(*command: str, **fields: Any) -> dict[str, Any]:
    container = {"name": "mpi", "image": "horovod:1", "command": list(command)}
    return {"template": {"spec": {"containers": [container]}}, **fields}


def _horovod() -> dict[str, Any]:
    return {
        "slotsPerWorker": 1,
        "mpiReplicaSpecs": {
            "Launcher": _replica("mpirun", "python", "train.py", replicas=1),
            "Worker": _replica("bash", "-c", "python agent.py", replicas=2),
        },
    }


def _pods(version: str, spec: dict[str, Any]) -> dict[str, Pod]:
    return {pod.name: pod for pod in _kind().pods(_kind().view(_manifest(version, spec)), _ask)}


@pytest.mark.parametrize(("version", "default"), [("v1", "Never"), ("v2beta1", "OnFailure")])
def test_the_launchers_default_depends_on_the_version(version: str, default: str) -> None:
    pods = _pods(version, _horovod())
    launcher, worker = pods["launcher"].restart, pods["worker"].restart

    assert launcher is not None
    assert worker is not None
    assert launcher.value.value == default
    assert worker.value.value == "Never"
    assert launcher.value.path == ("spec", "mpiReplicaSpecs", "Launcher", "restartPolicy")
    assert launcher.allowed == ("Never",)
    assert launcher.recommended == "Never"
    assert launcher.form == "operator"


def test_launcher_and_worker_may_both_hold_the_outputs() -> None:
    pods = _pods("v2beta1", _horovod())

    assert (pods["launcher"].subrole, pods["worker"].subrole) == (Subrole.LAUNCHER, Subrole.WORKER)
    assert pods["launcher"].writer
    assert pods["worker"].writer
    assert (pods["launcher"].replicas, pods["worker"].replicas) == (1, 2)


def test_absent_replicas_mean_one_launcher_and_no_worker() -> None:
    spec = {"mpiReplicaSpecs": {"launcher": _replica("mpirun"), "worker": _replica()}}
    pods = _pods("v1", spec)

    assert (pods["launcher"].replicas, pods["worker"].replicas) == (1, 0)


@pytest.mark.parametrize(
    ("command", "waits"),
    [
        (("/usr/sbin/sshd", "-De"), True),
        (("bash", "-c", "mkdir -p /run/sshd; /usr/sbin/sshd -D"), True),
        ((), True),
        (("bash", "-c", "service sshd start; python train.py"), False),
        (("python", "train.py"), False),
    ],
)
def test_a_worker_that_only_waits_may_be_restarted(command: tuple[str, ...], waits: bool) -> None:  # noqa: FBT001
    worker = _pods("v1", {"mpiReplicaSpecs": {"Worker": _replica(*command)}})["worker"].restart

    assert worker is not None
    assert ("OnFailure" in worker.allowed) is waits
    assert (worker.family == "mpi-agent") is waits


def test_main_container_is_named_by_the_job() -> None:
    spec = _horovod()
    spec["mainContainer"] = "mpi"
    containers = spec["mpiReplicaSpecs"]["Launcher"]["template"]["spec"]["containers"]
    containers.append({"name": "helper", "image": "x"})

    assert [main.name for main in _pods("v1", spec)["launcher"].mains] == ["mpi"]


@pytest.mark.parametrize(
    ("version", "unset", "preset"), [("v2beta1", "default of 6", 3), ("v1", "0 says so", 0)]
)
def test_the_retry_budget(version: str, unset: str, preset: int) -> None:
    (retry,) = _kind().retries(_kind().view(_manifest(version, _horovod())))

    assert retry.value.path == ("spec", "runPolicy", "backoffLimit")
    assert retry.value.absent
    assert unset in retry.unset
    assert retry.preset == preset


def test_the_deadline() -> None:
    deadlines = _kind().deadlines(_kind().view(_manifest("v1", _horovod())), ())

    assert deadlines is not None
    assert deadlines.fix_at == (("spec", "runPolicy", "activeDeadlineSeconds"),)


def test_v1alpha1_is_tolerated() -> None:
    manifest = _manifest("v1alpha1", {"replicas": 2, **_replica("mpirun")})
    (pod,) = _kind().pods(_kind().view(manifest), _ask)

    assert pod.path == ("spec", "template")
    assert pod.replicas == 2
    assert pod.restart is None
    assert list(_kind().retries(_kind().view(manifest))) == []
    assert _kind().deadlines(_kind().view(manifest), ()) is None


def test_the_kind_suggests_training_and_does_not_decide() -> None:
    assert _kind().role is None
    assert _kind().priors[Role.TRAINING] == 6
