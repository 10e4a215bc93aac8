"""NVIDIA's NIM operator (apps.nvidia.com/v1alpha1): NIMService, alone or in a NIMPipeline.

Source: NVIDIA/k8s-nim-operator ``api/apps/v1alpha1`` (``nimservice_types.go``,
``nimpipeline_types.go``, ``common_types.go``). The operator gives the server probes, with a startup
budget of 30 s + 120 x 10 s (``GetDefaultStartupProbe``), and /dev/shm.
"""

from collections.abc import Iterator, Mapping

from rules.kinds import facts
from rules.kinds.lookups import Ask
from rules.kinds.pods import Container, ContainerUse, Pod, Probes
from rules.kinds.podspec import multiply, read_count, read_metadata
from rules.kinds.roles import Role
from rules.kinds.rows import FactRows
from rules.kinds.schema import SPEC, Autoscaler, Kind
from rules.kinds.views import SpecView
from rules.paths import EACH, Path, dotted
from rules.type_names import Any

_GROUP = "apps.nvidia.com"

_SERVICE: FactRows = {
    facts.REPLICAS: ("replicas",),
    facts.MIN_REPLICAS: ("scale.hpa.minReplicas",),
    facts.MAX_REPLICAS: ("scale.hpa.maxReplicas",),
    facts.METRICS: ("scale.hpa.metrics",),
    facts.BEHAVIOR: ("scale.hpa.behavior",),
    facts.TENSOR_PARALLEL: ("multiNode.parallelism.tensor",),
    facts.PIPELINE_PARALLEL: ("multiNode.parallelism.pipeline",),
    facts.SCHEDULER: ("schedulerName",),
    facts.PRIORITY_CLASS: ("priorityClassName",),
    facts.RUNTIME_CLASS: ("runtimeClassName",),
    facts.NODE_SELECTOR: ("nodeSelector",),
    facts.TOLERATIONS: ("tolerations",),
    facts.AFFINITY: ("affinity",),
}
_AS_IN_A_CONTAINER = ("args", "command", "env", "resources")
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_STARTUP = {
    "httpGet": {"path": "/v1/health/ready", "port": "api"},
    "initialDelaySeconds": 30,
    "periodSeconds": 10,
    "failureThreshold": 120,
}
_PORTS = (("api", "port", 8000), ("grpc", "grpcPort", None), ("metrics", "metricsPort", None))
"""The container's ports, where their numbers stand in ``expose.service``, and the default
(``GetDeploymentParams``, ``common_types.go``)."""
_CPU = "the API server then scales on cpu at 80 %"
_SERVICES: Path = ("services", EACH)


def _service_pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    if spec.mapping():
        yield _pod(spec)


def _pipeline_pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    for service in spec.each(*_SERVICES):
        for inner in service.each("spec"):
            if service.dig("enabled") is not False:
                yield _pod(inner, str(service.dig("name") or ""))


def _pod(spec: SpecView, name: str = "") -> Pod:
    """The server's pod: the fields of a pod and of its container stand beside each other."""
    nodes = read_count(spec.dig("multiNode", "parallelism", "pipeline"))
    return Pod(
        spec.path,
        spec.path,
        {"resourceClaims": spec.dig("draResources")},
        name=name,
        metadata=read_metadata(spec.mapping()),
        metadata_at=spec.path,
        containers=(_server(spec),),
        probes=Probes.GIVEN,
        replicas=multiply(read_count(spec.dig("replicas")), nodes),
        nodes=nodes or 1,
        images=False,
    )


def _server(spec: SpecView) -> Container:
    own = {key: spec.dig(key) for key in _AS_IN_A_CONTAINER}
    probes = {key: _read_probe(spec.below(key)) for key in _PROBES}
    body = {key: value for key, value in {**own, **probes}.items() if value is not None}
    elsewhere = {key: (*spec.path, key, "probe") for key in _PROBES}
    elsewhere["ports"] = (*spec.path, "expose", "service")
    body["ports"] = [*_ports(spec.mapping("expose", "service"))]
    body["image"] = _name_image(spec.dig("image"))
    return Container("nim", spec.path, body, ContainerUse.MAIN, elsewhere=elsewhere)


def _ports(service: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name, key, default in _PORTS:
        number = service.get(key) or default
        if number is not None:
            yield {"name": name, "containerPort": number}


def _read_probe(probe: SpecView) -> Any:
    """The probe that is written, else the operator's, where the model depends on it."""
    if probe.dig("enabled") is False:
        return None
    default = _STARTUP if probe.path[-1] == "startupProbe" else None
    return probe.dig("probe") or default


def _name_image(image: Any) -> str:
    if not isinstance(image, dict):
        return ""
    return ":".join(str(image[key]) for key in ("repository", "tag") if image.get(key))


def _service_scalers(spec: SpecView) -> Iterator[Autoscaler]:
    """The HPA that the operator makes where scaling is on, with the metrics that are written."""
    if spec.dig("scale", "enabled") is True:
        metrics = spec.value("scale", "hpa", "metrics")
        defined = metrics.unknown or bool(metrics.value)
        yield Autoscaler(metrics, defined, dotted(metrics.path), implicit=_CPU)


def _pipeline_scalers(spec: SpecView) -> Iterator[Autoscaler]:
    for service in spec.each(*_SERVICES, "spec"):
        yield from _service_scalers(service)


KINDS: tuple[Kind, ...] = (
    Kind(
        _GROUP,
        "NIMService",
        pods=_service_pods,
        role=Role.SERVING,
        required=(("spec", "image"),),
        rows=((SPEC, _SERVICE),),
        pod_rows={},
        autoscalers=_service_scalers,
        plural="nimservices",
    ),
    Kind(
        _GROUP,
        "NIMPipeline",
        pods=_pipeline_pods,
        role=Role.SERVING,
        required=(("spec", "services"),),
        rows=((("spec", *_SERVICES, "spec"), _SERVICE),),
        pod_rows={},
        autoscalers=_pipeline_scalers,
        plural="nimpipelines",
    ),
)
