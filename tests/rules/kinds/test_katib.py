"""Experiment: its trial is an object of its own."""

from typing import Any

import pytest

from rules.kinds import find_kind
from rules.kinds.roles import Role
from rules.kinds.schema import Inner
from rules.manifest import Manifest


def _inner(spec: dict[str, Any]) -> list[Inner]:
    kind = find_kind("kubeflow.org", "Experiment")
    assert kind is not None
    assert kind.role is Role.TRAINING
    return list(
        kind.inner(kind.view(Manifest({"apiVersion": "kubeflow.org/v1beta1", "spec": spec})))
    )


def test_the_trial_is_a_manifest_of_its_own_that_trains() -> None:
    spec = {"trialTemplate": {"trialSpec": {"apiVersion": "batch/v1", "kind": "Job"}}}

    assert _inner(spec) == [
        Inner(("spec", "trialTemplate", "trialSpec"), Role.TRAINING, measured=True)
    ]


@pytest.mark.parametrize(
    "template", [{}, {"configMap": {"configMapName": "x"}}, {"trialSpec": "x"}]
)
def test_a_trial_that_stands_elsewhere_is_not_seen(template: dict[str, Any]) -> None:
    assert _inner({"trialTemplate": template}) == []
