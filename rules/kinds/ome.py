"""OME (ome.io/v1beta1): services of large models, and the runtimes that they are merged over.

Source: sgl-project/ome ``pkg/apis/ome/v1beta1`` (``inference_service.go``, ``component.go``,
``servingruntime_types.go``) and ``pkg/controller/v1beta1/inferenceservice``
(``components/engine.go``, ``reconcilers/common/podspec_reconciler.go``, ``reconcilers/lws``).
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.lookups import Ask
from rules.kinds.pods import Pod, Probes
from rules.kinds.podspec import (
    add_mains,
    make_bare_pod,
    make_container,
    make_unseen_pod,
    multiply,
    read_count,
    read_metadata,
    silence_worker,
)
from rules.kinds.roles import Role, Subrole
from rules.kinds.rows import CONTROLLER, FactPlaces, FactRows
from rules.kinds.schema import SPEC, Kind
from rules.kinds.views import SpecView
from rules.paths import Path
from rules.record import NamedTuple

_GROUP = "ome.io"

_MAIN = "ome-container"
_RUNNERS = ("runner", "model")
"""Where a part has its main container; ``model`` is the deprecated predictor's."""
_WORKERS = ("worker", "workers", "workerSpec")
"""What a component, a runtime and the deprecated predictor call the same."""

_COMPONENT: FactRows = {
    facts.MIN_REPLICAS: ("minReplicas", 1, CONTROLLER),
    facts.MAX_REPLICAS: ("maxReplicas",),
    facts.CONTAINER_CONCURRENCY: ("containerConcurrency",),
    facts.REQUEST_TIMEOUT: ("timeoutSeconds",),
    facts.SCALE_METRIC: ("scaleMetric",),
    facts.SCALE_METRIC_TARGET: ("scaleTarget",),
    facts.UPDATE_STRATEGY: ("deploymentStrategy.type",),
    facts.MAX_SURGE: ("deploymentStrategy.rollingUpdate.maxSurge",),
    facts.MAX_UNAVAILABLE: ("deploymentStrategy.rollingUpdate.maxUnavailable",),
}
_SERVICE: FactRows = {facts.SERVING_RUNTIME: ("runtime.name",)}
_ON_OBJECT: FactRows = {
    facts.DEPLOYMENT_MODE: ('metadata.annotations["ome.io/deploymentMode"]',),
    facts.AUTOSCALER_CLASS: ('metadata.annotations["ome.io/autoscalerClass"]', "hpa", CONTROLLER),
}
_RUNTIME: FactRows = {facts.DISABLED: ("disabled",)}
_PARTS = ("engine", "decoder", "router")
_CHOSEN: Path = ("spec", "model")
"""A service that names a model is merged over a runtime, the one that it names or one that OME
picks."""


class _Component(NamedTuple):
    """A component of an object, and whether a runtime says what it leaves out."""

    view: SpecView
    name: str
    inherits: bool

    @property
    def subrole(self) -> Subrole | None:
        return Subrole.ROUTER if self.name == "router" else None

    @property
    def probes(self) -> Probes:
        """A router loads no model."""
        if self.subrole is Subrole.ROUTER:
            return Probes.NONE
        return Probes.GIVEN if self.inherits else Probes.OWN


def _service_pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    """Without a word on its engine the service has the runtime's."""
    inherits = any(spec.dig(key) is not None for key in ("model", "runtime"))
    components = [
        _Component(view, name, inherits or view.dig("model") is not None)
        for name in (*_PARTS, "predictor")
        for view in spec.each(name)
    ]
    for component in components:
        yield from _component_pods(component)
    if not components and spec.mapping():
        yield make_unseen_pod(spec.path, text=str(spec.dig("model", "name") or ""))


def _runtime_pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    for name in _PARTS:
        for view in spec.each(f"{name}Config"):
            yield from _component_pods(_Component(view, name, inherits=False))
    if spec.dig("containers"):
        yield from _component_pods(_Component(spec, "engine", inherits=False))


def _component_pods(component: _Component) -> Iterator[Pod]:
    """A pod that works alone, or a leader and its workers, whose specs replace the component's
    (``components/engine.go reconcilePodSpec``)."""
    groups = read_count(component.view.dig("minReplicas"))
    workers = [view for key in _WORKERS for view in component.view.each(key)]
    size = read_count(workers[0].dig("size")) if workers else 0
    for leader in component.view.each("leader"):
        pod = _pod(component, leader, groups)
        yield pod._replace(subrole=Subrole.MASTER, nodes=1 + (size or 0))
    for worker in workers:
        pod = _pod(component, worker, multiply(groups, size))
        yield silence_worker(pod._replace(subrole=Subrole.WORKER, nodes=1 + (size or 0)))
    if component.view.dig("leader") is None:
        yield _pod(component, component.view, groups)


def _pod(component: _Component, part: SpecView, replicas: int | None) -> Pod:
    """A part is a PodSpec with its main container beside the others; where that has no readiness
    probe, its port is asked (``reconcilers/deployment``, setDefaultReadinessProbe)."""
    named = [runner for key in _RUNNERS for runner in part.each(key)]
    runners = [make_container(one.mapping(), one.path) for one in named]
    pod = make_bare_pod(
        part.path,
        part.mapping(),
        metadata=read_metadata(component.view.mapping()),
        metadata_at=component.view.path,
        main=(_MAIN,),
        name=component.name,
        subrole=component.subrole,
        probes=component.probes,
        readiness_given=True,
        inherits=component.inherits,
        replicas=replicas,
        images=False,
    )
    return add_mains(pod, runners)


def _runtime(name: str, *, namespaced: bool) -> Kind:
    rows: FactPlaces = tuple((("spec", f"{part}Config"), _COMPONENT) for part in _PARTS)
    return Kind(
        _GROUP,
        name,
        pods=_runtime_pods,
        role=Role.SERVING,
        required=(("spec", "supportedModelFormats"),),
        rows=((SPEC, _RUNTIME), *rows),
        plural=f"{name.lower()}s",
        namespaced=namespaced,
        dormant=True,
    )


KINDS: tuple[Kind, ...] = (
    Kind(
        _GROUP,
        "InferenceService",
        pods=_service_pods,
        role=Role.SERVING,
        required=(SPEC,),
        rows=(
            ((), _ON_OBJECT),
            (SPEC, _SERVICE),
            *((("spec", part), _COMPONENT) for part in (*_PARTS, "predictor")),
        ),
        deferred={("spec", part): _CHOSEN for part in _PARTS},
        plural="inferenceservices",
    ),
    _runtime("ServingRuntime", namespaced=True),
    _runtime("ClusterServingRuntime", namespaced=False),
)
