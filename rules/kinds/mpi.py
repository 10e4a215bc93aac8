"""MPIJob: v1 of the training operator, v2beta1 of the MPI operator, and the old v1alpha1.

Source: kubeflow/training-operator release-1.9 ``pkg/controller.v1/mpi``; kubeflow/mpi-operator
``pkg/apis/kubeflow/v2beta1`` (constants.go, default.go).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from rules.kinds.kubeflow import (
    BACKOFF_LIMIT,
    Replica,
    make_replica_pod,
    read_replicas,
    read_run_deadlines,
    read_run_retries,
)
from rules.kinds.podspec import make_pod, read_count, read_raw
from rules.kinds.schema import Ask, Deadlines, Kind, Pod, Restart, Retry, Role
from rules.manifest import Manifest
from rules.paths import EACH, Path, expand

FIELD = "mpiReplicaSpecs"
_NOTE_V1 = (
    "ExitCode is not honoured for the launcher (kubeflow/trainer#1768), and Never means no retry"
)
_NOTE_V2 = (
    "the launcher is a batch Job: with Never a failed attempt is retried as a new pod, up to "
    "runPolicy.backoffLimit"
)
_OTHER_WORK = ("python", "mpirun", "mpiexec", "horovodrun", "torchrun")


def runs_only_sshd(template: Any) -> bool:
    """Whether a worker does nothing but wait for ranks that the launcher starts through ssh."""
    words = [str(word) for word in _words(template)]
    text = " ".join(words)
    return "sshd" in text and not any(word in text for word in _OTHER_WORK)


def make_agent_restart(restart: Restart) -> Restart:
    """The policy of a worker that only waits: what restarts in place is no rank."""
    return restart._replace(allowed=("Never", "OnFailure"), family="mpi-agent")


def _words(template: Any) -> Iterator[Any]:
    for key in ("command", "args"):
        for _, words in expand(template, ("spec", "containers", EACH, key)):
            yield from words if isinstance(words, list) else (words,)


def _pods(manifest: Manifest, _ask: Ask) -> Iterator[Pod]:
    if _is_legacy(manifest):
        yield from _legacy_pods(manifest)
        return
    for replica in read_replicas(manifest, FIELD):
        pod = make_replica_pod(
            replica,
            main=_main(manifest),
            restart=_restart(manifest, replica),
            count=read_count(replica.body.get("replicas"), 0 if replica.type == "worker" else 1),
        )
        if pod is not None:
            yield pod


def _main(manifest: Manifest) -> tuple[str, ...]:
    name = manifest.dig("spec", "mainContainer")
    return (name,) if isinstance(name, str) else ()


def _restart(manifest: Manifest, replica: Replica) -> Restart:
    """v2beta1: the launcher defaults to OnFailure (``constants.go``)."""
    second = manifest.version == "v2beta1"
    default = "OnFailure" if second and replica.type == "launcher" else "Never"
    restart = Restart(
        read_raw(manifest, (*replica.path, "restartPolicy"), default),
        default,
        form="operator",
        note=_NOTE_V2 if second else _NOTE_V1,
    )
    agent = replica.type == "worker" and _is_agent(replica.body)
    return make_agent_restart(restart) if agent else restart


def _is_agent(replica: Mapping[str, Any]) -> bool:
    """A worker without a command is given one that waits: ``sleep 365d`` (v1), sshd (v2beta1)."""
    template = replica.get("template")
    return runs_only_sshd(template) or not any(_words(template))


def _is_legacy(manifest: Manifest) -> bool:
    return manifest.version == "v1alpha1" and not manifest.mapping("spec", FIELD)


def _legacy_pods(manifest: Manifest) -> Iterator[Pod]:
    """v1alpha1 has one template for launcher and workers."""
    path: Path = ("spec", "template")
    template = manifest.dig(*path)
    if isinstance(template, dict):
        yield make_pod(path, template, count=read_count(manifest.dig("spec", "replicas")))


def _retries(manifest: Manifest) -> Iterator[Retry]:
    if _is_legacy(manifest):
        return
    if manifest.version == "v2beta1":
        unset = "the launcher's Job takes its default of 6: up to 7 attempts"
        yield Retry(manifest.value(BACKOFF_LIMIT), unset, preset=3)
        return
    replicas = read_replicas(manifest, FIELD)
    never = all(_restart(manifest, replica).value.value == "Never" for replica in replicas)
    yield read_run_retries(manifest, "nothing bounds the restarts", never=never)


def _deadlines(manifest: Manifest, pods: Any) -> Deadlines | None:
    return None if _is_legacy(manifest) else read_run_deadlines(manifest, pods)


KINDS: tuple[Kind, ...] = (
    Kind(
        "kubeflow.org",
        "MPIJob",
        pods=_pods,
        # It also runs high-performance computing, so that the kind alone does not decide.
        priors={Role.TRAINING: 6},
        required=(("spec", FIELD),),
        retries=_retries,
        deadlines=_deadlines,
        plural="mpijobs",
    ),
)
