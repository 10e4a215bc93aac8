"""llmaz (inference.llmaz.io/v1alpha1): Playground, Service, BackendRuntime.

Source: InftyAI/llmaz ``api/inference/v1alpha1`` and ``pkg/controller/inference``. A Playground
has no pod spec: its server, with image and probes, is that of a BackendRuntime, and accelerators
are those of its model's flavors (``api/core/v1alpha1 Flavor``), which overwrite any others. A
Service is a LeaderWorkerSet with the models that it loads.
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.lookups import Ask
from rules.kinds.lws import make_group_rows, read_group_pods, read_group_retries
from rules.kinds.pods import Container, Pod, Probes
from rules.kinds.podspec import make_configured_container, read_count
from rules.kinds.roles import Role
from rules.kinds.rows import FactRows
from rules.kinds.schema import SPEC, Autoscaler, Kind
from rules.kinds.views import SpecView
from rules.paths import EACH, dotted
from rules.type_names import Any

_GROUP = "inference.llmaz.io"
_TEMPLATE = "workloadTemplate"
_METRICS = ("elasticConfig", "scaleTrigger", "hpa", "metrics")

_PLAYGROUND: FactRows = {
    facts.REPLICAS: ("replicas", 1),
    facts.MIN_REPLICAS: ("elasticConfig.minReplicas", 1),
    facts.MAX_REPLICAS: ("elasticConfig.maxReplicas",),
}


def _playground_pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    config = spec.below("backendRuntimeConfig")
    yield Pod(
        config.path,
        config.path,
        {},
        containers=(_server(config, {"args": config.dig("args")}),),
        probes=Probes.GIVEN,
        replicas=read_count(spec.dig("replicas")),
        text=" ".join(_name_models(spec)),
        inherits=True,
        images=False,
        shared_memory=config.dig("sharedMemorySize") is not None,
    )


def _name_models(spec: SpecView) -> Iterator[str]:
    yield str(spec.dig("backendRuntimeConfig", "backendName") or "vllm")
    yield str(spec.dig("modelClaim", "modelName") or "")
    for model in spec.each("modelClaims", "models", EACH):
        yield str(model.dig("name") or "")


def _server(view: SpecView, body: dict[str, Any]) -> Container:
    """The model's runner, whose variables llmaz calls ``envs``."""
    body = {"resources": view.dig("resources"), **body, "env": view.dig("envs")}
    elsewhere = {"env": (*view.path, "envs")}
    return make_configured_container("model-runner", body, view.path, elsewhere=elsewhere)


def _scalers(spec: SpecView) -> Iterator[Autoscaler]:
    """The HPA of a trigger that is written; without one it is that of the runtime."""
    metrics = spec.value(*_METRICS)
    if isinstance(spec.dig(*_METRICS[:-1]), dict):
        yield Autoscaler(metrics, metrics.unknown or bool(metrics.value), dotted(metrics.path))


def _service_pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    yield from read_group_pods(spec, _TEMPLATE)


def _runtime_pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    image, version = spec.dig("image"), spec.dig("version")
    own = ("command", "lifecycle", "livenessProbe", "readinessProbe", "startupProbe")
    body = {key: spec.dig(key) for key in own if spec.dig(key) is not None}
    named = f"{image}:{version}" if image and version else image
    server = _server(spec, {**body, "image": named})
    yield Pod(spec.path, spec.path, {}, containers=(server,), replicas=None)


KINDS: tuple[Kind, ...] = (
    Kind(
        _GROUP,
        "Playground",
        pods=_playground_pods,
        role=Role.SERVING,
        required=(SPEC,),
        rows=((SPEC, _PLAYGROUND),),
        pod_rows={},
        autoscalers=_scalers,
        plural="playgrounds",
    ),
    Kind(
        _GROUP,
        "Service",
        pods=_service_pods,
        role=Role.SERVING,
        required=((*SPEC, _TEMPLATE, "workerTemplate"),),
        rows=((SPEC, make_group_rows(_TEMPLATE)),),
        lone_retries=lambda spec: read_group_retries(spec, _TEMPLATE),
        plural="services",
    ),
    Kind(
        _GROUP,
        "BackendRuntime",
        pods=_runtime_pods,
        role=Role.SERVING,
        required=((*SPEC, "image"),),
        pod_rows={},
        plural="backendruntimes",
        namespaced=False,
        dormant=True,
    ),
)
