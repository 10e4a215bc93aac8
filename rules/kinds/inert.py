"""Annotations that nobody reads where they stand, by kind, and where they would be read.

Source: kubernetes ``pkg/controller`` (a controller copies the template's metadata to its pods, and
not its own); cluster-autoscaler ``utils/drain``, karpenter ``pkg/apis/v1/labels.go``,
gcs-fuse-csi-driver ``pkg/webhook``, HAMi ``pkg/device``, kai-scheduler ``docs/gpu-sharing``: these
read pods. kserve ``pkg/controller/v1beta1/inferenceservice/reconcilers/hpa`` and kserve#3638,
#2279; knative serving ``pkg/apis/serving/metadata_validation.go``.
"""

from collections.abc import Callable, Iterable, Iterator

from rules.globs import fits_any
from rules.manifest import Manifest
from rules.paths import Path
from rules.record import NamedTuple
from rules.type_names import Any, TypeAlias

Applies: TypeAlias = Callable[[Manifest], bool]
_ANNOTATIONS: Path = ("metadata", "annotations")
_TEMPLATE: Path = ("spec", "template", *_ANNOTATIONS)
_JOB: Path = ("spec", "jobTemplate")


class InertAnnotation(NamedTuple):
    """Keys (globs) that do nothing at ``place``, for the reason ``why``.

    ``home`` is where they are read, None where nowhere; ``instead`` what says the same. ``applies``
    tells by the rest of the object whether it is so.
    """

    keys: tuple[str, ...]
    place: Path
    home: Path | None
    why: str
    instead: str = ""
    applies: Applies = lambda _manifest: True


class InertPlace(NamedTuple):
    """An annotation of an object that does nothing where it stands."""

    path: Path
    home: Path | None
    row: InertAnnotation


_OF_PODS = (
    "cluster-autoscaler.kubernetes.io/safe-to-evict",
    "karpenter.sh/do-not-disrupt",
    "gke-gcsfuse/*",
    "gpu-fraction*",
    "gpu-memory",
    "nvidia.com/use-gpu*",
    "nvidia.com/nouse-gpu*",
    "nvidia.com/vgpu-mode",
    "volcano.sh/vgpu-mode",
    "hami.io/*-policy",
)
"""What autoscalers, CSI drivers and schedulers of shared GPUs read on pods alone."""
_READ_ON_PODS = "it is read on pods, which have the template's annotations alone"


def _of_pods(*places: Path, home: Path) -> tuple[InertAnnotation, ...]:
    return tuple(InertAnnotation(_OF_PODS, place, home, _READ_ON_PODS) for place in places)


def _mode(manifest: Manifest) -> Any:
    return manifest.dig(*_ANNOTATIONS, "serving.kserve.io/deploymentMode")


def _without_knative(manifest: Manifest) -> bool:
    return _mode(manifest) in ("Standard", "RawDeployment")


def _with_knative(manifest: Manifest) -> bool:
    return _mode(manifest) in ("Knative", "Serverless")


_HPA_KEYS = ("serving.kserve.io/targetUtilizationPercentage", "serving.kserve.io/metrics")
_SCALE = "the fields of spec.predictor: minReplicas, maxReplicas, scaleMetric, scaleTarget"
_KSERVE = (
    InertAnnotation(
        ("autoscaling.knative.dev/*",),
        _ANNOTATIONS,
        None,
        "Knative has no part in this deployment mode",
        _SCALE,
        _without_knative,
    ),
    InertAnnotation(
        _HPA_KEYS,
        _ANNOTATIONS,
        None,
        "KServe makes the HPA of fields alone",
        _SCALE,
        _without_knative,
    ),
    InertAnnotation(
        _HPA_KEYS,
        _ANNOTATIONS,
        None,
        "there is no HPA in this deployment mode",
        _SCALE,
        _with_knative,
    ),
)
_REVISIONS = (
    InertAnnotation(
        ("autoscaling.knative.dev/*",),
        _ANNOTATIONS,
        _TEMPLATE,
        "it is read on revisions, and Knative's webhook refuses it here",
    ),
)
_CRON = _of_pods(
    _ANNOTATIONS, (*_JOB, *_ANNOTATIONS), home=(*_JOB, "spec", "template", *_ANNOTATIONS)
)
_KEPT = _of_pods(_ANNOTATIONS, home=_TEMPLATE)

_TABLE: dict[tuple[str, str], tuple[InertAnnotation, ...]] = {
    **{("apps", kind): _KEPT for kind in ("DaemonSet", "Deployment", "ReplicaSet", "StatefulSet")},
    ("batch", "Job"): _KEPT,
    ("batch", "CronJob"): _CRON,
    ("serving.kserve.io", "InferenceService"): _KSERVE,
    ("serving.knative.dev", "Configuration"): _REVISIONS,
    ("serving.knative.dev", "Service"): _REVISIONS,
}


def find_inert(group: str, kind: str, manifest: Manifest) -> Iterator[InertPlace]:
    """The annotations of an object that nobody reads where they stand; none that stand where they
    are read as well."""
    for row in _TABLE.get((group, kind), ()):
        written = manifest.mapping(*row.place)
        if not written or not row.applies(manifest):
            continue
        read = manifest.mapping(*row.home) if row.home else {}
        for key in _select(written, row.keys):
            if key not in read:
                home = None if row.home is None else (*row.home, key)
                yield InertPlace((*row.place, key), home, row)


def _select(written: Iterable[Any], globs: tuple[str, ...]) -> Iterator[str]:
    for key in written:
        if isinstance(key, str) and fits_any(key, globs):
            yield key
