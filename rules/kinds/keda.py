"""KEDA: ScaledObject scales what stands elsewhere, ScaledJob makes batch Jobs.

Source: keda ``apis/keda/v1alpha1`` (``scaledobject_types.go``, ``scaledjob_types.go``) and
``pkg/scaling/executor/scale_jobs.go``.
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.autoscaling import SCALING, read_target, scaling_fact
from rules.kinds.batch import JOB_PRIORS, JOB_ROWS, read_job_deadlines, read_job_retries
from rules.kinds.lookups import Ask, Reference
from rules.kinds.pods import Pod, Restart
from rules.kinds.podspec import make_pod, read_count
from rules.kinds.rows import CONTROLLER, FactRows, left_to_controller
from rules.kinds.runs import Retry
from rules.kinds.schema import SPEC, Autoscaler, Kind, Measure
from rules.kinds.views import SpecView
from rules.paths import EACH, Path

_GROUP = "keda.sh"

_SCALER: FactRows = {
    facts.TRIGGERS: ("triggers",),
    facts.MIN_REPLICAS: ("minReplicaCount", 0, CONTROLLER),
    facts.MAX_REPLICAS: ("maxReplicaCount", 100, CONTROLLER),
}
_OBJECT: FactRows = {
    **_SCALER,
    facts.SCALE_TARGET: ("scaleTargetRef",),
    facts.COOLDOWN: ("cooldownPeriod", 300, CONTROLLER),
    facts.INITIAL_COOLDOWN: ("initialCooldownPeriod", 0, CONTROLLER),
    facts.IDLE_REPLICAS: ("idleReplicaCount",),
    facts.BEHAVIOR: ("advanced.horizontalPodAutoscalerConfig.behavior",),
}
_JOBS: FactRows = {
    **_SCALER,
    facts.SUCCESS_HISTORY: ("successfulJobsHistoryLimit", 100, CONTROLLER),
    facts.FAILED_HISTORY: ("failedJobsHistoryLimit", 100, CONTROLLER),
}
_JOB: Path = ("spec", "jobTargetRef")
_TRIGGERS: Path = ("spec", "triggers")


def _scaler(spec: SpecView, target: Reference | None) -> Autoscaler:
    value = spec.manifest.value(_TRIGGERS)
    measures = tuple(map(_measure, SpecView(spec.manifest, _TRIGGERS, value.value).each(EACH)))
    defined = value.unknown or bool(value.value)
    return Autoscaler(value, defined, "spec.triggers", target=target, measures=measures)


def _measure(trigger: SpecView) -> Measure:
    """The cpu and memory triggers are metrics of KEDA's own HPA; how they are told stood in the
    metadata before (``pkg/scalers/cpu_memory_scaler.go``)."""
    name, container = trigger.dig("type"), trigger.dig("metadata", "containerName")
    told = trigger.dig("metricType") or trigger.dig("metadata", "type")
    return Measure(
        trigger.path,
        name if name in ("cpu", "memory") else None,
        container if isinstance(container, str) else None,
        shared=told == "Utilization",
    )


def _object_scalers(spec: SpecView) -> Iterator[Autoscaler]:
    """The target of a ScaledObject, which is an apps/v1 Deployment by default."""
    target = read_target(spec.below("scaleTargetRef"), "apps/v1", "Deployment")
    yield _scaler(spec, target)


def _job_scalers(job: SpecView) -> Iterator[Autoscaler]:
    yield _scaler(job, None)


def _job_pods(job: SpecView, _ask: Ask) -> Iterator[Pod]:
    """The Jobs' template. Unset, KEDA writes OnFailure (``scale_jobs.go generateJobs``)."""
    for template in job.each("template"):
        policy = template.raw("spec", "restartPolicy", default="OnFailure")
        yield make_pod(
            template,
            restart=Restart(policy, "OnFailure", form="operator", safe=True),
            replicas=read_count(job.dig("parallelism")),
        )


def _retries(job: SpecView) -> Iterator[Retry]:
    for retry in read_job_retries(job, left=True):
        yield retry._replace(form="operator")


KINDS: tuple[Kind, ...] = (
    Kind(
        _GROUP,
        "ScaledObject",
        autoscalers=_object_scalers,
        required=(("spec", "scaleTargetRef"),),
        rows=((SPEC, _OBJECT),),
        facts={
            SCALING: scaling_fact(_object_scalers, ("minReplicaCount", 0), ("maxReplicaCount", 100))
        },
        plural="scaledobjects",
    ),
    Kind(
        _GROUP,
        "ScaledJob",
        root=_JOB,
        pods=_job_pods,
        priors=JOB_PRIORS,
        required=((*_JOB, "template"),),
        rows=((SPEC, _JOBS), (_JOB, left_to_controller(JOB_ROWS))),
        retries=_retries,
        deadlines=read_job_deadlines,
        autoscalers=_job_scalers,
        awaits_sidecars=True,
        plural="scaledjobs",
    ),
)
