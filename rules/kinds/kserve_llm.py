"""KServe's LLMInferenceService and the configurations that it is merged over.

Source: kserve ``pkg/apis/serving/v1alpha2/llm_inference_service_types.go`` and
``llm_inference_service_validation.go``. Templates are bare PodSpecs, merged over ``baseRefs`` and
presets; the presets bring probes (a startup probe since v0.17) and images.
"""

from collections.abc import Iterator
from typing import Any

from rules.kinds.podspec import make_bare_pod, make_unseen_pod, read_count
from rules.kinds.schema import Ask, Autoscaler, Kind, Pod, Probes, Role, Subrole
from rules.manifest import Manifest
from rules.paths import Path, dotted

GROUP = "serving.kserve.io"

_WORKLOADS: tuple[Path, ...] = (("spec",), ("spec", "prefill"))
_TEMPLATES: tuple[tuple[str, Subrole | None], ...] = (
    ("template", None),
    ("worker", Subrole.WORKER),
)
_SCHEDULER: Path = ("spec", "router", "scheduler")
_TOKENIZER: Path = (*_SCHEDULER, "tokenizer")


def _pods(manifest: Manifest, _ask: Ask) -> Iterator[Pod]:
    own = list(_model_pods(manifest))
    yield from own
    for router in (_SCHEDULER, _TOKENIZER):
        yield from _pod(manifest, router, "template", Subrole.ROUTER)
    if not own and manifest.mapping("spec"):
        uri = str(manifest.dig("spec", "model", "uri") or "")
        yield make_unseen_pod(("spec",), text=uri, probes=Probes.GIVEN)


def _model_pods(manifest: Manifest) -> Iterator[Pod]:
    for workload in _WORKLOADS:
        for key, subrole in _TEMPLATES:
            yield from _pod(manifest, workload, key, subrole)


def _pod(manifest: Manifest, workload: Path, key: str, subrole: Subrole | None) -> Iterator[Pod]:
    body, spec = manifest.mapping(*workload), manifest.dig(*workload, key)
    if isinstance(spec, dict):
        yield make_bare_pod(
            (*workload, key),
            spec,
            metadata=_metadata(body),
            main=("main",),
            name=f"{workload[-1]}-{key}" if len(workload) > 1 else key,
            subrole=subrole,
            probes=Probes.NONE if subrole is Subrole.ROUTER else Probes.GIVEN,
            count=read_count(body.get("replicas")),
            complete=False,
            images=False,
        )


def _metadata(body: dict[str, Any]) -> dict[str, Any]:
    return {key: body[key] for key in ("labels", "annotations") if isinstance(body.get(key), dict)}


def _scalers(manifest: Manifest) -> Iterator[Autoscaler]:
    """``scaling`` needs one of ``wva`` and ``keda``; a base may bring it."""
    if manifest.dig("spec", "baseRefs"):
        return
    for workload in _WORKLOADS:
        path = (*workload, "scaling")
        if isinstance(manifest.dig(*path), dict):
            makers = [manifest.value((*path, key)) for key in ("wva", "keda")]
            written = [maker for maker in makers if not maker.absent]
            what = f"{dotted(path)} (wva or keda)"
            yield Autoscaler((written or makers)[-1], bool(written), what)


KINDS: tuple[Kind, ...] = (
    Kind(
        GROUP,
        "LLMInferenceService",
        pods=_pods,
        role=Role.SERVING,
        required=(("spec",),),
        autoscalers=_scalers,
        plural="llminferenceservices",
    ),
    Kind(
        GROUP,
        "LLMInferenceServiceConfig",
        pods=_pods,
        role=Role.SERVING,
        required=(("spec",),),
        plural="llminferenceserviceconfigs",
    ),
)
