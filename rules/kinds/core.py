"""Kubernetes' own kinds: core, batch, apps, autoscaling."""

from collections.abc import Iterator
from typing import Any

from rules.kinds.lookups import Ask, Reference
from rules.kinds.pods import Pod, Restart
from rules.kinds.podspec import claim_templates, make_bare_pod, make_pod, read_count
from rules.kinds.roles import Role
from rules.kinds.runs import Deadlines, Retry, Schedule
from rules.kinds.schema import Autoscaler, Kind
from rules.kinds.views import SpecView
from rules.manifest import Manifest
from rules.model import Value
from rules.paths import EACH, Path, dig, expand
from rules.refusals import RESTART_POLICIES

JOB_PRIORS = {Role.TRAINING: 1, Role.BATCH: 1, Role.DATA: 1, Role.SERVING: -6}
JOB_COUNTING = "it bounds the whole Job, all retries included"
_REJECTED = f'the API server refuses this ("{RESTART_POLICIES}"): add restartPolicy: Never'


def read_job_restart(job: SpecView, family: str = "batch") -> Restart:
    """The restart policy of a batch/v1 JobSpec; the API requires it to be written.

    Source: ``pkg/apis/batch/validation`` (ValidateJobSpec).
    """
    policy = job.value("template", "spec", "restartPolicy", default="Always")
    return Restart(
        policy,
        "Always",
        family=family,
        safe=True,
        needs_never=find_failure_policy(job),
        note=_REJECTED if policy.value == "Always" else "",
    )


def find_failure_policy(job: SpecView) -> Path | None:
    """Where a batch/v1 JobSpec has a ``podFailurePolicy``: the API server takes one only beside
    restartPolicy Never."""
    return next((policy.path for policy in job.each("podFailurePolicy")), None)


def read_job_retries(job: SpecView) -> Iterator[Retry]:
    """The retry budget of a batch/v1 JobSpec.

    With ``backoffLimitPerIndex`` and ``maxFailedIndexes`` written, the budget is per index and
    ``backoffLimit`` defaults to MaxInt32 (KEP-3850).
    """
    per_index = job.value("backoffLimitPerIndex")
    if not per_index.absent:
        unset = "every index may fail without the Job failing"
        yield Retry(per_index, unset, form="batch")
        yield Retry(job.value("maxFailedIndexes"), unset, form="batch", bound="")
        return
    yield Retry(
        job.value("backoffLimit", default=6),
        "the default is 6: up to 7 attempts",
        form="batch",
        preset=3,
    )


def read_job_deadlines(job: SpecView, _pods: Any = ()) -> Deadlines:
    """The wall-clock bound of a batch/v1 JobSpec."""
    whole = job.value("activeDeadlineSeconds")
    inner = job.value("template", "spec", "activeDeadlineSeconds")
    return Deadlines(
        (whole,),
        fix_at=(whole.path,),
        pod_only=None if inner.absent else inner,
        counting=JOB_COUNTING,
    )


def read_template(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    """The one PodTemplateSpec, of which there is no telling how many pods it makes."""
    for template in spec.each("template"):
        yield make_pod(template, count=None)


def read_replicas_of_template(spec: SpecView, _ask: Ask, **known: Any) -> Iterator[Pod]:
    """The one PodTemplateSpec, of which ``replicas`` pods are kept."""
    for template in spec.each("template"):
        yield make_pod(template, count=read_count(spec.dig("replicas")), **known)


def _stateful_set_pods(spec: SpecView, ask: Ask) -> Iterator[Pod]:
    claims = claim_templates(spec.below("volumeClaimTemplates"))
    return read_replicas_of_template(spec, ask, volumes=claims)


def _pod(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    restart = Restart(spec.value("restartPolicy", default="Always"), "Always", form="pod")
    metadata = spec.manifest.mapping("metadata")
    if spec.mapping():
        yield make_bare_pod(spec.path, spec.mapping(), metadata=metadata, path=(), restart=restart)


def read_job_pods(job: SpecView, _ask: Ask) -> Iterator[Pod]:
    """The pod template of a batch/v1 JobSpec."""
    for template in job.each("template"):
        count = read_count(job.dig("parallelism"))
        yield make_pod(template, restart=read_job_restart(job), count=count)


def _pod_deadlines(spec: SpecView, _pods: Any) -> Deadlines:
    value = spec.value("activeDeadlineSeconds")
    return Deadlines((value,), (value.path,), counting="it bounds the Pod's life")


def read_cron_schedule(manifest: Manifest) -> Schedule:
    """The schedule of a CronJob, batch's or Volcano's: runs may overlap unless it says no."""
    return read_schedule(manifest, manifest.value(("spec", "concurrencyPolicy"), "Allow"))


def read_schedule(manifest: Manifest, concurrency: Value | None, **known: Any) -> Schedule:
    """A schedule at ``spec.schedule`` that ``spec.suspend`` can hold."""
    suspended = manifest.dig("spec", "suspend") is True
    return Schedule(("spec", "schedule"), concurrency, suspended=suspended, **known)


def pod_facts(*patterns: Path) -> Any:
    """A fact reader for kinds with pod templates: the resources that their containers limit."""

    def facts(manifest: Manifest) -> dict[str, Any]:
        names: set[str] = set()
        for pattern in patterns:
            spec = manifest.dig(*pattern)
            for _, container in expand(spec, ("containers", EACH)):
                limits = dig(container, ("resources", "limits"))
                names.update(map(str, limits if isinstance(limits, dict) else ()))
            if dig(spec, ("resourceClaims",)):
                names.add("claims")
        return {"limits": sorted(names)}

    return facts


def _scalers(spec: SpecView) -> Iterator[Autoscaler]:
    target = read_target(spec.below("scaleTargetRef"))
    if spec.manifest.version == "v1":
        yield _scaler_v1(spec, target)
        return
    yield _scaler_v2(spec, target)


def _scaler_v1(spec: SpecView, target: Reference | None) -> Autoscaler:
    """autoscaling/v1 has one field, 80 where nothing is written; other metrics live in an
    annotation (conversion.go)."""
    value = spec.value("targetCPUUtilizationPercentage", default=80)
    annotations = spec.manifest.mapping("metadata", "annotations")
    carried = "autoscaling.alpha.kubernetes.io/metrics" in annotations
    return Autoscaler(
        value,
        defined=carried or not value.absent,
        what="spec.targetCPUUtilizationPercentage",
        defaulted=value.defaulted and not carried,
        target=target,
    )


def _scaler_v2(spec: SpecView, target: Reference | None) -> Autoscaler:
    value = spec.value("metrics", default=DEFAULT_METRICS)
    return Autoscaler(
        value,
        defined=value.unknown or (bool(value.value) and not value.absent),
        what="spec.metrics",
        defaulted=value.defaulted,
        target=target,
        preset=DEFAULT_METRICS,
    )


DEFAULT_METRICS = [
    {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
    }
]
"""What the API server writes where an HPA states no metric (autoscaling/v2 defaults.go)."""


def read_target(
    target: SpecView, api_version: str = "", default: str | None = None
) -> Reference | None:
    """The object that a ``scaleTargetRef`` names; what it leaves out is as the arguments say."""
    kind, name = target.dig("kind") or default, target.dig("name")
    if not isinstance(kind, str) or not isinstance(name, str):
        return None
    head, slash, _ = str(target.dig("apiVersion") or api_version).partition("/")
    return Reference(head if slash else "", (kind,), target.manifest.identity.namespace, name)


_TEMPLATE: Path = ("spec", "template")
SERVICE_PRIORS = {
    Role.SERVING: 3,
    Role.TRAINING: -4,
    Role.BATCH: -4,
    Role.DATA: -2,
    Role.NOTEBOOK: 1,
}
_STATEFUL_PRIORS = {Role.SERVING: 2, Role.TRAINING: -2, Role.BATCH: -4, Role.DATA: -2}
_DAEMON_PRIORS = {Role.TRAINING: -6, Role.SERVING: -2}
CRON_ROOT: Path = ("spec", "jobTemplate", "spec")
_LIMITS = pod_facts(("spec", "template", "spec"))


def replicated_kind(group: str, name: str, plural: str, priors: dict[Role, int]) -> Kind:
    """A kind that keeps ``spec.replicas`` pods of ``spec.template``, as a Deployment does."""
    return Kind(
        group,
        name,
        pods=read_replicas_of_template,
        priors=priors,
        required=(_TEMPLATE,),
        facts=_LIMITS,
        plural=plural,
    )


KINDS: tuple[Kind, ...] = (
    Kind(
        "",
        "Pod",
        pods=_pod,
        deadlines=_pod_deadlines,
        required=(("spec", "containers"),),
        plural="pods",
    ),
    Kind(
        "batch",
        "Job",
        pods=read_job_pods,
        priors=JOB_PRIORS,
        required=(_TEMPLATE,),
        retries=read_job_retries,
        deadlines=read_job_deadlines,
        immutable=True,
        plural="jobs",
    ),
    Kind(
        "batch",
        "CronJob",
        root=CRON_ROOT,
        pods=read_job_pods,
        priors=JOB_PRIORS,
        required=(("spec", "schedule"), (*CRON_ROOT, "template")),
        retries=read_job_retries,
        deadlines=read_job_deadlines,
        schedule=read_cron_schedule,
        plural="cronjobs",
    ),
    replicated_kind("apps", "Deployment", "deployments", SERVICE_PRIORS),
    replicated_kind("apps", "ReplicaSet", "replicasets", SERVICE_PRIORS),
    replicated_kind("", "ReplicationController", "replicationcontrollers", SERVICE_PRIORS),
    Kind(
        "apps",
        "StatefulSet",
        pods=_stateful_set_pods,
        priors=_STATEFUL_PRIORS,
        required=(_TEMPLATE,),
        facts=_LIMITS,
        plural="statefulsets",
    ),
    Kind(
        "apps",
        "DaemonSet",
        pods=read_template,
        priors=_DAEMON_PRIORS,
        required=(_TEMPLATE,),
        plural="daemonsets",
    ),
    Kind(
        "autoscaling",
        "HorizontalPodAutoscaler",
        autoscalers=_scalers,
        required=(("spec", "scaleTargetRef"),),
        plural="horizontalpodautoscalers",
    ),
)
