"""Ray on Kubernetes (KubeRay): clusters, and the jobs and services that make them.

Source: kuberay ``ray-operator/apis/ray/v1`` and ``ray-operator/controllers/ray``. The operator
gives Ray's containers probes of the raylet, never of a model (``common/pod.go``), so that absence
says nothing; Ray's container is the first one (``utils.RayContainerIndex``).
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.batch import read_schedule
from rules.kinds.lookups import Ask
from rules.kinds.pods import Pod, Probes, Restart
from rules.kinds.podspec import make_pod, make_unseen_pod, read_count
from rules.kinds.roles import Role, Subrole
from rules.kinds.rows import CONTROLLER, FactPlaces, FactRows
from rules.kinds.runs import Deadlines, Leftover, Retry, Schedule
from rules.kinds.schema import SPEC, Kind
from rules.kinds.views import SpecView
from rules.manifest import Manifest
from rules.paths import EACH, Path
from rules.refusals import ZONE_IN_SCHEDULE
from rules.type_names import Any

_GROUP = "ray.io"

_OBJECT: FactPlaces = (
    ((), {facts.GANG_LABEL: ('metadata.labels["ray.io/gang-scheduling-enabled"]',)}),
)
_JOB: FactRows = {
    facts.DEADLINE: ("activeDeadlineSeconds",),
    facts.PRE_RUNNING_DEADLINE: ("preRunningDeadlineSeconds",),
    facts.BACKOFF_LIMIT: ("backoffLimit", 0),
    facts.SUBMITTER_BACKOFF_LIMIT: ("submitterConfig.backoffLimit",),
    facts.SUBMISSION_MODE: ("submissionMode", "K8sJobMode"),
    facts.SHUTDOWN_WHEN_FINISHED: ("shutdownAfterJobFinishes", False, CONTROLLER),
    facts.TTL: ("ttlSecondsAfterFinished", 0),
    facts.DELETION_STRATEGY: ("deletionStrategy",),
    facts.SUSPEND: ("suspend", False, CONTROLLER),
    facts.MANAGED_BY: ("managedBy",),
    facts.CLUSTER_SELECTOR: ("clusterSelector",),
    facts.ENTRYPOINT: ("entrypoint",),
    facts.RUNTIME_ENV: ("runtimeEnvYAML",),
}
_CRON: FactRows = {
    facts.SCHEDULE: ("schedule",),
    facts.TIME_ZONE: ("timeZone",),
    facts.SCHEDULE_SUSPEND: ("suspend", False, CONTROLLER),
}
_SERVICE: FactRows = {
    facts.SERVE_CONFIG: ("serveConfigV2",),
    facts.UPDATE_STRATEGY: ("upgradeStrategy.type", "NewCluster", CONTROLLER),
    facts.CLUSTER_DELETION_DELAY: ("rayClusterDeletionDelaySeconds", 60, CONTROLLER),
    facts.SUSPEND: ("suspend", False, CONTROLLER),
    facts.MANAGED_BY: ("managedBy",),
}
_HELD: FactRows = {
    facts.SUSPEND: ("suspend", False, CONTROLLER),
    facts.MANAGED_BY: ("managedBy",),
}
_CLUSTER: FactRows = {
    facts.RAY_VERSION: ("rayVersion",),
    facts.RAY_AUTOSCALING: ("enableInTreeAutoscaling", False, CONTROLLER),
    facts.RAY_AUTOSCALER_VERSION: ("autoscalerOptions.version",),
    facts.FAULT_TOLERANCE: ("gcsFaultToleranceOptions",),
}
_ANY_GROUP: FactRows = {
    facts.START_PARAMETERS: ("rayStartParams",),
    facts.GROUP_RESOURCES: ("resources",),
}
_HEAD: FactRows = {
    **_ANY_GROUP,
    facts.HEAD_SERVICE_TYPE: ("serviceType",),
    facts.OWN_HEAD_SERVICE_TYPE: ("headService.spec.type",),
}
_WORKERS: FactRows = {
    **_ANY_GROUP,
    facts.REPLICAS: ("replicas", 0),
    facts.MIN_REPLICAS: ("minReplicas", 0),
    facts.MAX_REPLICAS: ("maxReplicas", 2147483647),
    facts.HOSTS_PER_REPLICA: ("numOfHosts", 1),
    facts.SUSPEND: ("suspend", False, CONTROLLER),
}


def cluster_places(root: Path) -> FactPlaces:
    """Where the facts of the RayClusterSpec at ``root`` stand, and those of its groups."""
    return (
        (root, _CLUSTER),
        ((*root, "headGroupSpec"), _HEAD),
        ((*root, "workerGroupSpecs", EACH), _WORKERS),
    )


_SCHEDULED: Path = ("spec", "jobTemplate")
_JOB_PRIORS = {Role.TRAINING: 2, Role.BATCH: 2, Role.SERVING: -4}
_COUNTING = "it bounds one attempt: every retry starts the clock anew"
_OVERLAP = (
    "a RayCronJob cannot forbid overlap; keep spec.jobTemplate.activeDeadlineSeconds below the "
    "interval, or let a batch CronJob or a CronWorkflow create the RayJob"
)
_ZONE_INSIDE = f'KubeRay runs none ("{ZONE_IN_SCHEDULE}")'


def _cluster_pods(cluster: SpecView, text: str = "") -> Iterator[Pod]:
    """Head and workers of a RayClusterSpec."""
    for group in cluster.each("headGroupSpec"):
        yield from _group_pods(group, "head", Subrole.RAY_HEAD, replicas=1, text=text)
    for group in cluster.each("workerGroupSpecs", EACH):
        name = str(group.dig("groupName") or "")
        yield from _group_pods(group, name, Subrole.WORKER, replicas=_workers(group), text=text)


def _group_pods(group: SpecView, name: str, subrole: Subrole, **known: Any) -> Iterator[Pod]:
    for template in group.each("template"):
        yield make_pod(
            template,
            main=(str(template.dig("spec", "containers", 0, "name") or ""),),
            name=name,
            subrole=subrole,
            probes=Probes.GIVEN,
            images=False,
            shared_memory=True,
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
    submitter = job.value("submitterConfig", "backoffLimit")
    if not submitter.absent:
        yield Retry(submitter, "", bound="", inert=_SUBMITTER)


def _job_deadlines(job: SpecView, _pods: Any) -> Deadlines:
    value = job.value("activeDeadlineSeconds")
    return Deadlines((value,), fix_at=(value.path,), counting=_COUNTING, per_attempt=True)


_SUBMITTER = "it retries the pod that submits the job; what retries the job is backoffLimit"
_STAYS = "the RayCluster stays up when the job is over"


def _job_leftovers(job: SpecView) -> Iterator[Leftover]:
    """A RayJob that selects a running cluster shares it by design. Without a strategy the cluster
    goes with ``shutdownAfterJobFinishes`` alone (``rayjob_controller.go``)."""
    if job.dig("clusterSelector"):
        return
    strategy = job.mapping("deletionStrategy")
    if strategy:
        yield from _kept_clusters(job)
        return
    shutdown = job.raw("shutdownAfterJobFinishes", default=False)
    if shutdown.value is False:
        yield Leftover(shutdown, _STAYS, wanted=True, delay=job.value("ttlSecondsAfterFinished"))


def _kept_clusters(job: SpecView) -> Iterator[Leftover]:
    """Rules that delete nothing, where no other rule follows for the same outcome."""
    rules = list(job.each("deletionStrategy", "deletionRules", EACH))
    for rule in rules:
        same = [one for one in rules if one.dig("condition") == rule.dig("condition")]
        if all(one.dig("policy") == "DeleteNone" for one in same):
            yield Leftover(rule.value("policy"), _STAYS, expected="DeleteCluster")
    for outcome in ("onSuccess", "onFailure"):
        policy = job.value("deletionStrategy", outcome, "policy")
        if policy.value == "DeleteNone":
            yield Leftover(policy, _STAYS, expected="DeleteCluster")


def _cluster_leftovers(cluster: SpecView) -> Iterator[Leftover]:
    """A cluster that stands alone ends when somebody deletes it. An autoscaler keeps its head."""
    scaling = cluster.raw("enableInTreeAutoscaling", default=False)
    if scaling.value is False:
        effect = "the cluster keeps its pods when nothing runs on it"
        groups = list(cluster.each("workerGroupSpecs", EACH))
        idle = all(group.dig("replicas") in (None, 0) for group in groups)
        expected = "a RayJob, which ends" if idle else "true, or a RayJob, which ends"
        yield Leftover(scaling, effect, expected=expected, stands_alone=True)


def _schedule(manifest: Manifest) -> Schedule:
    """Source: ``utils/validation.go`` (ValidateRayCronJobSpec), after the object is admitted."""
    return read_schedule(manifest, None, advice=_OVERLAP, zone_inside=_ZONE_INSIDE)


def _service_pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    text = _texts(spec.dig("serveConfigV2"))
    yield from _cluster_pods(spec.below("rayClusterConfig"), text)


def read_cluster_pods(cluster: SpecView, _ask: Ask) -> Iterator[Pod]:
    """The pods of a RayClusterSpec that runs no program of its own."""
    yield from _cluster_pods(cluster)


KINDS: tuple[Kind, ...] = (
    Kind(
        _GROUP,
        "RayJob",
        pods=_job_pods,
        priors=_JOB_PRIORS,
        required=(SPEC,),
        rows=((SPEC, _JOB), *cluster_places(("spec", "rayClusterSpec")), *_OBJECT),
        retries=_job_retries,
        deadlines=_job_deadlines,
        leftovers=_job_leftovers,
        outputs_in_code=True,
        plural="rayjobs",
    ),
    Kind(
        _GROUP,
        "RayCronJob",
        root=_SCHEDULED,
        pods=_job_pods,
        priors=_JOB_PRIORS,
        required=(("spec", "schedule"), _SCHEDULED),
        rows=(
            (SPEC, _CRON),
            (_SCHEDULED, _JOB),
            *cluster_places((*_SCHEDULED, "rayClusterSpec")),
            *_OBJECT,
        ),
        retries=_job_retries,
        deadlines=_job_deadlines,
        leftovers=_job_leftovers,
        outputs_in_code=True,
        schedule=_schedule,
        plural="raycronjobs",
    ),
    Kind(
        _GROUP,
        "RayService",
        pods=_service_pods,
        role=Role.SERVING,
        required=(("spec", "rayClusterConfig"),),
        rows=((SPEC, _SERVICE), *cluster_places(("spec", "rayClusterConfig")), *_OBJECT),
        plural="rayservices",
    ),
    Kind(
        _GROUP,
        "RayCluster",
        pods=read_cluster_pods,
        leftovers=_cluster_leftovers,
        required=(("spec", "headGroupSpec"),),
        rows=((SPEC, _HELD), *cluster_places(SPEC), *_OBJECT),
        outputs_in_code=True,
        plural="rayclusters",
    ),
)
