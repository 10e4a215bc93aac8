"""Kubernetes' own kinds: core, batch, apps, autoscaling."""

from collections.abc import Iterator
from typing import Any

from rules.kinds.podspec import claim_templates, make_bare_pod, make_pod, read_count
from rules.kinds.schema import (
    Ask,
    Autoscaler,
    Deadlines,
    Kind,
    Pod,
    PodReader,
    Reference,
    Restart,
    Retry,
    Role,
    Schedule,
)
from rules.manifest import Manifest
from rules.model import Value
from rules.paths import EACH, Path, dig, expand

JOB_PRIORS = {Role.TRAINING: 1, Role.BATCH: 1, Role.DATA: 1, Role.SERVING: -6}
JOB_COUNTING = "it bounds the whole Job, all retries included"
_REJECTED = (
    'the API server refuses this ("Required value: valid values: OnFailure, Never"): '
    "add restartPolicy: Never"
)


def read_job_restart(manifest: Manifest, job: Path, family: str = "batch") -> Restart:
    """The restart policy of a batch/v1 JobSpec at ``job``; the API requires it to be written.

    Source: ``pkg/apis/batch/validation`` (ValidateJobSpec).
    """
    path = (*job, "template", "spec", "restartPolicy")
    return Restart(
        manifest.value(path, "Always"),
        "Always",
        family=family,
        rejected=True,
        safe=True,
        needs_never=isinstance(manifest.dig(*job, "podFailurePolicy"), dict),
        note=_REJECTED,
    )


def read_job_retries(manifest: Manifest, job: Path) -> Iterator[Retry]:
    """The retry budget of a batch/v1 JobSpec.

    With ``backoffLimitPerIndex`` and ``maxFailedIndexes`` written, the budget is per index and
    ``backoffLimit`` defaults to MaxInt32 (KEP-3850).
    """
    per_index = manifest.value((*job, "backoffLimitPerIndex"))
    if not per_index.absent:
        bound = manifest.value((*job, "maxFailedIndexes"))
        unset = "every index may fail without the Job failing"
        yield Retry(per_index, unset, form="batch")
        yield Retry(bound, unset, form="batch", bound="")
        return
    yield Retry(
        manifest.value((*job, "backoffLimit"), 6),
        "the default is 6: up to 7 attempts",
        form="batch",
        preset=3,
    )


def read_job_deadlines(manifest: Manifest, job: Path) -> Deadlines:
    """The wall-clock bound of a batch/v1 JobSpec."""
    path = (*job, "activeDeadlineSeconds")
    inner = manifest.value((*job, "template", "spec", "activeDeadlineSeconds"))
    return Deadlines(
        (manifest.value(path),),
        fix_at=(path,),
        pod_only=None if inner.absent else inner,
        counting=JOB_COUNTING,
    )


def read_template(path: Path, count_at: Path | None = None, **known: Any) -> PodReader:
    """A reader of the one PodTemplateSpec at ``path``."""

    def pods(manifest: Manifest, _ask: Ask) -> Iterator[Pod]:
        template = manifest.dig(*path)
        if isinstance(template, dict):
            count = read_count(manifest.dig(*count_at)) if count_at else None
            yield make_pod(path, template, count=count, **known)

    return pods


def _pod(manifest: Manifest, _ask: Ask) -> Iterator[Pod]:
    spec = manifest.mapping("spec")
    path = ("spec", "restartPolicy")
    restart = Restart(manifest.value(path, "Always"), "Always", form="pod")
    metadata = manifest.mapping("metadata")
    if spec:
        yield make_bare_pod(("spec",), spec, metadata=metadata, path=(), restart=restart)


def _job_pods(job: Path) -> PodReader:
    def pods(manifest: Manifest, _ask: Ask) -> Iterator[Pod]:
        template = manifest.dig(*job, "template")
        if isinstance(template, dict):
            yield make_pod(
                (*job, "template"),
                template,
                restart=read_job_restart(manifest, job),
                count=read_count(manifest.dig(*job, "parallelism")),
            )

    return pods


def _stateful_set_pods(manifest: Manifest, _ask: Ask) -> Iterator[Pod]:
    path: Path = ("spec", "template")
    template = manifest.dig(*path)
    claims = ("spec", "volumeClaimTemplates")
    if isinstance(template, dict):
        yield make_pod(
            path,
            template,
            volumes=claim_templates(manifest.dig(*claims), claims),
            count=read_count(manifest.dig("spec", "replicas")),
        )


def _pod_deadlines(manifest: Manifest, _pods: Any) -> Deadlines:
    path = ("spec", "activeDeadlineSeconds")
    return Deadlines((manifest.value(path),), (path,), counting="it bounds the Pod's life")


def _cron_schedule(manifest: Manifest) -> Schedule:
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


def _scalers(manifest: Manifest) -> Iterator[Autoscaler]:
    target = read_target(manifest)
    if manifest.version == "v1":
        yield _scaler_v1(manifest, target)
        return
    yield _scaler_v2(manifest, target)


def _scaler_v1(manifest: Manifest, target: Reference | None) -> Autoscaler:
    """autoscaling/v1 has one field, 80 where nothing is written; other metrics live in an
    annotation (conversion.go)."""
    value = manifest.value(("spec", "targetCPUUtilizationPercentage"), 80)
    annotations = manifest.mapping("metadata", "annotations")
    carried = "autoscaling.alpha.kubernetes.io/metrics" in annotations
    return Autoscaler(
        value,
        defined=carried or not value.absent,
        what="spec.targetCPUUtilizationPercentage",
        defaulted=value.defaulted and not carried,
        target=target,
    )


def _scaler_v2(manifest: Manifest, target: Reference | None) -> Autoscaler:
    value = manifest.value(("spec", "metrics"), DEFAULT_METRICS)
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


def read_target(manifest: Manifest, path: Path = ("spec", "scaleTargetRef")) -> Reference | None:
    """The object that an autoscaler scales."""
    target = manifest.mapping(*path)
    kind, name = target.get("kind"), target.get("name")
    if not isinstance(kind, str) or not isinstance(name, str):
        return None
    head, slash, _ = str(target.get("apiVersion") or "").partition("/")
    return Reference(head if slash else "", (kind,), manifest.identity.namespace, name)


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
_CRON: Path = ("spec", "jobTemplate", "spec")
_LIMITS = pod_facts(("spec", "template", "spec"))


def replicated_kind(group: str, name: str, plural: str, priors: dict[Role, int]) -> Kind:
    """A kind that keeps ``spec.replicas`` pods of ``spec.template``, as a Deployment does."""
    return Kind(
        group,
        name,
        pods=read_template(_TEMPLATE, ("spec", "replicas")),
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
        pods=_job_pods(("spec",)),
        priors=JOB_PRIORS,
        required=(_TEMPLATE,),
        retries=lambda manifest: read_job_retries(manifest, ("spec",)),
        deadlines=lambda manifest, _pods: read_job_deadlines(manifest, ("spec",)),
        immutable=True,
        plural="jobs",
    ),
    Kind(
        "batch",
        "CronJob",
        pods=_job_pods(_CRON),
        priors=JOB_PRIORS,
        required=(("spec", "schedule"), (*_CRON, "template")),
        retries=lambda manifest: read_job_retries(manifest, _CRON),
        deadlines=lambda manifest, _pods: read_job_deadlines(manifest, _CRON),
        schedule=_cron_schedule,
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
        pods=read_template(_TEMPLATE),
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
