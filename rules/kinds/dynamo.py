"""NVIDIA Dynamo (nvidia.com): graphs of components that serve a model together.

Source: ai-dynamo/dynamo ``deploy/operator/api/v1alpha1`` (``dynamocomponentdeployment_types.go``,
``common.go``), ``deploy/operator/api/dynamo/v1beta1`` and ``deploy/operator/internal/dynamo``
(``component_worker.go``): the operator gives components probes, workers a startup probe of two
hours among them.
"""

from collections.abc import Iterator, Mapping

from rules.kinds import facts
from rules.kinds.lookups import Ask
from rules.kinds.pods import Container, ContainerUse, Pod, Probes
from rules.kinds.podspec import (
    add_mains,
    make_bare_pod,
    make_container,
    make_pod,
    multiply,
    read_count,
    read_metadata,
)
from rules.kinds.roles import Role, Subrole
from rules.kinds.rows import CONTROLLER, FactPlaces, FactRows
from rules.kinds.schema import SPEC, Kind, PodReader
from rules.kinds.views import SpecView
from rules.paths import EACH, Path
from rules.type_names import Any

_GROUP = "nvidia.com"

_DEVICE = "nvidia.com/gpu"
_ROUTERS = ("epp", "frontend", "planner")
_WORKERS = ("decode", "prefill", "worker")
_STARTUP = {
    "httpGet": {"path": "/live", "port": "system"},
    "periodSeconds": 10,
    "timeoutSeconds": 5,
    "failureThreshold": 720,
}
"""What the operator gives to a worker (``component_worker.go``)."""
_COMPONENT: FactRows = {
    facts.REPLICAS: ("replicas", 1, CONTROLLER),
    facts.NODES: ("multinode.nodeCount", 2),
    facts.MIN_AVAILABLE: ("minAvailable",),
}
_OLD: Path = ("services", EACH)
_NEW: Path = ("components", EACH)
"""Where a graph has its components: by name in v1alpha1, in a list since v1beta1."""


def _graph_pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    for service in spec.each(*_OLD):
        yield from _component_pods(service, str(service.path[-1]))
    for component in spec.each(*_NEW):
        yield from _component_pods(component, str(component.dig("name") or ""))


def _lone_pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    name = spec.dig("name") or spec.dig("serviceName") or ""
    return _component_pods(spec, str(name)) if spec.mapping() else iter(())


def _component_pods(component: SpecView, name: str) -> Iterator[Pod]:
    """A component's pods: since v1beta1 it has a pod template, before it had an extra pod spec
    beside fields of its own."""
    nodes = read_count(component.dig("multinode", "nodeCount"), _default_nodes(component))
    part = component.dig("type") or component.dig("componentType")
    routes = (part or name.lower()) in _ROUTERS
    known: dict[str, Any] = {
        "name": name,
        "subrole": Subrole.ROUTER if routes else None,
        "probes": Probes.NONE if routes else Probes.GIVEN,
        "replicas": multiply(read_count(component.dig("replicas")), nodes),
        "nodes": nodes or 1,
        "images": False,
        "shared_memory": True,
    }
    templates = list(component.each("podTemplate"))
    for template in templates:
        yield _started(part, make_pod(template, main=("main",), **known))
    if not templates:
        yield _started(part, _old_pod(component, known))


def _started(part: Any, pod: Pod) -> Pod:
    """The pod as the operator starts it: a worker's main container has a startup probe."""
    if part not in _WORKERS:
        return pod
    given = (
        one._replace(body={"startupProbe": _STARTUP, **one.body})
        if one.use is ContainerUse.MAIN
        else one
        for one in pod.containers
    )
    return pod._replace(containers=tuple(given))


def _default_nodes(component: SpecView) -> int:
    return 2 if isinstance(component.dig("multinode"), dict) else 1


def _old_pod(component: SpecView, known: Mapping[str, Any]) -> Pod:
    extra = component.below("extraPodSpec")
    pod = make_bare_pod(
        extra.path,
        extra.mapping(),
        metadata=read_metadata(component.mapping()),
        metadata_at=component.path,
        **known,
    )
    return add_mains(pod, (_main(component, extra.below("mainContainer")),))


def _main(component: SpecView, main: SpecView) -> Container:
    """The main container: its own values override those of its component."""
    said = {
        "resources": _resources(component.mapping("resources")),
        "livenessProbe": component.dig("livenessProbe"),
        "readinessProbe": component.dig("readinessProbe"),
    }
    own = main.mapping()
    given = {key: value for key, value in said.items() if value and key not in own}
    container = make_container({**given, **own}, main.path)
    return container._replace(
        name=container.name or "main",
        elsewhere={key: (*component.path, key) for key in given},
        made=frozenset({"resources"} & given.keys()),
    )


def _resources(said: Mapping[str, Any]) -> dict[str, Any]:
    """The amounts under the names that Kubernetes knows. Devices are read from the limits: what
    is only requested cannot be pointed at by such a name."""
    limits, devices = _amounts(said.get("limits"))
    requests, _ = _amounts(said.get("requests"))
    found = {"limits": {**limits, **devices}, "requests": {**requests, **devices}}
    return {key: amounts for key, amounts in found.items() if amounts}


def _amounts(item: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The amounts of cpu, memory and devices."""
    if not isinstance(item, dict):
        return {}, {}
    plain = {key: item[key] for key in ("cpu", "memory") if key in item}
    custom = item.get("custom")
    devices = dict(custom) if isinstance(custom, dict) else {}
    if item.get("gpu") is not None:
        devices[str(item.get("gpuType") or _DEVICE)] = item["gpu"]
    return plain, devices


def _kind(name: str, pods: PodReader, rows: FactPlaces) -> Kind:
    return Kind(
        _GROUP,
        name,
        pods=pods,
        role=Role.SERVING,
        required=(SPEC,),
        rows=rows,
        plural=f"{name.lower()}s",
    )


KINDS: tuple[Kind, ...] = (
    _kind(
        "DynamoGraphDeployment",
        _graph_pods,
        ((("spec", *_OLD), _COMPONENT), (("spec", *_NEW), _COMPONENT)),
    ),
    _kind("DynamoComponentDeployment", _lone_pods, ((SPEC, _COMPONENT),)),
)
