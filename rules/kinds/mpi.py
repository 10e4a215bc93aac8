"""MPIJob: v1 of the training operator, v2beta1 of the MPI operator, and the old v1alpha1.

Source: kubeflow/training-operator release-1.9 ``pkg/controller.v1/mpi``; kubeflow/mpi-operator
``pkg/apis/kubeflow/v2beta1`` (constants.go, default.go).
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.lookups import Ask
from rules.kinds.pods import Pod, Restart
from rules.kinds.podspec import make_pod, read_count
from rules.kinds.replica_specs import (
    REPLICA_ROWS,
    RUN_ROWS,
    Replica,
    make_replica_pods,
    read_replicas,
    read_run_deadlines,
    read_run_leftovers,
    read_run_retries,
)
from rules.kinds.roles import Role
from rules.kinds.rows import CONTROLLER, FactRows
from rules.kinds.runs import Deadlines, Leftover, Retry
from rules.kinds.schema import SPEC, Kind
from rules.kinds.views import SpecView
from rules.paths import EACH, expand
from rules.type_names import Any

FIELD = "mpiReplicaSpecs"
_ROWS: FactRows = {
    **RUN_ROWS,
    facts.DEPRECATED_CLEANUP_POLICY: ("cleanPodPolicy",),
    facts.PROCESSES_PER_NODE: ("slotsPerWorker", 1),
    facts.LAUNCHER_AS_WORKER: ("runLauncherAsWorker", False),
    facts.MAIN_CONTAINER: ("mainContainer",),
}
_WORKER_ROWS: FactRows = {facts.REPLICAS: ("replicas", 0, CONTROLLER)}
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


def _pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    if _is_legacy(spec):
        yield from _legacy_pods(spec)
        return
    for replica in read_replicas(spec, FIELD):
        least = 0 if replica.type == "worker" else 1
        yield from make_replica_pods(
            replica,
            main=_main(spec),
            restart=_restart(replica),
            replicas=read_count(replica.view.dig("replicas"), least),
        )


def _main(spec: SpecView) -> tuple[str, ...]:
    name = spec.dig("mainContainer")
    return (name,) if isinstance(name, str) else ()


def _restart(replica: Replica) -> Restart:
    """v2beta1: the launcher defaults to OnFailure (``constants.go``)."""
    second = replica.view.manifest.version == "v2beta1"
    default = "OnFailure" if second and replica.type == "launcher" else "Never"
    restart = Restart(
        replica.view.raw("restartPolicy", default=default),
        default,
        form="operator",
        note=_NOTE_V2 if second else _NOTE_V1,
    )
    agent = replica.type == "worker" and _is_agent(replica.view.dig("template"))
    return make_agent_restart(restart) if agent else restart


def _is_agent(template: Any) -> bool:
    """A worker without a command is given one that waits: ``sleep 365d`` (v1), sshd (v2beta1)."""
    return runs_only_sshd(template) or not any(_words(template))


def _is_legacy(spec: SpecView) -> bool:
    return spec.manifest.version == "v1alpha1" and not spec.mapping(FIELD)


def _legacy_pods(spec: SpecView) -> Iterator[Pod]:
    """v1alpha1 has one template for launcher and workers."""
    for template in spec.each("template"):
        yield make_pod(template, replicas=read_count(spec.dig("replicas")))


def _retries(spec: SpecView) -> Iterator[Retry]:
    if _is_legacy(spec):
        return
    if spec.manifest.version == "v2beta1":
        unset = "the launcher's Job takes its default of 6: up to 7 attempts"
        yield Retry(spec.raw("runPolicy", "backoffLimit", default=6), unset, preset=3)
        return
    never = all(_restart(one).value.value == "Never" for one in read_replicas(spec, FIELD))
    yield read_run_retries(spec.below("runPolicy"), "nothing bounds the restarts", never=never)


def _leftovers(spec: SpecView) -> Iterator[Leftover]:
    """Workers wait for the launcher's ranks and do not end with it. v1 still reads the deprecated
    ``spec.cleanPodPolicy`` (``mpijob_defaults.go``)."""
    if _is_legacy(spec) or spec.dig("cleanPodPolicy") not in (None, "None"):
        return
    replicas = read_replicas(spec, FIELD)
    waiting = any(one.type == "worker" and _is_agent(one.view.dig("template")) for one in replicas)
    yield from read_run_leftovers(spec.below("runPolicy"), replicas, waiting=waiting)


def _deadlines(spec: SpecView, _pods: Any) -> Deadlines | None:
    return None if _is_legacy(spec) else read_run_deadlines(spec.below("runPolicy"))


def make_mpi_kind(group: str, rows: FactRows, **known: Any) -> Kind:
    """MPIJob of an operator; ``rows`` are the facts of its spec."""
    return Kind(
        group,
        "MPIJob",
        pods=_pods,
        # It also runs high-performance computing, so that the kind alone does not decide.
        priors={Role.TRAINING: 6},
        required=(("spec", FIELD),),
        rows=(
            (SPEC, rows),
            (("spec", FIELD, "Worker"), _WORKER_ROWS),
            (("spec", FIELD, EACH), REPLICA_ROWS),
        ),
        retries=_retries,
        deadlines=_deadlines,
        awaits_sidecars=True,
        plural="mpijobs",
        **known,
    )


KINDS: tuple[Kind, ...] = (make_mpi_kind("kubeflow.org", _ROWS, leftovers=_leftovers),)
