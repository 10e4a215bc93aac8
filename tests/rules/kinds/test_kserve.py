"""KServe: inference services and serving runtimes."""

from typing import Any

import pytest

from rules.kinds import find_kind
from rules.kinds.lookups import Answer
from rules.kinds.pods import ContainerUse, Pod, Probes
from rules.kinds.roles import Role, Subrole
from rules.kinds.schema import Autoscaler, Kind
from rules.manifest import Manifest

STANDARD = {"serving.kserve.io/deploymentMode": "Standard"}
FRAMEWORKS = (
    "model sklearn xgboost tensorflow pytorch triton onnx huggingface pmml lightgbm paddle"
).split()


def _kind(name: str, group: str = "serving.kserve.io") -> Kind:
    kind = find_kind(group, name)
    assert kind is not None
    return kind


def _object(spec: dict[str, Any], annotations: dict[str, str] | None = None) -> Manifest:
    metadata = {"name": "x", "annotations": annotations or {}}
    return Manifest({"apiVersion": "serving.kserve.io/v1beta1", "metadata": metadata, "spec": spec})


def _ask(*_question: Any) -> tuple[Answer, Any]:
    return Answer.UNKNOWN, None


def _pods(spec: dict[str, Any], kind: str = "InferenceService") -> list[Pod]:
    return list(_kind(kind).pods(_kind(kind).view(_object(spec)), _ask))


def _scalers(
    predictor: dict[str, Any], annotations: dict[str, str] | None = None
) -> list[Autoscaler]:
    manifest = _object({"predictor": predictor}, annotations)
    return list(_kind("InferenceService").autoscalers(_kind("InferenceService").view(manifest)))


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_model_inlines_a_container_whose_probes_are_the_runtimes(framework: str) -> None:
    body = {"storageUri": "s3://m", "resources": {"limits": {"nvidia.com/gpu": 1}}}
    (pod,) = _pods({"predictor": {framework: body, "minReplicas": 2}})

    assert pod.path == pod.spec_path == ("spec", "predictor")
    assert (pod.probes, pod.replicas, pod.images) == (Probes.GIVEN, 2, False)
    (main,) = pod.mains
    assert main.path == ("spec", "predictor", framework)
    assert main.name == "kserve-container"
    assert main.get("resources", "limits", "nvidia.com/gpu") == 1


def test_containers_beside_a_model_are_sidecars() -> None:
    spec = {
        "predictor": {"model": {}, "containers": [{"name": "feeder"}], "volumes": [{"name": "v"}]}
    }
    (pod,) = _pods(spec)

    uses = {one.name: one.use for one in pod.containers}
    assert uses == {"kserve-container": ContainerUse.MAIN, "feeder": ContainerUse.SIDECAR}
    assert pod.volumes[0].path == ("spec", "predictor", "volumes", 0)


def test_a_custom_predictor_owns_its_probes() -> None:
    bodies = [{"name": "proxy-x"}, {"name": "kserve-container", "image": "x"}]
    (pod,) = _pods({"predictor": {"containers": bodies, "labels": {"a": "b"}}})

    assert pod.probes is Probes.OWN
    assert [main.path for main in pod.mains] == [("spec", "predictor", "containers", 1)]
    assert pod.metadata == {"labels": {"a": "b"}}


def test_workers_transformer_explainer_and_canaries() -> None:
    spec = {
        "predictor": {
            "model": {},
            "workerSpec": {"pipelineParallelSize": 3, "containers": [{"name": "worker-container"}]},
        },
        "transformer": {"containers": [{"name": "t"}]},
        "explainer": {"art": {"type": "SquareAttack"}},
        "canary": [{"trafficPercent": 10, "predictor": {"name": "v2", "model": {}}}],
    }
    pods = {pod.path: pod for pod in _pods(spec)}

    assert list(pods) == [
        ("spec", "predictor"),
        ("spec", "predictor", "workerSpec"),
        ("spec", "transformer"),
        ("spec", "explainer"),
        ("spec", "canary", 0, "predictor"),
    ]
    worker = pods["spec", "predictor", "workerSpec"]
    assert (worker.subrole, worker.probes, worker.replicas) == (Subrole.WORKER, Probes.GIVEN, 3)
    assert pods["spec", "transformer"].subrole is Subrole.TRANSFORMER
    explainer = pods["spec", "explainer"]
    assert (explainer.subrole, explainer.mains[0].path[-1]) == (Subrole.EXPLAINER, "art")


def test_the_first_versions_kept_components_under_default_and_canary() -> None:
    predictor = {"tensorflow": {"storageUri": "gs://m"}}
    spec = {"default": {"predictor": predictor}, "canary": {"predictor": predictor}}

    assert [pod.path[1] for pod in _pods(spec)] == ["default", "canary"]


def test_a_predictor_without_any_container_is_no_pod() -> None:
    assert _pods({"predictor": {"minReplicas": 2}}) == []


GROWS = {"model": {}, "minReplicas": 1, "maxReplicas": 4}


@pytest.mark.parametrize(
    ("predictor", "annotations"),
    [
        (GROWS, {}),
        (GROWS, {"serving.kserve.io/deploymentMode": "Serverless"}),
        (GROWS, {**STANDARD, "serving.kserve.io/autoscalerClass": "external"}),
        (GROWS, {**STANDARD, "serving.kserve.io/autoscalerClass": "none"}),
        ({**GROWS, "maxReplicas": 1}, STANDARD),
        ({"model": {}, "minReplicas": 0, "maxReplicas": 1}, STANDARD),
        ({"model": {}, "minReplicas": 2}, STANDARD),
        ({**GROWS, "maxReplicas": "{{n}}"}, STANDARD),
    ],
)
def test_no_autoscaler_is_known(predictor: dict[str, Any], annotations: dict[str, str]) -> None:
    assert _scalers(predictor, annotations) == []


@pytest.mark.parametrize("mode", ["Standard", "RawDeployment"])
def test_without_a_metric_it_is_cpu(mode: str) -> None:
    (scaler,) = _scalers(GROWS, {"serving.kserve.io/deploymentMode": mode})

    assert scaler.defined is False
    assert scaler.metrics.path == ("spec", "predictor", "autoScaling", "metrics")
    assert scaler.implicit is not None
    assert "cpu" in scaler.implicit


def test_keda_makes_nothing_of_no_metric() -> None:
    (scaler,) = _scalers(GROWS, {**STANDARD, "serving.kserve.io/autoscalerClass": "keda"})

    assert (scaler.defined, scaler.implicit) == (False, None)


def test_memory_has_no_default_target() -> None:
    (scaler,) = _scalers({**GROWS, "scaleMetric": "memory"}, STANDARD)

    assert (scaler.defined, scaler.implicit) == (False, None)
    assert scaler.metrics.path == ("spec", "predictor", "scaleTarget")


@pytest.mark.parametrize(
    "stated",
    [
        {"scaleMetric": "cpu"},
        {"scaleMetric": "memory", "scaleTarget": 80},
        {"autoScaling": {"metrics": [{"type": "Resource"}]}},
        {"autoScaling": {"metrics": "{{m}}"}},
    ],
)
def test_a_stated_metric_is_defined(stated: dict[str, Any]) -> None:
    (scaler,) = _scalers({**GROWS, **stated}, STANDARD)

    assert scaler.defined


def test_a_runtime_is_a_pod_spec() -> None:
    spec = {
        "annotations": {"a": "b"},
        "replicas": 2,
        "containers": [{"name": "kserve-container", "image": "vllm"}, {"name": "other"}],
        "volumes": [{"name": "shm", "emptyDir": {}}],
        "workerSpec": {"containers": [{"name": "worker-container"}]},
    }
    for kind in ("ServingRuntime", "ClusterServingRuntime"):
        head, worker = _pods(spec, kind)
        assert (head.path, head.spec_path, head.replicas) == (("spec",), ("spec",), 2)
        assert [main.name for main in head.mains] == ["kserve-container"]
        assert head.metadata == {"annotations": {"a": "b"}}
        assert (head.probes, head.images) == (Probes.OWN, False)
        assert worker.path == ("spec", "workerSpec")
        assert worker.subrole is Subrole.WORKER


def test_registration() -> None:
    names = ("InferenceService", "ServingRuntime", "ClusterServingRuntime")

    assert [_kind(name).plural for name in names] == [name.lower() + "s" for name in names]
    assert [_kind(name).namespaced for name in names] == [True, True, False]
    assert {_kind(name).role for name in names} == {Role.SERVING}
    assert _kind("InferenceService", "serving.kubeflow.org").role is Role.SERVING
    assert _kind("InferenceService").required == (("spec", "predictor"),)
