"""Kubeflow's training operator, v1: PyTorchJob, TFJob, XGBoostJob, PaddleJob, JAXJob, MXJob.

MXJob was in it until release 1.7; XGBoostJob had an operator of its own before
(xgboostjob.kubeflow.org).

Source: kubeflow/training-operator, branch release-1.9, ``pkg/apis/kubeflow.org/v1`` and
``pkg/core``, and of release 1.7 ``mxnet_types.go`` and ``mxnet_defaults.go``;
kubeflow/xgboost-operator ``pkg/apis/xgboostjob/v1`` and ``pkg/controller/v1``. The operators have
no defaulting webhook: objects are stored as they were written, and the defaults stand in the
controller alone.
"""

from collections.abc import Iterator, Mapping
from functools import partial

from rules.kinds import facts
from rules.kinds.lookups import Ask
from rules.kinds.pods import Pod, Restart
from rules.kinds.podspec import read_count
from rules.kinds.replica_specs import (
    REPLICA_ROWS,
    RUN_ROWS,
    Replica,
    choose_writers,
    make_replica_pods,
    read_replicas,
    read_run_deadlines,
    read_run_leftovers,
    read_run_retries,
)
from rules.kinds.roles import Role
from rules.kinds.rows import CONTROLLER, FactRows
from rules.kinds.runs import Disruption, Retry
from rules.kinds.schema import SPEC, Kind
from rules.kinds.views import SpecView
from rules.paths import EACH, Path
from rules.record import NamedTuple
from rules.type_names import Any

_ELASTIC: FactRows = {
    facts.ELASTIC_POLICY: ("elasticPolicy",),
    facts.ELASTIC_MIN: ("elasticPolicy.minReplicas",),
    facts.ELASTIC_MAX: ("elasticPolicy.maxReplicas",),
    facts.ELASTIC_MAX_RESTARTS: ("elasticPolicy.maxRestarts",),
    facts.METRICS: ("elasticPolicy.metrics",),
}
_LONE_RUN: FactRows = {
    facts.DEADLINE: ("activeDeadlineSeconds",),
    facts.BACKOFF_LIMIT: ("backoffLimit",),
    facts.TTL: ("ttlSecondsAfterFinished",),
    facts.CLEANUP_POLICY: ("cleanPodPolicy", "None", CONTROLLER),
    facts.GANG_POLICY: ("schedulingPolicy",),
    facts.MIN_AVAILABLE: ("schedulingPolicy.minAvailable",),
}
"""The run policy of xgboost-operator, which stands in the spec itself."""
_OWN_ROWS: dict[str, FactRows] = {
    "PyTorchJob": {**_ELASTIC, facts.PROCESSES_PER_NODE: ("nprocPerNode",)},
    "PaddleJob": _ELASTIC,
    "TFJob": {facts.SUCCESS_POLICY: ("successPolicy", "", CONTROLLER)},
}
_INLINE = ("activeDeadlineSeconds", "backoffLimit", "cleanPodPolicy", "ttlSecondsAfterFinished")
"""Fields of a run policy (mxnet-operator ``pkg/apis/mxnet/v1/types.go`` has it inline)."""
_NOTE = (
    "here Never means no retry at all: the job fails with its first pod; ExitCode recreates the "
    "pod on exit codes 128 to 255 and fails on 1 to 127. The replica's own field counts, and "
    "overwrites the one in its template"
)


class Operator(NamedTuple):
    """What sets one kind of job apart.

    ``container`` is the name that the operator takes for the main container, ``restart`` the
    default of ``restartPolicy``, ``writers`` which replica types hold the outputs: the first
    group of which one is there. ``restarts`` are the defaults of replica types that have another,
    ``run`` is where the run policy stands in the spec, ``cleanup`` the default of its
    ``cleanPodPolicy``, and ``unset`` says what an absent retry budget means. ``recounts``: a pod
    that is made anew counts as a retry. ``helpers`` are the replica types that wait on the others,
    and may restart as they like. ``keeper`` is the field of the spec by which the operator keeps
    the model. ``inline``: an older operator of the same group and version has the run policy in
    the spec itself.
    """

    kind: str
    field: str
    container: str
    restart: str
    writers: tuple[frozenset[str], ...]
    restarts: Mapping[str, str] = {}
    run: Path = ("runPolicy",)
    cleanup: str = "None"
    unset: str = "nothing bounds the restarts"
    recounts: bool = False
    helpers: frozenset[str] = frozenset({"ps"})
    keeper: str = ""
    inline: bool = False


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
            durable=isinstance(spec.dig(operator.keeper), dict),
        )


def _read_policy(operator: Operator, spec: SpecView) -> SpecView:
    """The run policy; what stands in the spec itself where only that says something."""
    inline = operator.inline and spec.dig(*operator.run) is None
    own = inline and any(spec.dig(name) is not None for name in _INLINE)
    return spec if own else spec.below(*operator.run)


def _restart(operator: Operator, spec: SpecView, replica: Replica) -> Restart | None:
    """The replica's restart policy. A parameter server has none that counts.

    With ``elasticPolicy`` torchrun's rendezvous re-admits an agent that was restarted in place.
    ``Never`` is right only where the retry budget is written as 0.
    """
    if replica.type in operator.helpers:
        return None
    default = operator.restarts.get(replica.type, operator.restart)
    return Restart(
        replica.view.raw("restartPolicy", default=default),
        default,
        allowed=("Never", "ExitCode"),
        family="kubeflow",
        form="operator",
        recommended="Never"
        if _read_policy(operator, spec).dig("backoffLimit") == 0
        else "ExitCode",
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
    never, recreates = policies == {"Never"}, "ExitCode" in policies and not operator.recounts
    policy = _read_policy(operator, spec)
    yield read_run_retries(policy, operator.unset, never=never, recreates=recreates)
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


def make_job_kind(operator: Operator, group: str, rows: FactRows, **known: Any) -> Kind:
    """The kind of an operator's jobs; ``rows`` are the facts of its spec."""
    return Kind(
        group,
        operator.kind,
        pods=partial(_pods, operator),
        role=Role.TRAINING,
        required=(("spec", operator.field),),
        rows=((SPEC, rows), (("spec", operator.field, EACH), REPLICA_ROWS)),
        retries=partial(_retries, operator),
        disruptions=partial(_disruptions, operator),
        deadlines=lambda spec, _pods: read_run_deadlines(_read_policy(operator, spec)),
        leftovers=lambda spec: read_run_leftovers(
            _read_policy(operator, spec),
            read_replicas(spec, operator.field),
            default=operator.cleanup,
        ),
        awaits_sidecars=True,
        plural=f"{operator.kind.lower()}s",
        **known,
    )


_WORKER = frozenset({"worker"})
BY_MASTER = (frozenset({"master"}), _WORKER)
BY_CHIEF = (frozenset({"chief", "master"}), _WORKER)

OPERATORS: tuple[Operator, ...] = tuple(
    Operator(*row)
    for row in (
        # The CRD's description says Never for PyTorchJob and is wrong (kubeflow/trainer#2127).
        ("PyTorchJob", "pytorchReplicaSpecs", "pytorch", "OnFailure", BY_MASTER),
        ("PaddleJob", "paddleReplicaSpecs", "paddle", "OnFailure", BY_MASTER),
        ("XGBoostJob", "xgbReplicaSpecs", "xgboost", "Never", BY_MASTER),
        ("TFJob", "tfReplicaSpecs", "tensorflow", "Never", BY_CHIEF),
        ("JAXJob", "jaxReplicaSpecs", "jax", "Never", (_WORKER,)),
    )
)

# Its tuners try out kernels, and keep what they find.
_MXNET = Operator(
    *("MXJob", "mxReplicaSpecs", "mxnet", "Never", (_WORKER, frozenset({"tuner"}))),
    helpers=frozenset({"scheduler", "server", "tunerserver", "tunertracker"}),
    inline=True,
)

# Nothing is written into a template whose replica says no policy: its pod takes Always.
_XGBOOST = Operator("XGBoostJob", "xgbReplicaSpecs", "xgboostjob", "Always", BY_MASTER, run=())

KINDS: tuple[Kind, ...] = (
    *(
        make_job_kind(one, "kubeflow.org", {**RUN_ROWS, **_OWN_ROWS.get(one.kind, {})})
        for one in (*OPERATORS, _MXNET)
    ),
    make_job_kind(_XGBOOST, "xgboostjob.kubeflow.org", _LONE_RUN),
)
