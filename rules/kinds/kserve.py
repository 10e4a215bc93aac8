"""KServe's predictive serving: InferenceService and the serving runtimes.

Source: kserve ``pkg/apis/serving/v1beta1/{predictor,component}.go``, ``v1alpha1/
servingruntime_types.go`` and ``pkg/controller/v1beta1/inferenceservice/reconcilers/{hpa,keda}``.
"""

from collections.abc import Iterator, Mapping

from rules.kinds import facts
from rules.kinds.lookups import Ask
from rules.kinds.pods import Container, ContainerUse, Pod, Probes
from rules.kinds.podspec import (
    make_bare_pod,
    make_container,
    read_containers,
    read_count,
    read_metadata,
    read_volumes,
)
from rules.kinds.roles import Role, Subrole
from rules.kinds.rows import CONTROLLER, FactPlaces, FactRows
from rules.kinds.schema import SPEC, Autoscaler, Kind
from rules.kinds.views import SpecView
from rules.paths import EACH, Path, dotted
from rules.type_names import Any

_GROUP = "serving.kserve.io"

_MAIN = "kserve-container"
_WORKER = "worker-container"
_MODELS = (
    "model",
    "sklearn",
    "xgboost",
    "tensorflow",
    "pytorch",
    "triton",
    "onnx",
    "huggingface",
    "pmml",
    "lightgbm",
    "paddle",
)
_EXPLAINERS = ("art", "alibi", "aix")
_PLACES: tuple[Path, ...] = (
    (),
    ("canary", EACH),
    ("default",),
    ("canary",),
)
"""Where components stand; canaries are a list since v0.20, ``default`` and one ``canary`` are
v1alpha2's."""
_COMPONENTS: tuple[tuple[str, tuple[str, ...], Subrole | None], ...] = (
    ("predictor", _MODELS, None),
    ("transformer", (), Subrole.TRANSFORMER),
    ("explainer", _EXPLAINERS, Subrole.EXPLAINER),
)
_ON_OBJECT: FactRows = {
    facts.DEPLOYMENT_MODE: ('metadata.annotations["serving.kserve.io/deploymentMode"]',),
    facts.AUTOSCALER_CLASS: ('metadata.annotations["serving.kserve.io/autoscalerClass"]',),
}
_SCALE: FactRows = {
    facts.MIN_REPLICAS: ("minReplicas", 1, CONTROLLER),
    facts.MAX_REPLICAS: ("maxReplicas",),
    facts.CONTAINER_CONCURRENCY: ("containerConcurrency",),
    facts.REQUEST_TIMEOUT: ("timeout",),
}
_COMPONENT: FactRows = {
    **_SCALE,
    facts.METRICS: ("autoScaling.metrics",),
    facts.BEHAVIOR: ("autoScaling.behavior",),
    facts.SCALE_METRIC: ("scaleMetric",),
    facts.SCALE_METRIC_TARGET: ("scaleTarget",),
    facts.UPDATE_STRATEGY: ("deploymentStrategy.type",),
    facts.MAX_SURGE: ("deploymentStrategy.rollingUpdate.maxSurge",),
    facts.MAX_UNAVAILABLE: ("deploymentStrategy.rollingUpdate.maxUnavailable",),
}
_WORKERS: FactRows = {
    facts.TENSOR_PARALLEL: ("workerSpec.tensorParallelSize",),
    facts.PIPELINE_PARALLEL: ("workerSpec.pipelineParallelSize",),
}
_PREDICTOR: FactRows = {
    **_COMPONENT,
    **_WORKERS,
    facts.MODEL_URI: ("model.storageUri",),
    facts.SERVING_RUNTIME: ("model.runtime",),
}
_FACTS: FactPlaces = (
    ((), _ON_OBJECT),
    (("spec", "predictor"), _PREDICTOR),
    (("spec", "transformer"), _COMPONENT),
    (("spec", "explainer"), _COMPONENT),
    (("spec", "canary", EACH, "predictor"), _PREDICTOR),
)
_OLD_FACTS: FactPlaces = tuple((("spec", key), _SCALE) for key, _, _ in _COMPONENTS)
"""KFServing had no more."""
_RUNTIME: FactRows = {
    **_WORKERS,
    facts.REPLICAS: ("replicas",),
    facts.DISABLED: ("disabled",),
    facts.MULTI_MODEL: ("multiModel",),
}
_RUNTIME_POD: FactRows = {
    facts.NODE_SELECTOR: ("nodeSelector",),
    facts.TOLERATIONS: ("tolerations",),
    facts.AFFINITY: ("affinity",),
    facts.SCHEDULER: ("schedulerName",),
    facts.RESOURCE_CLAIMS: ("resourceClaims",),
    facts.IMAGE_PULL_SECRETS: ("imagePullSecrets",),
    facts.HOST_IPC: ("hostIPC", False),
}
"""What a serving runtime may say of its pods (``ServingRuntimePodSpec``)."""
_MODE = "serving.kserve.io/deploymentMode"
_CLASS = "serving.kserve.io/autoscalerClass"
_CPU = "KServe then scales on cpu at 80 %"
_INERT = ("serving.kserve.io/targetUtilizationPercentage", "serving.kserve.io/metrics")
_UNREAD = "it is no longer read"
"""``hpa_reconciler.go`` asks the component alone (kserve/kserve#3638)."""


def _pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    for place in _PLACES:
        for key, models, subrole in _COMPONENTS:
            for component in spec.each(*place, key):
                yield from _component(component, models, subrole)


def _component(
    component: SpecView, models: tuple[str, ...], subrole: Subrole | None
) -> Iterator[Pod]:
    """The pod of a component, whose body is a PodSpec with more fields, and that of its workers.

    A model has its container from a runtime and inlines overrides of it, so that its probes are
    the runtime's; listed containers beside it are sidecars.
    """
    path, body = component.path, component.mapping()
    named = tuple(_model(model) for key in models for model in component.each(key))
    listed = read_containers(body, path, (_MAIN,))
    if named:
        listed = tuple(map(_demote, listed))
    if named or listed:
        yield Pod(
            path,
            path,
            body,
            name=str(path[-1]),
            metadata=read_metadata(body),
            metadata_at=path,
            containers=(*named, *listed),
            volumes=read_volumes(body, path),
            volumes_at=(*path, "volumes"),
            subrole=subrole,
            probes=Probes.GIVEN if named else Probes.OWN,
            readiness_given=True,
            inherits=bool(named),
            replicas=read_count(body.get("minReplicas")),
            images=False,
            requests_given=True,
        )
    for workers in component.each("workerSpec"):
        yield _worker(workers, Probes.GIVEN)


def _model(model: SpecView) -> Container:
    return make_container(model.mapping(), model.path)._replace(name=_MAIN)


def _demote(container: Container) -> Container:
    is_main = container.use is ContainerUse.MAIN and container.name != _MAIN
    return container._replace(use=ContainerUse.SIDECAR) if is_main else container


def _worker(workers: SpecView, probes: Probes) -> Pod:
    return make_bare_pod(
        workers.path,
        workers.mapping(),
        metadata=read_metadata(workers.mapping()),
        metadata_at=workers.path,
        main=(_WORKER,),
        name="worker",
        subrole=Subrole.WORKER,
        probes=probes,
        inherits=probes is Probes.GIVEN,
        replicas=read_count(workers.dig("pipelineParallelSize")),
        images=False,
        requests_given=True,
    )


def _runtime_pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    body = spec.mapping()
    if body:
        yield make_bare_pod(
            spec.path,
            body,
            metadata=read_metadata(body),
            metadata_at=spec.path,
            main=(_MAIN,),
            readiness_given=True,
            replicas=read_count(body.get("replicas")),
            images=False,
            requests_given=True,
        )
    for workers in spec.each("workerSpec"):
        yield _worker(workers, Probes.OWN)


def _scalers(spec: SpecView) -> Iterator[Autoscaler]:
    """One for each component that may grow, in Standard mode. Without the annotation the mode is
    the installation's choice and nothing is known; Knative scales by concurrency of itself."""
    annotations = spec.manifest.mapping("metadata", "annotations")
    scaler = annotations.get(_CLASS, "hpa")
    if annotations.get(_MODE) not in ("Standard", "RawDeployment"):
        return
    if scaler not in ("hpa", "keda"):
        return
    unread = next(
        (f", whatever {name} says: {_UNREAD}" for name in _INERT if name in annotations), ""
    )
    for key, _, _ in _COMPONENTS:
        for component in spec.each(key):
            if _grows(component.mapping()):
                yield _scaler(component, f"{_CPU}{unread}" if scaler == "hpa" else None)


def _grows(body: Mapping[str, Any]) -> bool:
    least, most = read_count(body.get("minReplicas")), read_count(body.get("maxReplicas"), 0)
    return least is not None and most is not None and most > max(least, 1)


def _scaler(component: SpecView, implicit: str | None) -> Autoscaler:
    """``implicit`` is what absence comes to. KServe has no default target for memory and makes an
    HPA without metrics then (``hpa_reconciler.go getHPAMetrics``)."""
    metrics = component.value("autoScaling", "metrics")
    resource, target = component.value("scaleMetric"), component.value("scaleTarget")
    if not metrics.value and resource.value == "memory" and target.absent:
        return Autoscaler(target, defined=False, what=f"{dotted(resource.path)} memory")
    defined = metrics.unknown or bool(metrics.value) or not resource.absent
    return Autoscaler(metrics, defined, dotted(metrics.path), implicit=implicit)


def _inference_service(group: str, rows: FactPlaces) -> Kind:
    return Kind(
        group,
        "InferenceService",
        pods=_pods,
        role=Role.SERVING,
        required=(("spec", "predictor"),),
        rows=rows,
        autoscalers=_scalers,
        plural="inferenceservices",
    )


def _runtime(name: str, plural: str, *, namespaced: bool) -> Kind:
    return Kind(
        _GROUP,
        name,
        pods=_runtime_pods,
        role=Role.SERVING,
        required=(("spec", "containers"),),
        rows=((SPEC, _RUNTIME),),
        pod_rows=_RUNTIME_POD,
        plural=plural,
        namespaced=namespaced,
        dormant=True,
    )


KINDS: tuple[Kind, ...] = (
    _inference_service(_GROUP, _FACTS),
    _inference_service("serving.kubeflow.org", _OLD_FACTS),
    _runtime("ServingRuntime", "servingruntimes", namespaced=True),
    _runtime("ClusterServingRuntime", "clusterservingruntimes", namespaced=False),
)
