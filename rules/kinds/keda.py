"""KEDA: ScaledObject scales what stands elsewhere, ScaledJob makes batch Jobs.

Source: keda ``apis/keda/v1alpha1`` (``scaledobject_types.go``, ``scaledjob_types.go``) and
``pkg/scaling/executor/scale_jobs.go``.
"""

from collections.abc import Iterator
from typing import Any

from rules.kinds.core import JOB_PRIORS, read_job_deadlines, read_job_retries
from rules.kinds.podspec import make_pod, read_count, read_raw
from rules.kinds.schema import Ask, Autoscaler, Deadlines, Kind, Pod, Reference, Restart, Retry
from rules.manifest import Manifest
from rules.paths import Path

GROUP = "keda.sh"

_JOB: Path = ("spec", "jobTargetRef")
_TRIGGERS: Path = ("spec", "triggers")


def _scaler(manifest: Manifest, target: Reference | None) -> Autoscaler:
    value = manifest.value(_TRIGGERS)
    return Autoscaler(value, value.unknown or bool(value.value), "spec.triggers", target=target)


def _object_scalers(manifest: Manifest) -> Iterator[Autoscaler]:
    yield _scaler(manifest, _target(manifest))


def _target(manifest: Manifest) -> Reference | None:
    """What a ScaledObject scales: an apps/v1 Deployment unless it says otherwise."""
    target = manifest.mapping("spec", "scaleTargetRef")
    kind, name = target.get("kind") or "Deployment", target.get("name")
    if not isinstance(kind, str) or not isinstance(name, str):
        return None
    head, slash, _ = str(target.get("apiVersion") or "apps/v1").partition("/")
    return Reference(head if slash else "", (kind,), manifest.identity.namespace, name)


def _job_scalers(manifest: Manifest) -> Iterator[Autoscaler]:
    yield _scaler(manifest, None)


def _job_pods(manifest: Manifest, _ask: Ask) -> Iterator[Pod]:
    """The Jobs' template. Unset, KEDA writes OnFailure (``scale_jobs.go generateJobs``)."""
    template = manifest.dig(*_JOB, "template")
    policy = read_raw(manifest, (*_JOB, "template", "spec", "restartPolicy"), "OnFailure")
    if isinstance(template, dict):
        yield make_pod(
            (*_JOB, "template"),
            template,
            restart=Restart(policy, "OnFailure", form="operator", safe=True),
            count=read_count(manifest.dig(*_JOB, "parallelism")),
        )


def _retries(manifest: Manifest) -> Iterator[Retry]:
    for retry in read_job_retries(manifest, _JOB):
        yield retry._replace(form="operator")


def _deadlines(manifest: Manifest, _pods: Any) -> Deadlines:
    return read_job_deadlines(manifest, _JOB)


KINDS: tuple[Kind, ...] = (
    Kind(
        GROUP,
        "ScaledObject",
        autoscalers=_object_scalers,
        required=(("spec", "scaleTargetRef"),),
        plural="scaledobjects",
    ),
    Kind(
        GROUP,
        "ScaledJob",
        pods=_job_pods,
        priors=JOB_PRIORS,
        required=((*_JOB, "template"),),
        retries=_retries,
        deadlines=_deadlines,
        autoscalers=_job_scalers,
        plural="scaledjobs",
    ),
)
