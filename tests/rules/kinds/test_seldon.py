"""Seldon: component specs, models of the graph, autoscalers."""

from typing import Any

import pytest

from rules.kinds import find_kind
from rules.kinds.lookups import Answer
from rules.kinds.pods import Pod, Probes
from rules.kinds.roles import Role, Subrole
from rules.kinds.schema import Autoscaler, Kind
from rules.manifest import Manifest

GRAPH = {
    "name": "router",
    "children": [{"name": "classifier", "modelUri": "s3://models/iris"}, {"name": "other"}],
}


def _kind() -> Kind:
    kind = find_kind("machinelearning.seldon.io", "SeldonDeployment")
    assert kind is not None
    return kind


def _manifest(predictor: dict[str, Any], **spec: Any) -> Manifest:
    return Manifest(
        {
            "apiVersion": "machinelearning.seldon.io/v1",
            "kind": "SeldonDeployment",
            "spec": {"predictors": [predictor], **spec},
        }
    )


def _ask(*_question: Any) -> tuple[Answer, Any]:
    return Answer.UNKNOWN, None


def _pods(predictor: dict[str, Any], **spec: Any) -> list[Pod]:
    return list(_kind().pods(_kind().view(_manifest(predictor, **spec)), _ask))


def _component(**more: Any) -> dict[str, Any]:
    containers = [{"name": "classifier", "image": "m"}, {"name": "feeder", "image": "f"}]
    return {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": containers}, **more}


def test_a_component_spec_is_a_template_with_injected_probes() -> None:
    (pod,) = _pods({"name": "p", "graph": GRAPH, "componentSpecs": [_component()]})

    assert pod.path == ("spec", "predictors", 0, "componentSpecs", 0)
    assert pod.spec_path == (*pod.path, "spec")
    assert pod.metadata == {"labels": {"a": "b"}}
    assert (pod.probes, pod.images) == (Probes.INJECTED, False)
    assert pod.injected == {"initialDelaySeconds": 60, "periodSeconds": 5, "failureThreshold": 3}
    (main,) = pod.mains
    assert (main.name, main.get("modelUri")) == ("classifier", "s3://models/iris")
    assert main.path == (*pod.spec_path, "containers", 0)


@pytest.mark.parametrize(
    ("component", "predictor", "spec", "count"),
    [
        ({"replicas": 2}, {"replicas": 3}, {"replicas": 4}, 2),
        ({}, {"replicas": 3}, {"replicas": 4}, 3),
        ({}, {}, {"replicas": 4}, 4),
        ({}, {}, {}, 1),
    ],
)
def test_the_innermost_replicas_count(
    component: dict[str, Any], predictor: dict[str, Any], spec: dict[str, Any], count: int
) -> None:
    (pod,) = _pods({"componentSpecs": [_component(**component)], **predictor}, **spec)

    assert pod.replicas == count


def test_a_prepackaged_server_has_no_template() -> None:
    (pod,) = _pods({"name": "p", "graph": GRAPH})

    assert (pod.path, pod.containers) == (("spec", "predictors", 0), ())
    assert "s3://models/iris" in pod.text


def test_an_explainer_may_bring_its_container() -> None:
    explainer = {"type": "AnchorTabular", "containerSpec": {"name": "e", "image": "x"}}
    *_, pod = _pods({"explainer": explainer})

    assert pod.subrole is Subrole.EXPLAINER
    assert pod.mains[0].path == ("spec", "predictors", 0, "explainer", "containerSpec")


def _scalers(component: dict[str, Any]) -> list[Autoscaler]:
    return list(_kind().autoscalers(_kind().view(_manifest({"componentSpecs": [component]}))))


@pytest.mark.parametrize(
    ("component", "place", "defined"),
    [
        ({"hpaSpec": {"maxReplicas": 3}}, ("hpaSpec", "metrics"), False),
        ({"hpaSpec": {"metrics": []}}, ("hpaSpec", "metrics"), False),
        ({"hpaSpec": {"metrics": [{}]}}, ("hpaSpec", "metrics"), True),
        ({"hpaSpec": {"metricsv2": [{}]}}, ("hpaSpec", "metricsv2"), True),
        ({"kedaSpec": {}}, ("kedaSpec", "triggers"), False),
        ({"kedaSpec": {"triggers": [{}]}}, ("kedaSpec", "triggers"), True),
    ],
)
def test_autoscalers(component: dict[str, Any], place: tuple[str, str], *, defined: bool) -> None:
    (scaler,) = _scalers(component)

    assert scaler.metrics.path == ("spec", "predictors", 0, "componentSpecs", 0, *place)
    assert (scaler.defined, scaler.implicit) == (defined, None)


def test_no_autoscaler() -> None:
    assert _scalers(_component()) == []


@pytest.mark.parametrize("name", ["Server", "Model"])
def test_core_v2_is_known_by_its_role(name: str) -> None:
    kind = find_kind("mlops.seldon.io", name)
    assert kind is not None
    (pod,) = kind.pods(
        kind.view(Manifest({"apiVersion": "mlops.seldon.io/v1alpha1", "spec": {"a": 1}})), _ask
    )

    assert kind.role is Role.SERVING
    assert (pod.path, pod.containers) == (("spec",), ())


def test_registration() -> None:
    assert _kind().role is Role.SERVING
    assert _kind().plural == "seldondeployments"
    assert _kind().required == (("spec", "predictors"),)
