"""KAITO: a workspace has no spec."""

from typing import Any

import pytest

from rules.kinds import find_kind
from rules.kinds.lookups import Answer
from rules.kinds.pods import Pod
from rules.kinds.roles import Role
from rules.manifest import Manifest


def _pods(body: dict[str, Any]) -> list[Pod]:
    kind = find_kind("kaito.sh", "Workspace")
    assert kind is not None
    assert (kind.role, kind.plural) == (None, "workspaces")

    def ask(*_question: Any) -> tuple[Answer, Any]:
        return Answer.UNKNOWN, None

    resource = {"instanceType": "Standard_NC24ads_A100_v4", "count": 2}
    whole = {"apiVersion": "kaito.sh/v1beta1", "kind": "Workspace", "resource": resource, **body}
    return list(kind.pods(kind.view(Manifest(whole)), ask))


def test_an_inference_template_is_a_pod() -> None:
    template = {"spec": {"containers": [{"name": "llm", "image": "vllm"}]}}
    (pod,) = _pods({"inference": {"template": template}})

    assert pod.path == ("inference", "template")
    assert (pod.role, pod.replicas, pod.images) == (Role.SERVING, 2, False)


def test_a_preset_serves_without_a_template() -> None:
    (pod,) = _pods({"inference": {"preset": {"name": "falcon-7b"}}})

    assert (pod.path, pod.role, pod.name) == (("inference",), Role.SERVING, "falcon-7b")
    assert pod.containers == ()


@pytest.mark.parametrize(
    ("output", "durable"),
    [
        ({"image": "registry.io/adapter:1"}, True),
        ({"volume": {"persistentVolumeClaim": {}}}, True),
        ({}, False),
    ],
)
def test_tuning_trains_and_keeps_its_output(output: dict[str, Any], *, durable: bool) -> None:
    (pod,) = _pods({"tuning": {"preset": {"name": "phi-3"}, "output": output}})

    assert (pod.path, pod.role, pod.name) == (("tuning",), Role.TRAINING, "phi-3")
    assert pod.durable is durable


def test_neither_is_no_pod() -> None:
    assert _pods({}) == []
