"""KEDA: scaled objects and scaled jobs."""

from typing import Any

import pytest

from rules.kinds import find_kind
from rules.kinds.lookups import Answer, Reference
from rules.kinds.schema import Kind
from rules.manifest import Manifest
from rules.model import Presence

TRIGGERS = [{"type": "prometheus", "metadata": {"query": "vllm:num_requests_waiting"}}]


def _kind(name: str) -> Kind:
    kind = find_kind("keda.sh", name)
    assert kind is not None
    return kind


def _object(spec: dict[str, Any]) -> Manifest:
    metadata = {"name": "x", "namespace": "ml"}
    return Manifest({"apiVersion": "keda.sh/v1alpha1", "metadata": metadata, "spec": spec})


@pytest.mark.parametrize("name", ["ScaledObject", "ScaledJob"])
@pytest.mark.parametrize(
    ("spec", "defined"),
    [({}, False), ({"triggers": []}, False), ({"triggers": TRIGGERS}, True)],
)
def test_triggers(name: str, spec: dict[str, Any], *, defined: bool) -> None:
    (scaler,) = _kind(name).autoscalers(_kind(name).view(_object(spec)))

    assert scaler.metrics.path == ("spec", "triggers")
    assert (scaler.defined, scaler.implicit, scaler.preset) == (defined, None, None)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"name": "s"}, Reference("apps", ("Deployment",), "ml", "s")),
        (
            {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "s"},
            Reference("argoproj.io", ("Rollout",), "ml", "s"),
        ),
        ({}, None),
    ],
)
def test_the_target_is_a_deployment_unless_said(
    target: dict[str, Any], expected: Reference | None
) -> None:
    (scaler,) = _kind("ScaledObject").autoscalers(
        _kind("ScaledObject").view(_object({"scaleTargetRef": target}))
    )

    assert scaler.target == expected


@pytest.mark.parametrize(
    ("written", "value", "presence"),
    [(None, "OnFailure", Presence.ABSENT), ("Never", "Never", Presence.WRITTEN)],
)
def test_a_scaled_job_makes_jobs(written: str | None, value: str, presence: Presence) -> None:
    template = {"spec": {"restartPolicy": written, "containers": [{"name": "c", "image": "i"}]}}
    manifest = _object({"jobTargetRef": {"parallelism": 2, "template": template}})
    kind = _kind("ScaledJob")

    def ask(*_question: Any) -> tuple[Answer, Any]:
        return Answer.UNKNOWN, None

    (pod,) = kind.pods(kind.view(manifest), ask)
    (retry,) = kind.retries(kind.view(manifest))
    deadlines = kind.deadlines(kind.view(manifest), (pod,))

    assert (pod.path, pod.replicas) == (("spec", "jobTargetRef", "template"), 2)
    assert pod.restart is not None
    assert (pod.restart.value.value, pod.restart.value.presence) == (value, presence)
    assert pod.restart.form == "operator"
    assert retry.value.path == ("spec", "jobTargetRef", "backoffLimit")
    assert (retry.value.value, retry.form) == (6, "operator")
    assert deadlines is not None
    assert deadlines.fix_at == (("spec", "jobTargetRef", "activeDeadlineSeconds"),)


def test_registration() -> None:
    assert _kind("ScaledObject").required == (("spec", "scaleTargetRef"),)
    assert _kind("ScaledJob").required == (("spec", "jobTargetRef", "template"),)
    assert [_kind(name).plural for name in ("ScaledObject", "ScaledJob")] == [
        "scaledobjects",
        "scaledjobs",
    ]
