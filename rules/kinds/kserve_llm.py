"""KServe's LLMInferenceService and the configurations that it is merged over.

Source: kserve ``pkg/apis/serving/v1alpha2/llm_inference_service_types.go`` and
``llm_inference_service_validation.go``. Templates are bare PodSpecs, merged over ``baseRefs`` and
presets; the presets bring probes (a startup probe since v0.17) and images.
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.lookups import Ask
from rules.kinds.pods import Pod, Probes
from rules.kinds.podspec import make_bare_pod, make_unseen_pod, read_count, read_metadata
from rules.kinds.roles import Role, Subrole
from rules.kinds.rows import FactPlaces, FactRows
from rules.kinds.schema import SPEC, Autoscaler, Kind
from rules.kinds.views import SpecView
from rules.paths import Path, dotted

_GROUP = "serving.kserve.io"

_WORKLOADS: tuple[Path, ...] = ((), ("prefill",))
_TEMPLATES: tuple[tuple[str, Subrole | None], ...] = (
    ("template", None),
    ("worker", Subrole.WORKER),
)
_BASES: Path = ("spec", "baseRefs")
_WORKLOAD: FactRows = {
    facts.REPLICAS: ("replicas",),
    facts.MIN_REPLICAS: ("scaling.minReplicas", 1),
    facts.MAX_REPLICAS: ("scaling.maxReplicas",),
    facts.TENSOR_PARALLEL: ("parallelism.tensor",),
    facts.PIPELINE_PARALLEL: ("parallelism.pipeline",),
    facts.LOCAL_DATA_PARALLEL: ("parallelism.dataLocal",),
    facts.MAX_SURGE: ("rolloutStrategy.maxSurge",),
    facts.MAX_UNAVAILABLE: ("rolloutStrategy.maxUnavailable",),
}
_WHOLE: FactRows = {facts.MODEL_URI: ("model.uri",), facts.BASE_CONFIGS: ("baseRefs",)}
_FACTS: FactPlaces = (
    (SPEC, _WORKLOAD),
    (SPEC, _WHOLE),
    (("spec", "prefill"), _WORKLOAD),
)
_DEFERRED: dict[Path, Path] = {SPEC: _BASES, ("spec", "prefill"): _BASES}
_SCHEDULER: Path = ("router", "scheduler")
_TOKENIZER: Path = (*_SCHEDULER, "tokenizer")


def _pods(spec: SpecView, _ask: Ask) -> Iterator[Pod]:
    own = list(_model_pods(spec))
    yield from own
    for router in (_SCHEDULER, _TOKENIZER):
        yield from _pod(spec.below(*router), "template", Subrole.ROUTER)
    if not own and spec.mapping():
        uri = str(spec.dig("model", "uri") or "")
        yield make_unseen_pod(spec.path, text=uri, probes=Probes.GIVEN)


def _model_pods(spec: SpecView) -> Iterator[Pod]:
    for workload in _WORKLOADS:
        for key, subrole in _TEMPLATES:
            yield from _pod(spec.below(*workload), key, subrole)


def _pod(workload: SpecView, key: str, subrole: Subrole | None) -> Iterator[Pod]:
    for spec in workload.each(key):
        yield make_bare_pod(
            spec.path,
            spec.mapping(),
            metadata=read_metadata(workload.mapping()),
            metadata_at=workload.path,
            main=("main",),
            name=f"{workload.path[-1]}-{key}" if len(workload.path) > 1 else key,
            subrole=subrole,
            probes=Probes.NONE if subrole is Subrole.ROUTER else Probes.GIVEN,
            replicas=read_count(workload.dig("replicas")),
            complete=False,
            inherits=True,
            images=False,
        )


def _scalers(spec: SpecView) -> Iterator[Autoscaler]:
    """``scaling`` needs one of ``wva`` and ``keda``; a base may bring it."""
    if spec.dig("baseRefs"):
        return
    for workload in _WORKLOADS:
        for scaling in spec.each(*workload, "scaling"):
            makers = [scaling.value(key) for key in ("wva", "keda")]
            written = [maker for maker in makers if not maker.absent]
            what = f"{dotted(scaling.path)} (wva or keda)"
            yield Autoscaler((written or makers)[-1], bool(written), what)


KINDS: tuple[Kind, ...] = (
    Kind(
        _GROUP,
        "LLMInferenceService",
        pods=_pods,
        role=Role.SERVING,
        required=(SPEC,),
        rows=_FACTS,
        deferred=_DEFERRED,
        autoscalers=_scalers,
        plural="llminferenceservices",
    ),
    Kind(
        _GROUP,
        "LLMInferenceServiceConfig",
        pods=_pods,
        role=Role.SERVING,
        required=(SPEC,),
        rows=_FACTS,
        deferred=_DEFERRED,
        plural="llminferenceserviceconfigs",
        dormant=True,
    ),
)
