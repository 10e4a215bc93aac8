"""Knative Serving: a Service is not core/v1's."""

from typing import Any

import pytest

from rules.kinds import find_kind
from rules.kinds.lookups import Answer
from rules.kinds.pods import Probes
from rules.kinds.roles import Role
from rules.manifest import Manifest


@pytest.mark.parametrize("name", ["Service", "Configuration"])
def test_a_revision_template_is_a_pod(name: str) -> None:
    kind = find_kind("serving.knative.dev", name)
    assert kind is not None
    annotations = {"autoscaling.knative.dev/min-scale": "1"}
    template = {
        "metadata": {"annotations": annotations},
        "spec": {"containerConcurrency": 1, "containers": [{"image": "server"}]},
    }

    def ask(*_question: Any) -> tuple[Answer, Any]:
        return Answer.UNKNOWN, None

    manifest = Manifest({"apiVersion": "serving.knative.dev/v1", "spec": {"template": template}})
    (pod,) = kind.pods(kind.view(manifest), ask)

    assert (pod.path, pod.spec_path) == (("spec", "template"), ("spec", "template", "spec"))
    assert (pod.metadata, pod.probes) == ({"annotations": annotations}, Probes.OWN)
    assert pod.mains[0].get("image") == "server"
    assert (kind.role, kind.priors) == (None, {Role.SERVING: 3})
    assert kind.required == (("spec", "template"),)
    assert kind.plural == name.lower() + "s"


def test_a_core_service_is_not_one() -> None:
    assert find_kind("", "Service") is not find_kind("serving.knative.dev", "Service")
