"""Kubeflow's training operator, v1: PyTorchJob, TFJob, XGBoostJob, PaddleJob, JAXJob.

Source: kubeflow/training-operator, branch release-1.9, ``pkg/apis/kubeflow.org/v1`` and
``pkg/core``. The operator has no defaulting webhook: objects are stored as they were written, and
the defaults stand in the controller alone.
"""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from rules.kinds import facts
from rules.kinds.lookups import Ask
from rules.kinds.pods import Pod, Restart
from rules.kinds.podspec import make_pod, read_count
from rules.kinds.roles import Role, Subrole
from rules.kinds.rows import CONTROLLER, FactRows
from rules.kinds.runs import Deadlines, Disruption, Leftover, Retry
from rules.kinds.schema import SPEC, Kind
from rules.kinds.views import SpecView
from rules.paths import EACH, Path
from rules.record import NamedTuple

RUN_BACKOFF_LIMIT: Path = ("runPolicy", "backoffLimit")
RUN_ROWS: FactRows = {
    facts.DEADLINE: ("runPolicy.activeDeadlineSeconds",),
    facts.BACKOFF_LIMIT: ("runPolicy.backoffLimit",),
    facts.TTL: ("runPolicy.ttlSecondsAfterFinished",),
    facts.CLEANUP_POLICY: ("runPolicy.cleanPodPolicy", "None", CONTROLLER),
    facts.SUSPEND: ("runPolicy.suspend", False),
    facts.MANAGED_BY: ("runPolicy.managedBy",),
    facts.GANG_POLICY: ("runPolicy.schedulingPolicy",),
    facts.MIN_AVAILABLE: ("runPolicy.schedulingPolicy.minAvailable",),
    facts.SCHEDULER_QUEUE: ("runPolicy.schedulingPolicy.queue",),
    facts.PRIORITY_CLASS: ("runPolicy.schedulingPolicy.priorityClass",),
}
"""common RunPolicy, of the MPI operator too; its one default in the CRD is ``suspend``."""

REPLICA_ROWS: FactRows = {facts.REPLICAS: ("replicas", 1, CONTROLLER)}

_ELASTIC: FactRows = {
    facts.ELASTIC_POLICY: ("elasticPolicy",),
    facts.ELASTIC_MIN: ("elasticPolicy.minReplicas",),
    facts.ELASTIC_MAX: ("elasticPolicy.maxReplicas",),
    facts.ELASTIC_MAX_RESTARTS: ("elasticPolicy.maxRestarts",),
    facts.METRICS: ("elasticPolicy.metrics",),
}
_OWN_ROWS: dict[str, FactRows] = {
    "PyTorchJob": {**_ELASTIC, facts.PROCESSES_PER_NODE: ("nprocPerNode",)},
    "PaddleJob": _ELASTIC,
    "TFJob": {facts.SUCCESS_POLICY: ("successPolicy", "", CONTROLLER)},
}
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
    view: SpecView


def read_replicas(spec: SpecView, field: str) -> list[Replica]:
    """The replica specs (``setTypeNameToCamelCase``: ``worker`` is ``Worker``)."""
    return [Replica(str(view.path[-1]).lower(), view) for view in spec.each(field, EACH)]


def choose_writers(replicas: Iterable[Replica], groups: tuple[frozenset[str], ...]) -> set[str]:
    """The replica types that hold the outputs: of the first group that has one, else any."""
    types = {replica.type for replica in replicas}
    return next((types & group for group in groups if types & group), types - _NEVER_WRITES)


def make_replica_pods(replica: Replica, **known: Any) -> Iterator[Pod]:
    """The pod template of a replica spec, if it has one."""
    subrole = SUBROLES.get(replica.type)
    for template in replica.view.each("template"):
        yield make_pod(template, name=replica.type, subrole=subrole, **known)


def read_run_deadlines(spec: SpecView, _pods: Any) -> Deadlines:
    """``runPolicy.activeDeadlineSeconds`` (``core/job.go`` PastActiveDeadline)."""
    value = spec.value("runPolicy", "activeDeadlineSeconds")
    counting = "it counts from the job's start, and anew after a resume"
    return Deadlines((value,), (value.path,), counting=counting)


def read_run_leftovers(
    spec: SpecView, replicas: Iterable[Replica], *, waiting: bool = False
) -> Iterator[Leftover]:
    """``runPolicy.cleanPodPolicy``: None deletes no pod when the job is over (``common/job.go``
    DeletePodsAndServices). One pod alone has ended then; ``waiting``: some never end by themselves.
    """
    counts = [read_count(replica.view.dig("replicas")) for replica in replicas]
    policy = spec.raw("runPolicy", "cleanPodPolicy", default="None")
    if policy.value != "None" or sum(1 if one is None else one for one in counts) < 2:
        return
    kept = "workers wait on for ever" if waiting else "whatever still runs stays"
    yield Leftover(
        policy,
        f"no pod is deleted when the job has succeeded or failed, and {kept}",
        wanted="Running",
        ttl=spec.value("runPolicy", "ttlSecondsAfterFinished"),
    )


_NO_RETRY = (
    "with restartPolicy Never the job fails with its first failed pod; expected 0, or ExitCode "
    "with a deadline"
)
_NOT_COUNTED = (
    "with restartPolicy ExitCode a failed pod is made anew, whose restarts count from 0 "
    "(kubeflow/trainer#2045)"
)


def read_run_retries(spec: SpecView, unset: str, *, never: bool, recreates: bool = False) -> Retry:
    """``runPolicy.backoffLimit``; where no replica is ever retried, 0 is what it says.

    It is held against the container restarts of running pods (``core/job.go`` PastBackoffLimit);
    with 0 the first failed pod fails the job whatever its policy (``common/job.go``).
    """
    value = spec.value(*RUN_BACKOFF_LIMIT)
    counted = not recreates or value.number == 0
    if never:
        unset = "no replica is retried: 0 says so"
    return Retry(
        value,
        unset,
        preset=0 if never else 3,
        inert=_NO_RETRY if never else "",
        endless="" if counted else _NOT_COUNTED,
    )


def _pods(operator: Operator, spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    replicas = read_replicas(spec, operator.field)
    writers = choose_writers(replicas, operator.writers)
    for replica in replicas:
        yield from make_replica_pods(
            replica,
            main=(operator.container,),
            restart=_restart(operator, spec, replica),
            replicas=read_count(replica.view.dig("replicas")),
            writer=replica.type in writers,
        )


def _restart(operator: Operator, spec: SpecView, replica: Replica) -> Restart | None:
    """The replica's restart policy. A parameter server may restart as it likes.

    With ``elasticPolicy`` torchrun's rendezvous re-admits an agent that was restarted in place.
    ``Never`` is right only where the retry budget is written as 0.
    """
    if replica.type == "ps":
        return None
    return Restart(
        replica.view.raw("restartPolicy", default=operator.restart),
        operator.restart,
        allowed=("Never", "ExitCode"),
        family="kubeflow",
        form="operator",
        recommended="Never" if spec.dig(*RUN_BACKOFF_LIMIT) == 0 else "ExitCode",
        elastic=isinstance(spec.dig("elasticPolicy"), dict),
        note=_NOTE,
    )


def _retries(operator: Operator, spec: SpecView) -> Iterator[Retry]:
    """Without a limit ``PastBackoffLimit`` never trips (kubeflow/trainer#1589)."""
    policies = {
        restart.value.value
        for replica in read_replicas(spec, operator.field)
        if (restart := _restart(operator, spec, replica)) is not None
        and isinstance(restart.value.value, str)
    }
    never, recreates = policies == {"Never"}, "ExitCode" in policies
    unset = "nothing bounds the restarts"
    yield read_run_retries(spec, unset, never=never, recreates=recreates)
    yield from _elastic_restarts(spec)


def _disruptions(operator: Operator, spec: SpecView) -> Iterator[Disruption]:
    """With Never a pod that was evicted has failed, and the job with it; with the other policies
    it is made anew (``common/pod.go``)."""
    for replica in read_replicas(spec, operator.field):
        restart = _restart(operator, spec, replica)
        if restart is not None and restart.value.value == "Never":
            yield Disruption(
                restart.value,
                "so that an eviction fails the whole job",
                "ExitCode, with a deadline",
                pod=(*replica.view.path, "template"),
            )


def _elastic_restarts(spec: SpecView) -> Iterator[Retry]:
    """How often torchrun restarts its workers in one attempt (``PET_MAX_RESTARTS``)."""
    restarts = spec.value("elasticPolicy", "maxRestarts")
    if not restarts.absent:
        yield Retry(restarts, "", bound="", whole=True)


def _kind(operator: Operator) -> Kind:
    return Kind(
        "kubeflow.org",
        operator.kind,
        pods=partial(_pods, operator),
        role=Role.TRAINING,
        required=(("spec", operator.field),),
        rows=(
            (SPEC, RUN_ROWS),
            (SPEC, _OWN_ROWS.get(operator.kind, {})),
            (("spec", operator.field, EACH), REPLICA_ROWS),
        ),
        retries=partial(_retries, operator),
        disruptions=partial(_disruptions, operator),
        deadlines=read_run_deadlines,
        leftovers=lambda spec: read_run_leftovers(spec, read_replicas(spec, operator.field)),
        plural=f"{operator.kind.lower()}s",
    )


_WORKER = frozenset({"worker"})
_BY_MASTER = (frozenset({"master"}), _WORKER)
_BY_CHIEF = (frozenset({"chief", "master"}), _WORKER)

OPERATORS: tuple[Operator, ...] = tuple(
    Operator(*row)
    for row in (
        # The CRD's description says Never for PyTorchJob and is wrong (kubeflow/trainer#2127).
        ("PyTorchJob", "pytorchReplicaSpecs", "pytorch", "OnFailure", _BY_MASTER),
        ("PaddleJob", "paddleReplicaSpecs", "paddle", "OnFailure", _BY_MASTER),
        ("XGBoostJob", "xgbReplicaSpecs", "xgboost", "Never", _BY_MASTER),
        ("TFJob", "tfReplicaSpecs", "tensorflow", "Never", _BY_CHIEF),
        ("JAXJob", "jaxReplicaSpecs", "jax", "Never", (_WORKER,)),
    )
)

KINDS: tuple[Kind, ...] = tuple(map(_kind, OPERATORS))
