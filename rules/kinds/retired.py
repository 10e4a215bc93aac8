"""API versions and fields that a release has left behind, by kind, and what has taken their place.

Source: the Deprecated API Migration Guide of Kubernetes; knative/serving#9620; kubeflow/trainer
#1075 (TFJob, as the other operators of then) and #3309 (TrainJob); kubeflow/mpi-operator
``manifests/base/kubeflow.org_mpijobs.yaml``; kserve ``config/crd``; ray-project/kuberay#5122;
argo-workflows ``docs/upgrading.md``.
"""

from collections.abc import Callable, Iterator

from rules.kinds.autoscaling import convert_metrics
from rules.kinds.views import SpecView
from rules.manifest import Manifest
from rules.model import Edit, Remove, Set
from rules.paths import Path
from rules.record import NamedTuple
from rules.releases import Release
from rules.type_names import Any, TypeAlias

KUBERNETES = "kubernetes_version"
ARGO = "argo_version"
KUBEFLOW_TRAINER = "trainer_version"
TRAINING_OPERATOR = "training_operator_version"
KUBERAY = "kuberay_version"
UNSTATED = ""
"""No policy says which release of it runs."""

PROJECTS = {
    KUBERNETES: "Kubernetes",
    ARGO: "Argo Workflows",
    KUBEFLOW_TRAINER: "Kubeflow Trainer",
    TRAINING_OPERATOR: "the training operator",
    KUBERAY: "KubeRay",
}
"""By the parameters of a policy's ``cluster`` that say which release runs."""

Convert: TypeAlias = Callable[[Manifest], tuple[Edit, ...] | None]
"""The edits beside that of the version; None where it takes a person."""


class Retirement(NamedTuple):
    """What a release no longer takes: an API version of a kind, or a field of it.

    ``what`` is the version, or the path of the field; ``heir`` what has taken its place, which
    releases know ``since``. ``release`` is the first without it. ``convert`` makes the rest of the
    change; without it that takes a person, for the reason ``note``. ``sure`` is False where what it
    leaves unsaid means something else then. ``recent``: releases that take it still run in many
    clusters, so that it counts as gone only where the policy says which one runs.
    """

    what: str
    heir: str
    project: str = UNSTATED
    release: Release = ()
    since: Release = ()
    convert: Convert | None = None
    note: str = ""
    sure: bool = True
    recent: bool = False


def _keep(_manifest: Manifest) -> tuple[Edit, ...]:
    """The fields are the same."""
    return ()


def _select_pods(manifest: Manifest) -> tuple[Edit, ...] | None:
    """Before apps/v1 the selector could be left out, and was the labels of the template."""
    spec = manifest.mapping("spec")
    if "rollbackTo" in spec or "templateGeneration" in spec:
        return None
    labels = manifest.mapping("spec", "template", "metadata", "labels")
    if manifest.mapping("spec", "selector"):
        return ()
    return (Set(("spec", "selector"), {"matchLabels": dict(labels)}),) if labels else None


def _keep_without_annotations(manifest: Manifest) -> tuple[Edit, ...] | None:
    """KFServing's annotations and labels have other names today."""
    said = (*manifest.mapping("metadata", "annotations"), *manifest.mapping("metadata", "labels"))
    return None if any("serving.kubeflow.org" in str(key) for key in said) else ()


def _convert_scaler(manifest: Manifest) -> tuple[Edit, ...] | None:
    """Convert an autoscaler: v2beta1 has other fields for a metric's target, and before v2 the
    target's group could be left out (``pkg/apis/autoscaling/validation``)."""
    metrics = SpecView(manifest, ("spec", "metrics"), manifest.dig("spec", "metrics"))
    converted = convert_metrics(metrics)
    if converted is None:
        return None
    changed = metrics.body and metrics.body != converted
    return (*_name_group(manifest), *([Set(metrics.path, converted)] if changed else []))


def _name_group(manifest: Manifest) -> tuple[Edit, ...]:
    version = ("spec", "scaleTargetRef", "apiVersion")
    written = str(manifest.dig(*version) or "extensions/")
    known = manifest.dig("spec", "scaleTargetRef", "kind") in (
        "Deployment",
        "ReplicaSet",
        "StatefulSet",
    )
    return (Set(version, "apps/v1"),) if known and written.startswith("extensions/") else ()


def _list_schedule(manifest: Manifest) -> tuple[Edit, ...] | None:
    """One schedule is a list of one, where there is none beside it."""
    schedule = manifest.dig("spec", "schedule")
    if manifest.dig("spec", "schedules") is not None:
        return (Remove(("spec", "schedule")),)
    return (Remove(("spec", "schedule")), Set(("spec", "schedules"), [schedule]))


_SELECTOR = "which requires spec.selector and has other defaults"
_CONTROLLERS = (
    Retirement(
        "v1beta1", "apps/v1", KUBERNETES, (1, 16), (1, 9), _select_pods, _SELECTOR, sure=False
    ),
    Retirement("v1beta2", "apps/v1", KUBERNETES, (1, 16), (1, 9), _select_pods, _SELECTOR),
)
_SCALERS = (
    Retirement("v2beta1", "autoscaling/v2", KUBERNETES, (1, 25), (1, 23), _convert_scaler),
    Retirement("v2beta2", "autoscaling/v2", KUBERNETES, (1, 26), (1, 23), _convert_scaler),
)
_CRON_JOBS = (
    Retirement("v1beta1", "batch/v1", KUBERNETES, (1, 25), (1, 21), _keep),
    Retirement("v2alpha1", "batch/v1", KUBERNETES, (1, 21), (1, 21), _keep),
)
_JOBS = tuple(
    Retirement(
        version, "kubeflow.org/v1", TRAINING_OPERATOR, (1, 0), (1, 0), note="whose fields differ"
    )
    for version in ("v1alpha1", "v1alpha2", "v1alpha3", "v1beta1", "v1beta2")
)
_MPI_JOBS = tuple(
    Retirement(version, "kubeflow.org/v2beta1", note="whose fields differ")
    for version in ("v1alpha1", "v1alpha2")
)
_RAY = (Retirement("v1alpha1", "ray.io/v1", KUBERAY, (1, 9), (1, 0), _keep, recent=True),)
_KNATIVE = tuple(
    Retirement(version, "serving.knative.dev/v1", note="whose fields differ")
    for version in ("v1alpha1", "v1beta1")
)
_KSERVE = (
    Retirement(
        "v1alpha2",
        "serving.kserve.io/v1beta1",
        note="which has below spec.predictor what stood below spec.default",
    ),
)
_KFSERVING = (
    *_KSERVE,
    Retirement(
        "v1beta1",
        "serving.kserve.io/v1beta1",
        convert=_keep_without_annotations,
        note="as KFServing is called today",
    ),
)


def _overrides(field: str, release: Release) -> Retirement:
    """TrainJob v2.1 had podTemplateOverrides, v2.2 has runtimePatches alone."""
    heir, note = "spec.runtimePatches", "whose items patch the runtime's template"
    return Retirement(
        f"spec.{field}", heir, KUBEFLOW_TRAINER, release, (2, 1), note=note, recent=True
    )


_VERSIONS: dict[tuple[str, str], tuple[Retirement, ...]] = {
    **{("apps", kind): _CONTROLLERS for kind in ("Deployment", "StatefulSet")},
    **{("apps", kind): _CONTROLLERS[1:] for kind in ("DaemonSet", "ReplicaSet")},
    **{
        ("extensions", kind): _CONTROLLERS[:1] for kind in ("DaemonSet", "Deployment", "ReplicaSet")
    },
    ("autoscaling", "HorizontalPodAutoscaler"): _SCALERS,
    ("batch", "CronJob"): _CRON_JOBS,
    **{("kubeflow.org", kind): _JOBS for kind in ("PyTorchJob", "TFJob", "XGBoostJob")},
    ("kubeflow.org", "MPIJob"): _MPI_JOBS,
    **{("ray.io", kind): _RAY for kind in ("RayCluster", "RayJob", "RayService")},
    ("serving.knative.dev", "Service"): _KNATIVE,
    ("serving.kserve.io", "InferenceService"): _KSERVE,
    ("serving.kubeflow.org", "InferenceService"): _KFSERVING,
}
_FIELDS: dict[tuple[str, str], tuple[Retirement, ...]] = {
    ("argoproj.io", "CronWorkflow"): (
        Retirement(
            "spec.schedule",
            "spec.schedules",
            ARGO,
            (4, 0),
            (3, 6),
            _list_schedule,
            recent=True,
        ),
    ),
    ("trainer.kubeflow.org", "TrainJob"): (
        _overrides("podSpecOverrides", (2, 1)),
        _overrides("podTemplateOverrides", (2, 2)),
    ),
}


_SERVED = {
    "": frozenset({"v1"}),
    "apps": frozenset({"v1"}),
    "autoscaling": frozenset({"v1", "v2"}),
    "batch": frozenset({"v1"}),
    "extensions": frozenset[str](),
}
"""What Kubernetes serves of the kinds that it has itself, by their groups."""


def name_served(group: str) -> str:
    """The newest ``apiVersion`` that Kubernetes serves of one of its own groups; empty where it
    serves none, or the group is another's."""
    served = _SERVED.get(group)
    return "/".join(filter(None, (group, max(served)))) if served else ""


def find_retired(group: str, kind: str, manifest: Manifest) -> Iterator[tuple[Path, Retirement]]:
    """What an object of a kind has of what is left behind: where, and what became of it."""
    known = {one.what: one for one in _VERSIONS.get((group, kind), ())}
    heir = name_served(group)
    if manifest.version in known:
        yield ("apiVersion",), known[manifest.version]
    elif heir and manifest.version not in _SERVED[group]:
        yield (
            ("apiVersion",),
            Retirement(manifest.version, heir, note="there was never such a version"),
        )
    for one in _FIELDS.get((group, kind), ()):
        path = tuple(one.what.split("."))
        if manifest.dig(*path) is not None:
            yield path, one


def convert_object(manifest: Manifest, one: Retirement) -> tuple[Any, ...] | None:
    """The edits by which an object does without what is left behind; None where that takes a
    person."""
    rest = one.convert(manifest) if one.convert is not None else None
    if rest is None:
        return None
    return rest if "." in one.what else (Set(("apiVersion",), one.heir), *rest)
