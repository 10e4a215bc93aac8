"""Where a person would put a new key: beside the one it belongs to, in Kubernetes' usual order."""

from collections.abc import Sequence
from typing import NamedTuple


class Place(NamedTuple):
    """Where among its siblings a key goes: after the first found of ``after``, otherwise before
    the first in the text of ``before``."""

    after: tuple[str, ...] = ()
    before: tuple[str, ...] = ()


_PODS = ("initContainers", "containers", "template")
_REPLICAS = (
    "pytorchReplicaSpecs",
    "tfReplicaSpecs",
    "mpiReplicaSpecs",
    "xgbReplicaSpecs",
    "paddleReplicaSpecs",
    "jaxReplicaSpecs",
)
_BODIES = (
    *_PODS,
    "jobTemplate",
    "replicatedJobs",
    "tasks",
    "templates",
    "steps",
    "container",
    "script",
    "resource",
    "rayClusterSpec",
    "runtimeRef",
    "trainer",
    *_REPLICAS,
)
_RESTARTS = ("replicas", "restartPolicy")
_JOB_SIZE = ("completionMode", "completions", "parallelism")
_PROBES = ("livenessProbe", "readinessProbe")

_PLACES = {
    "restartPolicy": Place(("replicas",), (*_PODS, "volumes")),
    "backoffLimit": Place(
        (), ("activeDeadlineSeconds", "ttlSecondsAfterFinished", "podFailurePolicy", *_BODIES)
    ),
    "backoffLimitPerIndex": Place((*_JOB_SIZE, "backoffLimit"), _BODIES),
    "maxFailedIndexes": Place(("backoffLimitPerIndex",), _BODIES),
    "activeDeadlineSeconds": Place(
        ("backoffLimit", "maxRetry", "retryStrategy"),
        ("ttlSecondsAfterFinished", "podFailurePolicy", *_BODIES),
    ),
    "ttlSecondsAfterFinished": Place(("activeDeadlineSeconds", "backoffLimit"), _BODIES),
    "podFailurePolicy": Place(("activeDeadlineSeconds", "backoffLimit"), _BODIES),
    "failurePolicy": Place(("successPolicy",), _BODIES),
    "maxRetry": Place(("minAvailable", "schedulerName"), _BODIES),
    "maxRestarts": Place(),
    "retryStrategy": Place(("entrypoint", "name"), _BODIES),
    "runPolicy": Place(("elasticPolicy",), _REPLICAS),
    "cleanPodPolicy": Place((), ("ttlSecondsAfterFinished", "activeDeadlineSeconds")),
    "replicas": Place(("minReplicas",), ("restartPolicy", "selector", "template")),
    "concurrencyPolicy": Place(
        ("timeZone", "timezone", "schedule", "schedules"),
        ("startingDeadlineSeconds", "suspend", "jobTemplate", "workflowSpec"),
    ),
    "startingDeadlineSeconds": Place(
        ("concurrencyPolicy", "timeZone", "timezone", "schedule", "schedules"),
        ("jobTemplate", "workflowSpec"),
    ),
    "timeZone": Place(("schedule",), ("jobTemplate",)),
    "startupProbe": Place((), _PROBES),
    "readinessProbe": Place(("startupProbe", "livenessProbe"), ()),
    "livenessProbe": Place(("startupProbe",), ("readinessProbe",)),
    "resources": Place(("env", "envFrom", "ports", "args", "command"), ("volumeMounts",)),
    "env": Place(("ports", "args", "command", "image"), ("resources", "volumeMounts")),
    "limits": Place(("requests",)),
    "requests": Place((), ("limits",)),
    "volumes": Place(("containers",)),
    "terminationGracePeriodSeconds": Place(_RESTARTS[1:], _PODS),
    "strategy": Place(("selector", *_RESTARTS[:1]), ("template",)),
    "updateStrategy": Place(("selector", *_RESTARTS[:1]), ("template",)),
    "progressDeadlineSeconds": Place(("strategy", "selector"), ("template",)),
    "metrics": Place(("maxReplicas", "minReplicas", "scaleTargetRef"), ("behavior",)),
    "behavior": Place(("metrics", "maxReplicas")),
    "sizeLimit": Place(("medium",)),
    "labels": Place(("namespace", "name", "generateName"), ("annotations",)),
    "annotations": Place(("labels", "namespace", "name", "generateName")),
    "namespace": Place(("name", "generateName"), ("labels", "annotations")),
    "periodSeconds": Place(("initialDelaySeconds",), ("timeoutSeconds", "failureThreshold")),
}
_LAST = Place()


def place(key: str, siblings: Sequence[str]) -> tuple[int, bool]:
    """Where among ``siblings`` a new ``key`` goes, and whether it clings to the one after it."""
    known = _PLACES.get(key, _LAST)
    for name in known.after:
        if name in siblings:
            return siblings.index(name) + 1, False
    for index, name in enumerate(siblings):
        if name in known.before:
            return index, True
    return len(siblings), False
