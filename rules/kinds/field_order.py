"""Where a person would put a field: beside the one it belongs to, in Kubernetes' usual order."""

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

FIELD_ORDER: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "restartPolicy": (("replicas",), (*_PODS, "volumes")),
    "backoffLimit": (
        (),
        ("activeDeadlineSeconds", "ttlSecondsAfterFinished", "podFailurePolicy", *_BODIES),
    ),
    "backoffLimitPerIndex": ((*_JOB_SIZE, "backoffLimit"), _BODIES),
    "maxFailedIndexes": (("backoffLimitPerIndex",), _BODIES),
    "activeDeadlineSeconds": (
        ("backoffLimit", "maxRetry", "retryStrategy"),
        ("ttlSecondsAfterFinished", "podFailurePolicy", *_BODIES),
    ),
    "ttlSecondsAfterFinished": (("activeDeadlineSeconds", "backoffLimit"), _BODIES),
    "podFailurePolicy": (("activeDeadlineSeconds", "backoffLimit"), _BODIES),
    "failurePolicy": (("successPolicy",), _BODIES),
    "maxRetry": (("minAvailable", "schedulerName"), _BODIES),
    "maxRestarts": ((), ()),
    "retryStrategy": (("entrypoint", "name"), _BODIES),
    "runPolicy": (("elasticPolicy",), _REPLICAS),
    "cleanPodPolicy": ((), ("ttlSecondsAfterFinished", "activeDeadlineSeconds")),
    "replicas": (("minReplicas",), ("restartPolicy", "selector", "template")),
    "concurrencyPolicy": (
        ("timeZone", "timezone", "schedule", "schedules"),
        ("startingDeadlineSeconds", "suspend", "jobTemplate", "workflowSpec"),
    ),
    "startingDeadlineSeconds": (
        ("concurrencyPolicy", "timeZone", "timezone", "schedule", "schedules"),
        ("jobTemplate", "workflowSpec"),
    ),
    "timeZone": (("schedule",), ("jobTemplate",)),
    "timezone": (("schedules", "schedule"), ("workflowSpec",)),
    "completions": (("completionMode",), ("parallelism", "backoffLimit", *_BODIES)),
    "parallelism": (("completions", "completionMode"), ("backoffLimit", *_BODIES)),
    "shutdownAfterJobFinishes": (("entrypoint",), _BODIES),
    "startupProbe": ((), _PROBES),
    "readinessProbe": (("startupProbe", "livenessProbe"), ()),
    "livenessProbe": (("startupProbe",), ("readinessProbe",)),
    "resources": (("env", "envFrom", "ports", "args", "command"), ("volumeMounts",)),
    "env": (("ports", "args", "command", "image"), ("resources", "volumeMounts")),
    "limits": (("requests",), ()),
    "requests": ((), ("limits",)),
    "volumes": (("containers",), ()),
    "terminationGracePeriodSeconds": (_RESTARTS[1:], _PODS),
    "apiVersion": ((), ("kind",)),
    "selector": (("replicas",), ("strategy", "updateStrategy", "template")),
    "strategy": (("selector", *_RESTARTS[:1]), ("template",)),
    "updateStrategy": (("selector", *_RESTARTS[:1]), ("template",)),
    "progressDeadlineSeconds": (("strategy", "selector"), ("template",)),
    "metrics": (("maxReplicas", "minReplicas", "scaleTargetRef"), ("behavior",)),
    "behavior": (("metrics", "maxReplicas"), ()),
    "sizeLimit": (("medium",), ()),
    "labels": (("namespace", "name", "generateName"), ("annotations",)),
    "annotations": (("labels", "namespace", "name", "generateName"), ()),
    "namespace": (("name", "generateName"), ("labels", "annotations")),
    "path": ((), ("port",)),
    "periodSeconds": (("initialDelaySeconds",), ("timeoutSeconds", "failureThreshold")),
}
"""For a field: the siblings that it follows, the best first, and those that it precedes if none of
those is there."""
