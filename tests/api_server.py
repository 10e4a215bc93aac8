"""A written object as the API server shows it to a webhook.

Before the first webhook is called, the object is decoded, the defaults of its kind are written,
and the server's own admission plugins have had their turn (apiserver
``endpoints/handlers/create.go``). The paths named here are those of kubernetes/kubernetes v1.37
below ``pkg/apis``, and for custom kinds the ``default:`` values of their CRDs. What is done here
is what the tests' own manifests need; empty lists and the units of quantities stay as they were
written, and so do unknown fields of custom kinds.
"""

import copy
import json
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any, NamedTuple

from rules.manifest import LAST_APPLIED, Manifest
from rules.paths import EACH, Path, expand
from tests.api_schema import drop_unknown_fields

NAMESPACE = "research"

Body = dict[str, Any]


class Way(StrEnum):
    """How an object comes to the API server: this decides what tells who wrote a value."""

    APPLY = "kubectl apply"
    SERVER_SIDE = "kubectl apply --server-side"
    CREATE = "kubectl create"


def present(written: Body, way: Way = Way.APPLY) -> Body:
    """The object in the AdmissionReview of the creation of ``written``, in ``NAMESPACE`` where it
    names no other. One with ``generateName`` is always created: kubectl cannot apply it."""
    named = _name(written)
    if "name" not in named["metadata"]:
        way = Way.CREATE
    body = fill(_decode(named, way))
    body.setdefault("status", {})
    metadata = body["metadata"]
    if way is Way.APPLY:
        metadata.setdefault("annotations", {})[LAST_APPLIED] = json.dumps(named)
    metadata["managedFields"] = [_manage(named if way is Way.SERVER_SIDE else body, way)]
    return body


def fill(body: Body) -> Body:
    """The object without unknown fields, and with the defaults of its kind wherever nothing stands.
    The API server does this on the way in, and again after a webhook's patch (apiserver
    ``mutating/dispatcher.go``)."""
    body = copy.deepcopy(drop_unknown_fields(body))
    kind = _kind(body)
    if kind in _BUILT_IN and isinstance(body.get("spec"), dict):
        _BUILT_IN[kind](body)
    for default in _CUSTOM.get(kind, ()):
        for _, parent in expand(body, default.parent):
            _fill(parent, **{default.key: default.value})
    return body


def unmark(body: Body, *annotations: str) -> Body:
    """The object without what tells who wrote it, and without ``annotations``."""
    body = copy.deepcopy(body)
    metadata = body["metadata"]
    metadata.pop("managedFields", None)
    for key in (LAST_APPLIED, *annotations):
        metadata.get("annotations", {}).pop(key, None)
    if not metadata.get("annotations"):
        metadata.pop("annotations", None)
    return body


def _kind(body: Body) -> tuple[str, str]:
    return Manifest(body).group, str(body.get("kind"))


def _name(written: Body) -> Body:
    """The object as kubectl sends and records it: with a namespace."""
    metadata = {"namespace": NAMESPACE, **(written.get("metadata") or {})}
    return {**written, "metadata": metadata}


def _decode(body: Body, way: Way) -> Body:
    """Go's view of the JSON: nulls are nothing (CRDs: apiextensions ``defaulting/prune.go``), and
    in built-in kinds amounts are texts. A null amount is 0 (apimachinery ``resource/quantity.go``
    UnmarshalJSON), unless ``kubectl apply`` left it out before."""
    decoded: Body = _drop_nulls(body, amounts=way is Way.APPLY or _kind(body) not in _BUILT_IN)
    if _kind(body) in _BUILT_IN:
        _write_amounts(decoded)
    return decoded


def _drop_nulls(value: Any, *, amounts: bool) -> Any:
    """``value`` without nulls in mappings; those of resource amounts only if ``amounts``."""
    if isinstance(value, list):
        return [_drop_nulls(item, amounts=amounts) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: one if key in _AMOUNTS and not amounts else _drop_nulls(one, amounts=amounts)
        for key, one in value.items()
        if one is not None
    }


_AMOUNTS = ("limits", "requests")


def _write_amounts(value: Any) -> None:
    for key, one in value.items() if isinstance(value, dict) else enumerate(value):
        if key in _AMOUNTS and isinstance(one, dict):
            value[key] = {name: str(amount or 0) for name, amount in one.items()}
        elif isinstance(one, dict | list):
            _write_amounts(one)


def _fill(body: Any, **defaults: Any) -> None:
    """Write what is not there. The empty text is not there either, as for any Go string."""
    if not isinstance(body, dict):
        return
    for key, value in defaults.items():
        if body.get(key) in (None, ""):
            body[key] = copy.deepcopy(value)


def _fill_zero(body: Any, **defaults: Any) -> None:
    """As ``_fill``, for fields in which 0 and an empty list or mapping are nothing either."""
    if isinstance(body, dict):
        body.update({key: copy.deepcopy(one) for key, one in defaults.items() if not body.get(key)})


def _mappings(body: Any, *pattern: str) -> Iterable[Body]:
    return [found for _, found in expand(body, pattern) if isinstance(found, dict)]


def _containers(spec: Any) -> list[Body]:
    return [
        *_mappings(spec, "initContainers", EACH),
        *_mappings(spec, "containers", EACH),
    ]


def _fill_pod_spec(spec: Any) -> None:
    """``core/v1/defaults.go``: SetDefaults_PodSpec and what stands inside."""
    _fill(
        spec,
        dnsPolicy="ClusterFirst",
        restartPolicy="Always",
        schedulerName="default-scheduler",
        securityContext={},
        terminationGracePeriodSeconds=30,
    )
    for container in _containers(spec):
        _fill_container(container)
    for volume in _mappings(spec, "volumes", EACH):
        _fill_volume(volume)


def _fill_container(container: Body) -> None:
    """``core/v1/defaults.go``: SetDefaults_Container, SetDefaults_Probe, SetDefaults_HTTPGetAction;
    ``core/v1/zz_generated.defaults.go``: a port's protocol."""
    tag = str(container.get("image")).rpartition("/")[2].partition(":")[2]
    _fill(
        container,
        imagePullPolicy="Always" if tag in ("", "latest") else "IfNotPresent",
        resources={},
        terminationMessagePath="/dev/termination-log",
        terminationMessagePolicy="File",
    )
    for port in _mappings(container, "ports", EACH):
        _fill(port, protocol="TCP")
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        probe = container.get(name)
        _fill_zero(probe, failureThreshold=3, periodSeconds=10, successThreshold=1)
        _fill_zero(probe, timeoutSeconds=1)
        for handler in _mappings(probe, "httpGet"):
            _fill(handler, path="/", scheme="HTTP")


def _fill_volume(volume: Body) -> None:
    """``core/v1/defaults.go``: SetDefaults_Volume and those of its sources."""
    if volume.keys() <= {"name"}:
        volume["emptyDir"] = {}
    for kind in ("configMap", "secret", "projected", "downwardAPI"):
        _fill(volume.get(kind), defaultMode=0o644)
    for source in _mappings(volume, "hostPath"):
        source.setdefault("type", "")


def _fill_template(owner: Any) -> None:
    for template in _mappings(owner, "template"):
        _fill(template, metadata={})
        _fill_pod_spec(template.get("spec"))


def _fill_pod(body: Body) -> None:
    """``core/v1/defaults.go``: SetDefaults_Pod copies limits to requests, which is not done in
    templates. Admission then mounts a token (``plugin/pkg/admission/serviceaccount``)."""
    spec = body["spec"]
    _fill_pod_spec(spec)
    _fill(spec, enableServiceLinks=True, serviceAccountName="default", volumes=[])
    for container in _containers(spec):
        resources = container["resources"]
        if resources.get("limits"):
            resources["requests"] = {**resources["limits"], **(resources.get("requests") or {})}
        _fill(container, volumeMounts=[])
        _append(container["volumeMounts"], {**_TOKEN, "mountPath": _TOKENS, "readOnly": True})
    _append(spec["volumes"], {**_TOKEN, "projected": {"defaultMode": 0o644, "sources": []}})


_TOKEN = {"name": "kube-api-access-x7k2p"}
_TOKENS = "/var/run/secrets/kubernetes.io/serviceaccount"


def _append(items: list[Body], item: Body) -> None:
    if item not in items:
        items.append(item)


def _fill_job(body: Body) -> None:
    """``batch/v1/defaults.go``: SetDefaults_Job."""
    spec = body["spec"]
    _fill_template(spec)
    if spec.get("completions") is None and spec.get("parallelism") is None:
        spec["completions"] = 1
    failing = spec.get("podFailurePolicy") is not None
    _fill(
        spec,
        backoffLimit=6 if spec.get("backoffLimitPerIndex") is None else 2**31 - 1,
        completionMode="NonIndexed",
        manualSelector=False,
        parallelism=1,
        podReplacementPolicy="Failed" if failing else "TerminatingOrFailed",
        suspend=False,
    )
    for labels in _mappings(spec, "template", "metadata", "labels"):
        _fill_zero(body["metadata"], labels=labels)


def _fill_cron_job(body: Body) -> None:
    """``batch/v1/defaults.go``: SetDefaults_CronJob. What a Job defaults stays unset in the
    template of one."""
    spec = body["spec"]
    _fill(
        spec,
        concurrencyPolicy="Allow",
        failedJobsHistoryLimit=1,
        successfulJobsHistoryLimit=3,
        suspend=False,
    )
    for template in _mappings(spec, "jobTemplate"):
        _fill(template, metadata={})
        _fill_template(template.get("spec"))


def _fill_deployment(body: Body) -> None:
    """``apps/v1/defaults.go``: SetDefaults_Deployment."""
    spec = body["spec"]
    _fill_template(spec)
    _fill(spec, progressDeadlineSeconds=600, replicas=1, revisionHistoryLimit=10, strategy={})
    strategy = spec["strategy"]
    _fill(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        _fill(strategy, rollingUpdate={})
        _fill(strategy["rollingUpdate"], maxSurge="25%", maxUnavailable="25%")


def _fill_scaler(body: Body) -> None:
    """``autoscaling/v2/defaults.go``. In autoscaling/v1 the same 80 % come from the conversion to
    the internal version, which other metrics in an annotation keep from it
    (``autoscaling/v1/conversion.go``)."""
    spec = body["spec"]
    _fill(spec, minReplicas=1)
    manifest = Manifest(body)
    if manifest.version != "v1":
        target = {"type": "Utilization", "averageUtilization": 80}
        metric = {"type": "Resource", "resource": {"name": "cpu", "target": target}}
        _fill_zero(spec, metrics=[metric])
        return
    others = "autoscaling.alpha.kubernetes.io/metrics"
    if others not in manifest.mapping("metadata", "annotations"):
        _fill(spec, targetCPUUtilizationPercentage=80)


_BUILT_IN: dict[tuple[str, str], Callable[[Body], None]] = {
    ("", "Pod"): _fill_pod,
    ("batch", "Job"): _fill_job,
    ("batch", "CronJob"): _fill_cron_job,
    ("apps", "Deployment"): _fill_deployment,
    ("autoscaling", "HorizontalPodAutoscaler"): _fill_scaler,
}


class Default(NamedTuple):
    """What a custom kind has at ``key`` of each mapping at ``parent`` where nothing is written."""

    parent: Path
    key: str
    value: Any


def _ray_job(job: Path) -> tuple[Default, ...]:
    """Source: kuberay ``config/crd/bases/ray.io_rayjobs.yaml`` and ``ray.io_raycronjobs.yaml``."""
    group = (*job, "rayClusterSpec", "workerGroupSpecs", EACH)
    return (
        Default(job, "backoffLimit", 0),
        Default(job, "submissionMode", "K8sJobMode"),
        Default(job, "ttlSecondsAfterFinished", 0),
        Default(group, "numOfHosts", 1),
        Default(group, "replicas", 0),
        Default(group, "minReplicas", 0),
        Default(group, "maxReplicas", 2**31 - 1),
        Default(group, "priority", 0),
    )


_REPLICATED: Path = ("spec", "replicatedJobs", EACH)
_CHILD: Path = (*_REPLICATED, "template", "spec")

_CUSTOM: dict[tuple[str, str], tuple[Default, ...]] = {
    # jobset config/components/crd/bases; the last two are its webhook's (jobset_webhook.go)
    ("jobset.x-k8s.io", "JobSet"): (
        Default(_REPLICATED, "replicas", 1),
        Default(_REPLICATED, "groupName", "default"),
        Default(("spec", "failurePolicy"), "restartStrategy", "Recreate"),
        Default(_CHILD, "completionMode", "Indexed"),
        Default((*_CHILD, "template", "spec"), "restartPolicy", "OnFailure"),
    ),
    ("ray.io", "RayJob"): _ray_job(("spec",)),
    ("ray.io", "RayCronJob"): _ray_job(("spec", "jobTemplate")),
    # volcano config/crd/volcano/bases/batch.volcano.sh_jobs.yaml; the last: mutate_job.go
    ("batch.volcano.sh", "Job"): (
        Default(("spec",), "maxRetry", 3),
        Default(("spec",), "queue", "default"),
        Default(("spec", "tasks", EACH), "maxRetry", 3),
    ),
    # trainer manifests/base/crds/trainer.kubeflow.org_trainjobs.yaml
    ("trainer.kubeflow.org", "TrainJob"): (
        Default(("spec",), "managedBy", "trainer.kubeflow.org/trainjob-controller"),
        Default(("spec",), "suspend", False),  # noqa: FBT003 - a value
        Default(("spec", "runtimeRef"), "apiGroup", "trainer.kubeflow.org"),
        Default(("spec", "runtimeRef"), "kind", "ClusterTrainingRuntime"),
    ),
}
"""The training operator's v1 kinds, Argo's and KServe's arrive as they were written."""


def _manage(source: Body, way: Way) -> Body:
    """The entry of ``managedFields``: of a server-side apply what was written, else whatever is
    there, defaults included (apimachinery ``managedfields``)."""
    return {
        "manager": "kubectl",
        "operation": "Apply" if way is Way.SERVER_SIDE else "Update",
        "apiVersion": source.get("apiVersion"),
        "fieldsType": "FieldsV1",
        "fieldsV1": {f"f:{key}": _own(source.get(key)) for key in ("metadata", "spec")},
    }


_KEYED = ("containers", "initContainers", "replicatedJobs", "volumes")
"""Lists whose items go by their names; any other counts as a whole (``x-kubernetes-list-type``)."""


def _own(value: Any, key: str = "") -> Body:
    """A ``fieldsV1`` set (structured-merge-diff ``fieldpath/serialize.go``)."""
    if isinstance(value, dict):
        return {f"f:{name}": _own(one, name) for name, one in value.items()}
    if isinstance(value, list) and key in _KEYED:
        return {f'k:{{"name":"{item.get("name")}"}}': _own(item) for item in value}
    return {}
