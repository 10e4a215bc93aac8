"""A policy's own kinds are kinds like any other."""

from typing import Any

from rules.kinds.lookups import Answer, Reference
from rules.kinds.roles import Role
from rules.manifest import Manifest
from rules.policy.entries import CustomKind
from rules.policy.kinds import custom_kinds
from rules.policy.values import Policy


def unknown(_reference: Reference, _fact: str) -> tuple[Answer, Any]:
    return Answer.UNKNOWN, None


def template(**spec: Any) -> dict[str, Any]:
    return {"spec": {"containers": [{"name": "main", "image": "train:1"}], **spec}}


BODY = {
    "apiVersion": "ml.example.com/v1",
    "kind": "Training",
    "spec": {
        "head": template(),
        "workers": [{"template": template(restartPolicy="OnFailure")}, {"template": template()}],
    },
}


def make(role: str | None) -> Policy:
    paths = (("spec", "head"), ("spec", "workers", "*", "template"), ("spec", "none"))
    return Policy(kinds=(CustomKind("ml.example.com", "Training", paths, role),))


def test_templates_are_read_where_the_policy_says() -> None:
    (kind,) = custom_kinds(make("training"))
    pods = list(kind.pods(kind.view(Manifest(BODY)), unknown))

    assert (kind.group, kind.name, kind.role) == ("ml.example.com", "Training", Role.TRAINING)
    assert [pod.path for pod in pods] == [
        ("spec", "head"),
        ("spec", "workers", 0, "template"),
        ("spec", "workers", 1, "template"),
    ]
    assert [pod.mains[0].name for pod in pods] == ["main"] * 3


def test_only_a_written_restart_policy_is_judged() -> None:
    (kind,) = custom_kinds(make(None))
    head, first, _ = kind.pods(kind.view(Manifest(BODY)), unknown)

    assert kind.role is None
    assert head.restart is not None
    assert head.restart.value.value == "Never"
    assert first.restart is not None
    assert first.restart.value.value == "OnFailure"
    assert first.restart.form == "operator"


def test_no_kinds_without_a_policy() -> None:
    assert custom_kinds(Policy()) == ()


def test_a_path_may_lead_to_a_pod_spec() -> None:
    pod_spec = template(restartPolicy="Always")["spec"]
    body = {"apiVersion": "ml.example.com/v1", "kind": "Server", "spec": {"pod": pod_spec}}
    entry = CustomKind("ml.example.com", "Server", (("spec", "pod"),))
    (kind,) = custom_kinds(Policy(kinds=(entry,)))
    (pod,) = kind.pods(kind.view(Manifest(body)), unknown)

    assert pod.path == pod.spec_path == ("spec", "pod")
    assert [main.name for main in pod.mains] == ["main"]
    assert pod.restart is not None
    assert pod.restart.value.path == ("spec", "pod", "restartPolicy")
