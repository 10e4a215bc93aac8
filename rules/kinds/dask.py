"""Dask on Kubernetes (kubernetes.dask.org/v1): clusters, their workers, and jobs.

Source: dask/dask-kubernetes ``dask_kubernetes/operator/customresources`` (the CRDs), and
``dask_kubernetes/operator/controller/controller.py``: a scheduler and each worker is a Deployment
of one pod, the job's runner a bare Pod, and the cluster goes when the runner has ended.
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.lookups import Ask
from rules.kinds.pods import Pod, Probes, Restart
from rules.kinds.podspec import make_pod, read_count
from rules.kinds.roles import Role, Subrole
from rules.kinds.rows import FactRows
from rules.kinds.runs import WhenEnded
from rules.kinds.schema import SPEC, Kind, PodReader
from rules.kinds.views import SpecView
from rules.paths import Path
from rules.type_names import Any

_WORKERS: FactRows = {facts.REPLICAS: ("worker.replicas", 1)}
_CLUSTER: Path = ("spec", "cluster", "spec")
_PRIORS = {Role.DATA: 1, Role.SERVING: -4}


def _cluster_pods(cluster: SpecView) -> Iterator[Pod]:
    """The scheduler, which hands out the work, and the workers; a group of workers has none. What
    they do, and where it is written, is told to them by the program that uses the cluster."""
    known: dict[str, Any] = {"probes": Probes.NONE, "writer": False, "outputs_known": False}
    for scheduler in cluster.each("scheduler"):
        yield make_pod(scheduler, name="scheduler", **known)
    for worker in cluster.each("worker"):
        count = read_count(worker.dig("replicas"))
        yield make_pod(worker, name="worker", subrole=Subrole.WORKER, replicas=count, **known)


def _pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    return _cluster_pods(spec)


def _job_pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    for runner in spec.each("job"):
        restart = Restart(runner.value("spec", "restartPolicy"), "Always", form="operator")
        yield make_pod(runner, name="runner", restart=restart, probes=Probes.NONE)
    yield from _cluster_pods(spec.below("cluster", "spec"))


def _kind(name: str, pods: PodReader, required: tuple[Path, ...], root: Path, **known: Any) -> Kind:
    return Kind(
        "kubernetes.dask.org",
        name,
        pods=pods,
        priors=_PRIORS,
        required=required,
        rows=((root, _WORKERS),),
        outputs_in_code=True,
        plural=f"{name.lower()}s",
        **known,
    )


KINDS: tuple[Kind, ...] = (
    _kind(
        *("DaskCluster", _pods, (("spec", "worker"), ("spec", "scheduler")), SPEC),
        when_ended=WhenEnded.RESTARTED,
    ),
    _kind("DaskWorkerGroup", _pods, (("spec", "worker"),), SPEC, when_ended=WhenEnded.RESTARTED),
    _kind("DaskJob", _job_pods, (("spec", "job"), _CLUSTER), _CLUSTER),
)
