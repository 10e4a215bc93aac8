"""autoscaling: the HorizontalPodAutoscaler, and what autoscalers of other groups share with it."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from rules.kinds import facts
from rules.kinds.lookups import FactReader, Reference
from rules.kinds.rows import FactRows
from rules.kinds.schema import SPEC, Autoscaler, Kind, Measure
from rules.kinds.views import SpecView
from rules.manifest import Manifest
from rules.paths import EACH, Path, dig
from rules.record import NamedTuple
from rules.type_names import Any

DEFAULT_METRICS = [
    {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
    }
]
"""What the API server writes where an HPA states no metric (autoscaling/v2 defaults.go)."""

WITHOUT_SCALE = {
    ("", "Pod"): "a Pod is one pod",
    ("apps", "DaemonSet"): "a DaemonSet has a pod on each node",
    ("batch", "Job"): "a Job has no scale subresource",
    ("batch", "CronJob"): "a CronJob has no scale subresource",
    ("ray.io", "RayCluster"): "a RayCluster scales itself by enableInTreeAutoscaling",
    ("ray.io", "RayJob"): "a RayJob scales itself by enableInTreeAutoscaling",
    ("ray.io", "RayService"): "a RayService scales itself by its serveConfigV2",
    ("serving.kserve.io", "InferenceService"): "KServe makes an autoscaler of its own",
}
"""Kinds that no autoscaler can scale, and why. Sources: ``pkg/registry`` of kubernetes, the CRDs of
KubeRay and KServe, which have a status subresource alone."""

SCALING = "scaling"
"""The fact of an autoscaler that others may ask; ``unpack_scaling`` reads it."""


class Scaling(NamedTuple):
    """What an autoscaler scales, where it says so, and between how many replicas."""

    group: str
    kind: str
    name: str
    path: Path
    least: Any
    most: Any


_ROWS: FactRows = {
    facts.SCALE_TARGET: ("scaleTargetRef",),
    facts.MIN_REPLICAS: ("minReplicas", 1),
    facts.MAX_REPLICAS: ("maxReplicas",),
    facts.METRICS: ("metrics", DEFAULT_METRICS),
    facts.TARGET_CPU: ("targetCPUUtilizationPercentage", 80),
    facts.BEHAVIOR: ("behavior",),
}


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
        measures=() if carried else (Measure(value.path, "cpu", shared=True),),
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
        measures=tuple(map(_measure, spec.each("metrics", EACH))),
    )


def _measure(metric: SpecView) -> Measure:
    """v2beta1 has the share beside the name, later versions in ``target``."""
    for source in ("resource", "containerResource"):
        for body in metric.each(source):
            name, container = body.dig("name"), body.dig("container")
            share = body.dig("targetAverageUtilization") or body.dig("target", "averageUtilization")
            return Measure(
                body.path,
                name if isinstance(name, str) else None,
                container if isinstance(container, str) else None,
                shared=share is not None,
            )
    return Measure(metric.path)


_SELECTED = {"pods": "selector", "object": "selector", "external": "metricSelector"}


def convert_metrics(metrics: SpecView) -> list[Any] | None:
    """The metrics of an HPA of v2beta1 as v2 has them; None where one is not understood.

    Source: ``k8s.io/api/autoscaling/v2beta1`` (MetricSpec) and ``pkg/apis/autoscaling/v2beta1``
    (conversion.go).
    """
    converted = [_convert_metric(one) for one in metrics.each(EACH)]
    known = [one for one in converted if one is not None]
    return known if len(known) == len(converted) else None


def _convert_metric(metric: SpecView) -> dict[str, Any] | None:
    said = metric.dig("type")
    key = f"{said[:1].lower()}{said[1:]}" if isinstance(said, str) else ""
    source = metric.mapping(key) if key else {}
    if dig(source, ("target", "type")) is not None:
        return metric.mapping()
    target = _convert_target(key, source)
    if key in ("resource", "containerResource"):
        name: dict[str, Any] = {
            part: source[part] for part in ("name", "container") if part in source
        }
    elif key in _SELECTED:
        name = _name_metric(key, source)
    else:
        return None
    return {"type": said, key: {**name, "target": target}} if target and name else None


def _name_metric(key: str, source: Mapping[str, Any]) -> dict[str, Any]:
    metric = {"name": source.get("metricName")}
    selector = source.get(_SELECTED[key])
    described = {"describedObject": source.get("target")} if key == "object" else {}
    return {**described, "metric": {**metric, "selector": selector} if selector else metric}


def _convert_target(key: str, source: Mapping[str, Any]) -> dict[str, Any] | None:
    for field, kind, name in (
        ("targetAverageUtilization", "Utilization", "averageUtilization"),
        (
            "averageValue" if key == "object" else "targetAverageValue",
            "AverageValue",
            "averageValue",
        ),
        ("targetValue", "Value", "value"),
    ):
        if source.get(field) is not None:
            return {"type": kind, name: source[field]}
    return None


def read_target(
    target: SpecView, api_version: str = "", default: str | None = None
) -> Reference | None:
    """The object that a ``scaleTargetRef`` names; what it leaves out is as the arguments say."""
    kind, name = target.dig("kind") or default, target.dig("name")
    if not isinstance(kind, str) or not isinstance(name, str):
        return None
    head, slash, _ = str(target.dig("apiVersion") or api_version).partition("/")
    return Reference(head if slash else "", (kind,), target.manifest.identity.namespace, name)


def scaling_fact(
    read: Callable[[SpecView], Iterable[Autoscaler]], least: tuple[str, int], most: tuple[str, Any]
) -> FactReader:
    """The reader of the fact for autoscalers that ``read`` finds; the bounds by their fields, each
    with what absence means."""

    def keep_scaling(manifest: Manifest) -> Any:
        spec = SpecView(manifest, SPEC, manifest.dig(*SPEC))
        for target in (scaler.target for scaler in read(spec) if scaler.target is not None):
            at = ("spec", "scaleTargetRef")
            bounds = (spec.raw(field, default=default).value for field, default in (least, most))
            return (target.group, target.kinds[0], target.name, at, *bounds)
        return None

    return keep_scaling


def unpack_scaling(kept: Any) -> Scaling | None:
    """The scaling in the fact; None if the autoscaler names no target."""
    return None if kept is None else Scaling(*kept)


KINDS: tuple[Kind, ...] = (
    Kind(
        "autoscaling",
        "HorizontalPodAutoscaler",
        autoscalers=_scalers,
        required=(("spec", "scaleTargetRef"),),
        rows=((SPEC, _ROWS),),
        facts={SCALING: scaling_fact(_scalers, ("minReplicas", 1), ("maxReplicas", None))},
        plural="horizontalpodautoscalers",
    ),
)
