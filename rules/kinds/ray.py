"""Ray on Kubernetes (KubeRay): clusters, and the jobs and services that make them.

Source: kuberay ``ray-operator/apis/ray/v1`` and ``ray-operator/controllers/ray``. The operator
gives Ray's containers probes of the raylet, never of a model (``common/pod.go``), so that absence
says nothing; Ray's container is the first one (``utils.RayContainerIndex``).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from rules.kinds.core import read_schedule
from rules.kinds.podspec import make_pod, make_unseen_pod, read_count, read_raw
from rules.kinds.schema import (
    Ask,
    Deadlines,
    Kind,
    Pod,
    PodReader,
    Probes,
    Restart,
    Retry,
    Role,
    Schedule,
    Subrole,
    read_pods,
)
from rules.manifest import Manifest
from rules.paths import EACH, Path, dig

GROUP = "ray.io"

_JOB: Path = ("spec",)
_SCHEDULED: Path = ("spec", "jobTemplate")
_JOB_PRIORS = {Role.TRAINING: 2, Role.BATCH: 2, Role.SERVING: -4}
_COUNTING = "it bounds one attempt: every retry starts the clock anew"
_OVERLAP = (
    "a RayCronJob cannot forbid overlap; keep spec.jobTemplate.activeDeadlineSeconds below the "
    "interval, or let a batch CronJob or a CronWorkflow create the RayJob"
)


def _cluster_pods(manifest: Manifest, cluster: Path, text: str = "") -> Iterator[Pod]:
    """Head and workers of a RayClusterSpec at ``cluster``."""
    for path, group in read_pods(manifest, (*cluster, "headGroupSpec")):
        yield from _group_pods(path, group, "head", Subrole.RAY_HEAD, count=1, text=text)
    for path, group in read_pods(manifest, (*cluster, "workerGroupSpecs", EACH)):
        name = str(group.get("groupName") or "")
        count = _workers(group)
        yield from _group_pods(path, group, name, Subrole.WORKER, count=count, text=text)


def _group_pods(
    path: Path, group: Mapping[str, Any], name: str, subrole: Subrole, **known: Any
) -> Iterator[Pod]:
    template = group.get("template")
    if isinstance(template, dict):
        yield make_pod(
            (*path, "template"),
            template,
            main=(str(dig(template, ("spec", "containers", 0, "name")) or ""),),
            name=name,
            subrole=subrole,
            probes=Probes.GIVEN,
            images=False,
            **known,
        )


def _workers(group: Mapping[str, Any]) -> int | None:
    """The pods of a worker group: replicas, else the least, times the hosts of each."""
    least = read_count(group.get("minReplicas"), 0)
    replicas = least if group.get("replicas") is None else read_count(group["replicas"])
    hosts = read_count(group.get("numOfHosts"))
    return None if replicas is None or hosts is None else replicas * hosts


def _job_pods(job: Path) -> PodReader:
    """The pods of a RayJobSpec at ``job``. One that selects a running cluster has none of its own
    but a submitter; what it does is known from its entrypoint all the same."""

    def pods(manifest: Manifest, _ask: Ask) -> Iterator[Pod]:
        text = _texts(manifest, *((*job, key) for key in ("entrypoint", "runtimeEnvYAML")))
        own = list(_cluster_pods(manifest, (*job, "rayClusterSpec"), text))
        yield from own
        yield from _submitters(manifest, job, text)
        if not own and manifest.mapping(*job):
            yield make_unseen_pod(job, text=text)

    return pods


def _submitters(manifest: Manifest, job: Path, text: str) -> Iterator[Pod]:
    """The pod that submits and follows the job: Never unless written (``common/job.go``)."""
    for path, template in read_pods(manifest, (*job, "submitterPodTemplate")):
        policy = read_raw(manifest, (*path, "spec", "restartPolicy"), "Never")
        yield make_pod(
            path,
            template,
            name="submitter",
            subrole=Subrole.SUBMITTER,
            restart=Restart(policy, "Never", form="operator"),
            probes=Probes.NONE,
            writer=False,
            text=text,
            images=False,
        )


def _texts(manifest: Manifest, *paths: Path) -> str:
    found = (manifest.dig(*path) for path in paths)
    return "\n".join(text for text in found if isinstance(text, str))


def _job_retries(job: Path) -> Any:
    def retries(manifest: Manifest) -> Iterator[Retry]:
        yield Retry(
            manifest.value((*job, "backoffLimit"), 0),
            "the default is 0: no retry",
            unset_passes=True,
        )

    return retries


def _job_deadlines(job: Path) -> Any:
    def deadlines(manifest: Manifest, _pods: Any) -> Deadlines:
        path = (*job, "activeDeadlineSeconds")
        return Deadlines((manifest.value(path),), fix_at=(path,), counting=_COUNTING)

    return deadlines


def _schedule(manifest: Manifest) -> Schedule:
    return read_schedule(manifest, None, advice=_OVERLAP)


def _service_pods(manifest: Manifest, _ask: Ask) -> Iterator[Pod]:
    text = _texts(manifest, ("spec", "serveConfigV2"))
    yield from _cluster_pods(manifest, ("spec", "rayClusterConfig"), text)


def _bare_cluster_pods(manifest: Manifest, _ask: Ask) -> Iterator[Pod]:
    yield from _cluster_pods(manifest, ("spec",))


KINDS: tuple[Kind, ...] = (
    Kind(
        GROUP,
        "RayJob",
        pods=_job_pods(_JOB),
        priors=_JOB_PRIORS,
        required=(_JOB,),
        retries=_job_retries(_JOB),
        deadlines=_job_deadlines(_JOB),
        outputs_in_code=True,
        immutable=True,
        plural="rayjobs",
    ),
    Kind(
        GROUP,
        "RayCronJob",
        pods=_job_pods(_SCHEDULED),
        priors=_JOB_PRIORS,
        required=(("spec", "schedule"), _SCHEDULED),
        retries=_job_retries(_SCHEDULED),
        deadlines=_job_deadlines(_SCHEDULED),
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
