"""Replica specs and run policies (kubeflow/common ``job_controller/api/v1``), which the training
operators share: Kubeflow's, KubeDL's, that of XGBoost.

A run policy stands below ``spec.runPolicy``, or in the spec itself; its readers get a view of it.
"""

from collections.abc import Iterable, Iterator

from rules.kinds import facts
from rules.kinds.pods import Pod
from rules.kinds.podspec import make_pod, read_count
from rules.kinds.roles import Subrole
from rules.kinds.rows import CONTROLLER, FactRows
from rules.kinds.runs import Deadlines, Leftover, Retry
from rules.kinds.views import SpecView
from rules.paths import EACH
from rules.record import NamedTuple
from rules.type_names import Any

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
"""RunPolicy of the training operator, and of the MPI operator too; its one default in the CRD is
``suspend``."""

REPLICA_ROWS: FactRows = {facts.REPLICAS: ("replicas", 1, CONTROLLER)}

SUBROLES = {
    "chief": Subrole.MASTER,
    "evaluator": Subrole.EVALUATOR,
    "launcher": Subrole.LAUNCHER,
    "master": Subrole.MASTER,
    "ps": Subrole.PS,
    "scheduler": Subrole.PS,
    "server": Subrole.PS,
    "tuner": Subrole.MASTER,
    "worker": Subrole.WORKER,
}
_NEVER_WRITES = frozenset({"evaluator", "ps", "scheduler", "server"})
_NO_RETRY = (
    "with restartPolicy Never the job fails with its first failed pod; expected 0, or ExitCode "
    "with a deadline"
)
_NOT_COUNTED = (
    "with restartPolicy ExitCode a failed pod is made anew, whose restarts count from 0 "
    "(kubeflow/trainer#2045)"
)


class Replica(NamedTuple):
    """One entry of the replica specs; ``type`` in lower case, since the operators take any."""

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


def read_run_deadlines(policy: SpecView) -> Deadlines:
    """``activeDeadlineSeconds`` (``core/job.go`` PastActiveDeadline)."""
    value = policy.value("activeDeadlineSeconds")
    counting = "it counts from the job's start, and anew after a resume"
    return Deadlines((value,), (value.path,), counting=counting)


def read_run_leftovers(
    policy: SpecView, replicas: Iterable[Replica], *, waiting: bool = False, default: str = "None"
) -> Iterator[Leftover]:
    """``cleanPodPolicy``: None deletes no pod when the job is over (``common/job.go``
    DeletePodsAndServices). One pod alone has ended then; ``waiting``: some never end by themselves.
    """
    counts = [read_count(replica.view.dig("replicas")) for replica in replicas]
    cleanup = policy.raw("cleanPodPolicy", default=default)
    if cleanup.value != "None" or sum(1 if one is None else one for one in counts) < 2:
        return
    kept = "workers wait on for ever" if waiting else "whatever still runs stays"
    yield Leftover(
        cleanup,
        f"no pod is deleted when the job has succeeded or failed, and {kept}",
        wanted="Running",
        ttl=policy.value("ttlSecondsAfterFinished"),
    )


def read_run_retries(
    policy: SpecView, unset: str, *, never: bool, recreates: bool = False
) -> Retry:
    """``backoffLimit``; where no replica is ever retried, 0 is what it says.

    It is held against the container restarts of running pods (``core/job.go`` PastBackoffLimit);
    with 0 the first failed pod fails the job whatever its policy (``common/job.go``).
    """
    value = policy.value("backoffLimit")
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
