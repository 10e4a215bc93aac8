"""Ray on Kubernetes (KubeRay): clusters, and the jobs and services that make them.

Source: kuberay ``ray-operator/apis/ray/v1`` and ``ray-operator/controllers/ray``. The operator
gives Ray's containers probes of the raylet, never of a model (``common/pod.go``), so that absence
says nothing; Ray's container is the first one (``utils.RayContainerIndex``).
"""

from collections.abc import Iterator
from typing import Any

from rules.kinds.core import read_schedule
from rules.kinds.lookups import Ask
from rules.kinds.pods import Pod, Probes, Restart
from rules.kinds.podspec import make_pod, make_unseen_pod, read_count
from rules.kinds.roles import Role, Subrole
from rules.kinds.runs import Deadlines, Retry, Schedule
from rules.kinds.schema import SPEC, Kind
from rules.kinds.views import SpecView
from rules.manifest import Manifest
from rules.paths import EACH, Path

GROUP = "ray.io"

_SCHEDULED: Path = ("spec", "jobTemplate")
_JOB_PRIORS = {Role.TRAINING: 2, Role.BATCH: 2, Role.SERVING: -4}
_COUNTING = "it bounds one attempt: every retry starts the clock anew"
_OVERLAP = (
    "a RayCronJob cannot forbid overlap; keep spec.jobTemplate.activeDeadlineSeconds below the "
    "interval, or let a batch CronJob or a CronWorkflow create the RayJob"
)


def _cluster_pods(cluster: SpecView, text: str = "") -> Iterator[Pod]:
    """Head and workers of a RayClusterSpec."""
    for group in cluster.each("headGroupSpec"):
        yield from _group_pods(group, "head", Subrole.RAY_HEAD, count=1, text=text)
    for group in cluster.each("workerGroupSpecs", EACH):
        name = str(group.dig("groupName") or "")
        yield from _group_pods(group, name, Subrole.WORKER, count=_workers(group), text=text)


def _group_pods(group: SpecView, name: str, subrole: Subrole, **known: Any) -> Iterator[Pod]:
    for template in group.each("template"):
        yield make_pod(
            template,
            main=(str(template.dig("spec", "containers", 0, "name") or ""),),
            name=name,
            subrole=subrole,
            probes=Probes.GIVEN,
            images=False,
            **known,
        )


def _workers(group: SpecView) -> int | None:
    """The pods of a worker group: replicas, else the least, times the hosts of each."""
    least = read_count(group.dig("minReplicas"), 0)
    written = group.dig("replicas")
    replicas = least if written is None else read_count(written)
    hosts = read_count(group.dig("numOfHosts"))
    return None if replicas is None or hosts is None else replicas * hosts


def _job_pods(job: SpecView, _ask: Ask) -> Iterator[Pod]:
    """The pods of a RayJobSpec. One that selects a running cluster has none of its own but a
    submitter; what it does is known from its entrypoint all the same."""
    text = _texts(job.dig("entrypoint"), job.dig("runtimeEnvYAML"))
    own = list(_cluster_pods(job.below("rayClusterSpec"), text))
    yield from own
    yield from _submitters(job, text)
    if not own and job.mapping():
        yield make_unseen_pod(job.path, text=text)


def _submitters(job: SpecView, text: str) -> Iterator[Pod]:
    """The pod that submits and follows the job: Never unless written (``common/job.go``)."""
    for template in job.each("submitterPodTemplate"):
        policy = template.raw("spec", "restartPolicy", default="Never")
        yield make_pod(
            template,
            name="submitter",
            subrole=Subrole.SUBMITTER,
            restart=Restart(policy, "Never", form="operator"),
            probes=Probes.NONE,
            writer=False,
            text=text,
            images=False,
        )


def _texts(*found: Any) -> str:
    return "\n".join(text for text in found if isinstance(text, str))


def _job_retries(job: SpecView) -> Iterator[Retry]:
    budget = job.value("backoffLimit", default=0)
    yield Retry(budget, "the default is 0: no retry", unset_passes=True)


def _job_deadlines(job: SpecView, _pods: Any) -> Deadlines:
    value = job.value("activeDeadlineSeconds")
    return Deadlines((value,), fix_at=(value.path,), counting=_COUNTING)


def _schedule(manifest: Manifest) -> Schedule:
    return read_schedule(manifest, None, advice=_OVERLAP)


def _service_pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    text = _texts(spec.dig("serveConfigV2"))
    yield from _cluster_pods(spec.below("rayClusterConfig"), text)


def _bare_cluster_pods(cluster: SpecView, _ask: Ask) -> Iterator[Pod]:
    yield from _cluster_pods(cluster)


KINDS: tuple[Kind, ...] = (
    Kind(
        GROUP,
        "RayJob",
        pods=_job_pods,
        priors=_JOB_PRIORS,
        required=(SPEC,),
        retries=_job_retries,
        deadlines=_job_deadlines,
        outputs_in_code=True,
        immutable=True,
        plural="rayjobs",
    ),
    Kind(
        GROUP,
        "RayCronJob",
        root=_SCHEDULED,
        pods=_job_pods,
        priors=_JOB_PRIORS,
        required=(("spec", "schedule"), _SCHEDULED),
        retries=_job_retries,
        deadlines=_job_deadlines,
        outputs_in_code=True,
        schedule=_schedule,
        plural="raycronjobs",
    ),
    Kind(
        GROUP,
        "RayService",
        pods=_service_pods,
        role=Role.SERVING,
        required=(("spec", "rayClusterConfig"),),
        plural="rayservices",
    ),
    Kind(
        GROUP,
        "RayCluster",
        pods=_bare_cluster_pods,
        required=(("spec", "headGroupSpec"),),
        outputs_in_code=True,
        plural="rayclusters",
    ),
)
