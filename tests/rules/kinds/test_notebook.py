"""Notebook: one interactive pod."""

from typing import Any

from rules.kinds import find_kind
from rules.kinds.lookups import Answer
from rules.kinds.roles import Role
from rules.manifest import Manifest


def _ask(*_question: Any) -> tuple[Answer, Any]:
    return Answer.UNKNOWN, None


def test_a_notebook_is_one_pod() -> None:
    container = {"name": "nb", "image": "jupyter/scipy-notebook"}
    manifest = Manifest(
        {
            "apiVersion": "kubeflow.org/v1",
            "kind": "Notebook",
            "spec": {"template": {"spec": {"containers": [container]}}},
        }
    )
    kind = find_kind("kubeflow.org", "Notebook")
    assert kind is not None
    (pod,) = kind.pods(kind.view(manifest), _ask)

    assert kind.role is Role.NOTEBOOK
    assert pod.path == ("spec", "template")
    assert (pod.replicas, pod.restart) == (1, None)
