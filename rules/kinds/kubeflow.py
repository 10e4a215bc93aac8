"""Kubeflow's training operator, v1: PyTorchJob, TFJob, XGBoostJob, PaddleJob, JAXJob.

Source: kubeflow/training-operator, branch release-1.9, ``pkg/apis/kubeflow.org/v1`` and
``pkg/core``. The operator has no defaulting webhook: objects are stored as they were written, and
the defaults stand in the controller alone.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from rules.kinds.podspec import make_pod, read_count, read_raw
from rules.kinds.schema import (
    Ask,
    Deadlines,
    Kind,
    Pod,
    PodReader,
    Restart,
    Retry,
    Role,
    Subrole,
    read_pods,
)
from rules.manifest import Manifest
from rules.paths import EACH, Path

BACKOFF_LIMIT: Path = ("spec", "runPolicy", "backoffLimit")
SUBROLES = {
    "chief": Subrole.MASTER,
    "evaluator": Subrole.EVALUATOR,
    "launcher": Subrole.LAUNCHER,
    "master": Subrole.MASTER,
    "ps": Subrole.PS,
    "worker": Subrole.WORKER,
}
_NOTE = (
    "here Never means no retry at all: the job fails with its first pod; ExitCode recreates the "
    "pod on exit codes 128 to 255 and fails on 1 to 127. The replica's own field counts, and "
    "overwrites the one in its template"
)
_NEVER_WRITES = frozenset({"ps", "evaluator"})


class Operator(NamedTuple):
    """What sets one kind of job apart.

    ``container`` is the name that the operator takes for the main container, ``restart`` the
    default of ``restartPolicy``, ``writers`` which replica types hold the outputs: the first
    group of which one is there.
    """

    kind: str
    field: str
    container: str
    restart: str
    writers: tuple[frozenset[str], ...]


class Replica(NamedTuple):
    """One entry of the replica specs; ``type`` in lower case, since the operator takes any."""

    type: str
    path: Path
    body: Mapping[str, Any]


def read_replicas(manifest: Manifest, field: str) -> list[Replica]:
    """The replica specs (``setTypeNameToCamelCase``: ``worker`` is ``Worker``)."""
    return [
        Replica(str(path[-1]).lower(), path, body)
        for path, body in read_pods(manifest, ("spec", field, EACH))
    ]


def choose_writers(replicas: Iterable[Replica], groups: tuple[frozenset[str], ...]) -> set[str]:
    """The replica types that hold the outputs: of the first group that has one, else any."""
    types = {replica.type for replica in replicas}
    return next((types & group for group in groups if types & group), types - _NEVER_WRITES)


def make_replica_pod(replica: Replica, **known: Any) -> Pod | None:
    """The pod template of a replica spec; None where it has none."""
    template = replica.body.get("template")
    if not isinstance(template, dict):
        return None
    return make_pod(
        (*replica.path, "template"),
        template,
        name=replica.type,
        subrole=SUBROLES.get(replica.type),
        **known,
    )


def read_run_deadlines(manifest: Manifest, _pods: Any) -> Deadlines:
    """``runPolicy.activeDeadlineSeconds`` (``core/job.go`` PastActiveDeadline)."""
    path = ("spec", "runPolicy", "activeDeadlineSeconds")
    counting = "it counts from the job's start, and anew after a resume"
    return Deadlines((manifest.value(path),), (path,), counting=counting)


def read_run_retries(manifest: Manifest, unset: str, *, never: bool) -> Retry:
    """``runPolicy.backoffLimit``; where no replica is ever retried, 0 is what it says."""
    if never:
        unset = "no replica is retried: 0 says so"
    return Retry(manifest.value(BACKOFF_LIMIT), unset, preset=0 if never else 3)


def _pods(operator: Operator) -> PodReader:
    def pods(manifest: Manifest, _ask: Ask) -> Iterator[Pod]:
        replicas = read_replicas(manifest, operator.field)
        writers = choose_writers(replicas, operator.writers)
        for replica in replicas:
            pod = make_replica_pod(
                replica,
                main=(operator.container,),
                restart=_restart(manifest, replica, operator),
                count=read_count(replica.body.get("replicas")),
                writer=replica.type in writers,
            )
            if pod is not None:
                yield pod

    return pods


def _restart(manifest: Manifest, replica: Replica, operator: Operator) -> Restart | None:
    """The replica's restart policy. A parameter server may restart as it likes.

    With ``elasticPolicy`` torchrun's rendezvous re-admits an agent that was restarted in place.
    ``Never`` is right only where the retry budget is written as 0.
    """
    if replica.type == "ps":
        return None
    path = (*replica.path, "restartPolicy")
    return Restart(
        read_raw(manifest, path, operator.restart),
        operator.restart,
        allowed=("Never", "ExitCode"),
        family="kubeflow",
        form="operator",
        recommended="Never" if manifest.dig(*BACKOFF_LIMIT) == 0 else "ExitCode",
        elastic=isinstance(manifest.dig("spec", "elasticPolicy"), dict),
        note=_NOTE,
    )


def _retries(manifest: Manifest, operator: Operator) -> Iterator[Retry]:
    """Without a limit ``PastBackoffLimit`` never trips (kubeflow/trainer#1589)."""
    policies = {
        restart.value.value
        for replica in read_replicas(manifest, operator.field)
        if (restart := _restart(manifest, replica, operator)) is not None
        and isinstance(restart.value.value, str)
    }
    yield read_run_retries(manifest, "nothing bounds the restarts", never=policies == {"Never"})


def _kind(operator: Operator) -> Kind:
    return Kind(
        "kubeflow.org",
        operator.kind,
        pods=_pods(operator),
        role=Role.TRAINING,
        required=(("spec", operator.field),),
        retries=lambda manifest: _retries(manifest, operator),
        deadlines=read_run_deadlines,
        plural=f"{operator.kind.lower()}s",
    )


_WORKER = frozenset({"worker"})
_BY_MASTER = (frozenset({"master"}), _WORKER)
_BY_CHIEF = (frozenset({"chief", "master"}), _WORKER)

KINDS: tuple[Kind, ...] = tuple(
    _kind(Operator(*row))
    for row in (
        # The CRD's description says Never for PyTorchJob and is wrong (kubeflow/trainer#2127).
        ("PyTorchJob", "pytorchReplicaSpecs", "pytorch", "OnFailure", _BY_MASTER),
        ("PaddleJob", "paddleReplicaSpecs", "paddle", "OnFailure", _BY_MASTER),
        ("XGBoostJob", "xgbReplicaSpecs", "xgboost", "Never", _BY_MASTER),
        ("TFJob", "tfReplicaSpecs", "tensorflow", "Never", _BY_CHIEF),
        ("JAXJob", "jaxReplicaSpecs", "jax", "Never", (_WORKER,)),
    )
)
