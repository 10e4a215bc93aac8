"""What Knative and KServe ask of objects that serve.

Source: knative serving ``pkg/apis/serving/metadata_validation.go``
(ValidateHasNoAutoscalingAnnotation); kserve ``pkg/controller/v1beta1/inferenceservice/utils``
(MergeServingRuntimeAndInferenceServiceSpecs) and ``pkg/apis/serving/v1alpha2``
(``llm_inference_service_validation.go``, ValidateWorkloadScaling).
"""

from collections.abc import Iterator

from rules.kinds.contracts.clauses import Breach, Contract, Terms, read_number, tell_place
from rules.kinds.views import SpecView
from rules.manifest import is_template
from rules.paths import EACH, dotted, shorten

_GROUP = "autoscaling.knative.dev"
_MISPLACED = "autoscaling annotations must be put under spec.template.metadata.annotations to work"
_MAIN = "kserve-container"


def _annotations(spec: SpecView, _terms: Terms) -> Iterator[Breach]:
    for key in spec.manifest.mapping("metadata", "annotations"):
        if key.startswith(_GROUP):
            path = ("metadata", "annotations", key)
            yield Breach(path, f"{dotted(path)} stands on the object", _MISPLACED)


def _runtime(spec: SpecView, _terms: Terms) -> Iterator[Breach]:
    """The container that a model of KServe's own is merged into; ModelMesh, which serves many
    models in one pod, takes any, and it alone reads ``builtInAdapter``."""
    bodies = list(spec.each("containers", EACH))
    names = [str(body.dig("name") or "") for body in bodies]
    many = spec.dig("multiModel") is True or spec.dig("builtInAdapter") is not None
    if not names or many or _MAIN in names:
        return
    if not any(map(is_template, names)):
        path, told = tell_place(bodies[0], "name")
        words = f"failed to find {_MAIN} in ServingRuntime containers"
        preset = _MAIN if len(names) == 1 else None
        yield Breach(path, f"{told} is {shorten(names[0])}", words, preset)


def _scaling(spec: SpecView, _terms: Terms) -> Iterator[Breach]:
    """That of the model's pods, and that of those that fill caches in advance."""
    for part in (spec, *spec.each("prefill")):
        for scaling in part.each("scaling"):
            yield from _workload_scaling(part, scaling)


def _workload_scaling(part: SpecView, scaling: SpecView) -> Iterator[Breach]:
    where = dotted(scaling.path)
    if part.dig("replicas") is not None:
        words = "scaling and replicas are mutually exclusive"
        yield Breach(scaling.path, f"{where} is set beside replicas", words)
    if scaling.dig("wva") is not None and scaling.dig("keda") is not None:
        words = "wva and keda are mutually exclusive; choose one scaling mechanism"
        yield Breach(scaling.path, f"{where} has wva and keda", words)
    least, most = read_number(scaling, "minReplicas"), read_number(scaling, "maxReplicas")
    if least is not None and most is not None and least > most:
        path, told = tell_place(scaling, "minReplicas")
        words = "minReplicas cannot exceed maxReplicas"
        yield Breach(path, f"{told} is {least}, and maxReplicas {most}", words)


_SERVICE = Contract("Knative's webhook", (_annotations,))
_RUNTIME = Contract("KServe", (_runtime,), admitted=True)
CONTRACTS = {
    ("serving.knative.dev", "Configuration", ""): _SERVICE,
    ("serving.knative.dev", "Service", ""): _SERVICE,
    ("serving.kserve.io", "ClusterServingRuntime", ""): _RUNTIME,
    ("serving.kserve.io", "ServingRuntime", ""): _RUNTIME,
    ("serving.kserve.io", "LLMInferenceService", ""): Contract("KServe's webhook", (_scaling,)),
}
