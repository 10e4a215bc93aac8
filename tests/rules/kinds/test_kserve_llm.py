"""LLMInferenceService: templates are pod specs, merged over presets."""

from typing import Any

import pytest

from rules.kinds import find_kind
from rules.kinds.lookups import Answer
from rules.kinds.pods import Pod, Probes
from rules.kinds.roles import Role, Subrole
from rules.kinds.schema import Autoscaler
from rules.manifest import Manifest

POD = {"containers": [{"name": "side"}, {"name": "main", "image": "vllm"}]}


def _manifest(spec: dict[str, Any]) -> Manifest:
    return Manifest({"apiVersion": "serving.kserve.io/v1alpha2", "spec": spec})


def _pods(spec: dict[str, Any], name: str = "LLMInferenceService") -> list[Pod]:
    kind = find_kind("serving.kserve.io", name)
    assert kind is not None

    def ask(*_question: Any) -> tuple[Answer, Any]:
        return Answer.UNKNOWN, None

    return list(kind.pods(kind.view(_manifest(spec)), ask))


def _scalers(spec: dict[str, Any], name: str = "LLMInferenceService") -> list[Autoscaler]:
    kind = find_kind("serving.kserve.io", name)
    assert kind is not None
    return list(kind.autoscalers(kind.view(_manifest(spec))))


@pytest.mark.parametrize("name", ["LLMInferenceService", "LLMInferenceServiceConfig"])
def test_every_template_is_a_bare_pod_spec(name: str) -> None:
    spec = {
        "replicas": 2,
        "labels": {"a": "b"},
        "template": POD,
        "worker": POD,
        "prefill": {"replicas": 3, "template": POD, "worker": POD},
        "router": {"scheduler": {"template": POD, "tokenizer": {"template": POD}}},
    }
    pods = {pod.path[1:]: pod for pod in _pods(spec, name)}

    assert {path: pod.subrole for path, pod in pods.items()} == {
        ("template",): None,
        ("worker",): Subrole.WORKER,
        ("prefill", "template"): None,
        ("prefill", "worker"): Subrole.WORKER,
        ("router", "scheduler", "template"): Subrole.ROUTER,
        ("router", "scheduler", "tokenizer", "template"): Subrole.ROUTER,
    }
    for pod in pods.values():
        assert pod.spec_path == pod.path
        assert [main.name for main in pod.mains] == ["main"]
        assert (pod.complete, pod.images) == (False, False)
    assert pods["template",].probes is Probes.GIVEN
    assert pods["template",].metadata == {"labels": {"a": "b"}}
    assert pods["prefill", "template"].name == "prefill-template"
    assert (pods["template",].replicas, pods["prefill", "template"].replicas) == (2, 3)
    assert pods["router", "scheduler", "template"].probes is Probes.NONE


def test_a_model_alone_has_its_template_from_presets() -> None:
    (pod,) = _pods({"model": {"uri": "hf://meta/llama-8B"}})

    assert (pod.path, pod.containers, pod.text) == (("spec",), (), "hf://meta/llama-8B")


@pytest.mark.parametrize(
    ("scaling", "defined"),
    [({}, False), ({"maxReplicas": 4}, False), ({"keda": {}}, True), ({"wva": {"a": 1}}, True)],
)
@pytest.mark.parametrize("prefill", [False, True])
def test_scaling_needs_a_scaler(scaling: dict[str, Any], *, defined: bool, prefill: bool) -> None:
    body = {"scaling": scaling}
    (scaler,) = _scalers({"prefill": body} if prefill else body)

    assert scaler.defined is defined
    assert scaler.implicit is None
    assert scaler.metrics.path[-2] == "scaling"


def test_no_scaling_or_scaling_from_a_base_says_nothing() -> None:
    assert _scalers({"replicas": 2}) == []
    assert _scalers({"scaling": {}, "baseRefs": [{"name": "b"}]}) == []
    assert _scalers({"scaling": {}}, "LLMInferenceServiceConfig") == []


def test_registration() -> None:
    for name in ("LLMInferenceService", "LLMInferenceServiceConfig"):
        kind = find_kind("serving.kserve.io", name)
        assert kind is not None
        assert (kind.role, kind.plural) == (Role.SERVING, name.lower() + "s")
