"""KServe's predictive serving: InferenceService and the serving runtimes.

Source: kserve ``pkg/apis/serving/v1beta1/{predictor,component}.go``, ``v1alpha1/
servingruntime_types.go`` and ``pkg/controller/v1beta1/inferenceservice/reconcilers/{hpa,keda}``.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from rules.kinds.podspec import (
    make_bare_pod,
    make_container,
    read_containers,
    read_count,
    read_volumes,
)
from rules.kinds.schema import (
    Ask,
    Autoscaler,
    Container,
    ContainerUse,
    Kind,
    Pod,
    Probes,
    Role,
    Subrole,
    read_pods,
)
from rules.manifest import Manifest
from rules.paths import EACH, Path, dotted

GROUP = "serving.kserve.io"

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
    ("spec",),
    ("spec", "canary", EACH),
    ("spec", "default"),
    ("spec", "canary"),
)
"""Where components stand; canaries are a list since v0.20, ``default`` and one ``canary`` are
v1alpha2's."""
_COMPONENTS: tuple[tuple[str, tuple[str, ...], Subrole | None], ...] = (
    ("predictor", _MODELS, None),
    ("transformer", (), Subrole.TRANSFORMER),
    ("explainer", _EXPLAINERS, Subrole.EXPLAINER),
)
_MODE = "serving.kserve.io/deploymentMode"
_CLASS = "serving.kserve.io/autoscalerClass"
_CPU = "KServe then scales on cpu at 80 %"


def _pods(manifest: Manifest, _ask: Ask) -> Iterator[Pod]:
    for place in _PLACES:
        for key, models, subrole in _COMPONENTS:
            for path, body in read_pods(manifest, (*place, key)):
                yield from _component(path, body, models, subrole)


def _component(
    path: Path, body: Mapping[str, Any], models: tuple[str, ...], subrole: Subrole | None
) -> Iterator[Pod]:
    """The pod of a component, whose body is a PodSpec with more fields, and that of its workers.

    A model has its container from a runtime and inlines overrides of it, so that its probes are
    the runtime's; listed containers beside it are sidecars.
    """
    named = tuple(_model(body[key], (*path, key)) for key in models if _is_mapping(body.get(key)))
    listed = read_containers(body, path, (_MAIN,))
    if named:
        listed = tuple(map(_demote, listed))
    if named or listed:
        yield Pod(
            path,
            path,
            body,
            name=str(path[-1]),
            metadata=_metadata(body),
            containers=(*named, *listed),
            volumes=read_volumes(body, path),
            subrole=subrole,
            probes=Probes.GIVEN if named else Probes.OWN,
            count=read_count(body.get("minReplicas")),
            images=False,
        )
    workers = body.get("workerSpec")
    if isinstance(workers, dict):
        yield _worker((*path, "workerSpec"), workers, Probes.GIVEN)


def _model(body: Mapping[str, Any], path: Path) -> Container:
    return make_container(body, path)._replace(name=_MAIN)


def _demote(container: Container) -> Container:
    is_main = container.use is ContainerUse.MAIN and container.name != _MAIN
    return container._replace(use=ContainerUse.SIDECAR) if is_main else container


def _metadata(body: Mapping[str, Any]) -> dict[str, Any]:
    """What stands for a template's metadata where there is no template."""
    return {key: body[key] for key in ("labels", "annotations") if _is_mapping(body.get(key))}


def _worker(path: Path, body: Mapping[str, Any], probes: Probes) -> Pod:
    return make_bare_pod(
        path,
        body,
        metadata=_metadata(body),
        main=(_WORKER,),
        name="worker",
        subrole=Subrole.WORKER,
        probes=probes,
        count=read_count(body.get("pipelineParallelSize")),
        images=False,
    )


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict)


def _runtime_pods(manifest: Manifest, _ask: Ask) -> Iterator[Pod]:
    spec = manifest.mapping("spec")
    if spec:
        yield make_bare_pod(
            ("spec",),
            spec,
            metadata=_metadata(spec),
            main=(_MAIN,),
            count=read_count(spec.get("replicas")),
            images=False,
        )
    workers = spec.get("workerSpec")
    if isinstance(workers, dict):
        yield _worker(("spec", "workerSpec"), workers, Probes.OWN)


def _scalers(manifest: Manifest) -> Iterator[Autoscaler]:
    """One for each component that may grow, in Standard mode. Without the annotation the mode is
    the installation's choice and nothing is known; Knative scales by concurrency of itself."""
    annotations = manifest.mapping("metadata", "annotations")
    scaler = annotations.get(_CLASS, "hpa")
    if annotations.get(_MODE) not in ("Standard", "RawDeployment"):
        return
    if scaler not in ("hpa", "keda"):
        return
    for key, _, _ in _COMPONENTS:
        body = manifest.mapping("spec", key)
        if _grows(body):
            yield _scaler(manifest, ("spec", key), _CPU if scaler == "hpa" else None)


def _grows(body: Mapping[str, Any]) -> bool:
    least, most = read_count(body.get("minReplicas")), read_count(body.get("maxReplicas"), 0)
    return least is not None and most is not None and most > max(least, 1)


def _scaler(manifest: Manifest, path: Path, implicit: str | None) -> Autoscaler:
    """``implicit`` is what absence comes to. KServe has no default target for memory and makes an
    HPA without metrics then (``hpa_reconciler.go getHPAMetrics``)."""
    metrics = manifest.value((*path, "autoScaling", "metrics"))
    resource = manifest.value((*path, "scaleMetric"))
    target = manifest.value((*path, "scaleTarget"))
    if not metrics.value and resource.value == "memory" and target.absent:
        return Autoscaler(target, defined=False, what=f"{dotted(path)}.scaleMetric memory")
    defined = metrics.unknown or bool(metrics.value) or not resource.absent
    return Autoscaler(metrics, defined, dotted(metrics.path), implicit=implicit)


def _inference_service(group: str) -> Kind:
    return Kind(
        group,
        "InferenceService",
        pods=_pods,
        role=Role.SERVING,
        required=(("spec", "predictor"),),
        autoscalers=_scalers,
        plural="inferenceservices",
    )


def _runtime(name: str, plural: str, *, namespaced: bool) -> Kind:
    return Kind(
        GROUP,
        name,
        pods=_runtime_pods,
        role=Role.SERVING,
        required=(("spec", "containers"),),
        plural=plural,
        namespaced=namespaced,
    )


KINDS: tuple[Kind, ...] = (
    _inference_service(GROUP),
    _inference_service("serving.kubeflow.org"),
    _runtime("ServingRuntime", "servingruntimes", namespaced=True),
    _runtime("ClusterServingRuntime", "clusterservingruntimes", namespaced=False),
)
