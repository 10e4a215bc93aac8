"""Kinds whose pods an operator makes of settings: NIM, Dynamo, vLLM's production stack."""

from typing import Any

import pytest

from rules.kinds.pods import ContainerUse, Pod, Probes
from rules.kinds.roles import Subrole
from rules.workload import Workload
from tests.rules.kinds.test_facts import make_workload

LIVENESS = {"httpGet": {"path": "/live", "port": 9090}}


def make_nim(spec: dict[str, Any], kind: str = "NIMService") -> Workload:
    return make_workload({"apiVersion": "apps.nvidia.com/v1alpha1", "kind": kind, "spec": spec})


def make_graph(spec: dict[str, Any]) -> Workload:
    kind = "DynamoGraphDeployment"
    return make_workload({"apiVersion": "nvidia.com/v1alpha1", "kind": kind, "spec": spec})


def read_service(service: dict[str, Any], name: str = "Decode") -> Pod:
    (pod,) = make_graph({"services": {name: service}}).pods
    return pod


def test_a_nim_service_is_a_pod_and_its_container() -> None:
    spec = {
        "image": {"repository": "nvcr.io/nim/llama-8b", "tag": "1.8"},
        "resources": {"limits": {"nvidia.com/gpu": 2}},
        "labels": {"a": "b"},
        "replicas": 2,
        "multiNode": {"parallelism": {"pipeline": 2}},
    }
    workload = make_nim(spec)
    (pod,) = workload.pods
    (main,) = pod.mains

    assert (main.get("image"), main.place("image")) == (
        "nvcr.io/nim/llama-8b:1.8",
        ("spec", "image"),
    )
    assert main.place("resources", "limits") == ("spec", "resources", "limits")
    assert workload.accelerated(pod)
    assert (pod.nodes, pod.replicas, pod.probes) == (2, 4, Probes.GIVEN)
    assert (pod.metadata, pod.volumes_at) == ({"labels": {"a": "b"}}, None)


@pytest.mark.parametrize(
    ("said", "budget"),
    [
        ({}, 120),
        ({"startupProbe": {"probe": {"failureThreshold": 9}}}, 9),
        ({"startupProbe": {"enabled": False}}, None),
    ],
)
def test_nim_starts_with_a_probe_of_the_operators(said: dict[str, Any], budget: int | None) -> None:
    (pod,) = make_nim({"image": {}, **said}).pods

    assert pod.mains[0].get("startupProbe", "failureThreshold") == budget
    assert pod.mains[0].place("startupProbe") == ("spec", "startupProbe", "probe")


def test_a_nim_service_asks_for_devices_by_claims() -> None:
    workload = make_nim({"image": {}, "draResources": [{"resourceClaimTemplateName": "gpu"}]})

    assert workload.accelerated(workload.pods[0])


def test_a_pipeline_leaves_out_what_is_switched_off() -> None:
    services = [
        {"name": "llm", "spec": {"image": {"repository": "nim"}}},
        {"name": "rerank", "enabled": False, "spec": {"image": {"repository": "nim"}}},
    ]
    (pod,) = make_nim({"services": services}, "NIMPipeline").pods

    assert (pod.name, pod.path) == ("llm", ("spec", "services", 0, "spec"))


@pytest.mark.parametrize(
    ("scale", "defined"),
    [
        ({"hpa": {"maxReplicas": 4}}, []),
        ({"enabled": True, "hpa": {"maxReplicas": 4}}, [False]),
        ({"enabled": True, "hpa": {"metrics": [{"type": "Pods"}]}}, [True]),
    ],
)
@pytest.mark.parametrize("kind", ["NIMService", "NIMPipeline"])
def test_nim_scales_by_the_metrics_that_are_written(
    kind: str, scale: dict[str, Any], defined: list[bool]
) -> None:
    service: dict[str, Any] = {"image": {}, "scale": scale}
    spec = service if kind == "NIMService" else {"services": [{"name": "a", "spec": service}]}

    assert [scaler.defined for scaler in make_nim(spec, kind).autoscalers] == defined


def test_a_component_of_dynamo_has_fields_beside_its_extra_pod_spec() -> None:
    service = {
        "replicas": 2,
        "multinode": {"nodeCount": 3},
        "labels": {"a": "b"},
        "resources": {"limits": {"gpu": "2", "custom": {"rdma/ib": "1"}}, "requests": {"cpu": "4"}},
        "livenessProbe": LIVENESS,
        "extraPodSpec": {
            "mainContainer": {"image": "vllm-runtime:0.9", "args": ["--model", "org/chat-8b"]},
            "containers": [{"name": "exporter"}],
        },
    }
    pod = read_service(service)
    main, side = pod.containers

    assert (pod.nodes, pod.replicas, pod.metadata) == (3, 6, {"labels": {"a": "b"}})
    assert pod.volumes_at == ("spec", "services", "Decode", "extraPodSpec", "volumes")
    assert (main.name, main.use, side.use) == ("main", ContainerUse.MAIN, ContainerUse.SIDECAR)
    assert main.get("resources") == {
        "limits": {"nvidia.com/gpu": "2", "rdma/ib": "1"},
        "requests": {"cpu": "4", "nvidia.com/gpu": "2", "rdma/ib": "1"},
    }
    assert main.place("resources") == ("spec", "services", "Decode", "resources")
    assert main.place("livenessProbe") == ("spec", "services", "Decode", "livenessProbe")
    assert main.place("args") == (*pod.path, "mainContainer", "args")


def test_what_the_main_container_says_itself_counts() -> None:
    own = {"limits": {"nvidia.com/gpu": 4}}
    service = {
        "resources": {"limits": {"gpu": "2", "gpuType": "gpu.intel.com/xe"}},
        "extraPodSpec": {"mainContainer": {"resources": own}},
    }
    (main,) = read_service(service).mains

    assert main.get("resources") == own
    assert main.place("resources") == (*main.path, "resources")


@pytest.mark.parametrize(
    ("service", "name", "probes", "started"),
    [
        ({"componentType": "worker"}, "Decode", Probes.GIVEN, True),
        ({}, "Decode", Probes.GIVEN, False),
        ({"componentType": "frontend"}, "Web", Probes.NONE, False),
        ({}, "Frontend", Probes.NONE, False),
    ],
)
def test_only_workers_load_a_model(
    service: dict[str, Any], name: str, probes: Probes, *, started: bool
) -> None:
    pod = read_service(service, name)

    assert pod.probes is probes
    assert (pod.subrole is Subrole.ROUTER) == (probes is Probes.NONE)
    assert (pod.mains[0].get("startupProbe") is not None) == started


def test_since_v1beta1_components_have_pod_templates() -> None:
    containers = [{"name": "side", "image": "b"}, {"name": "main", "image": "a"}]
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": containers}}
    component = {"name": "decode", "type": "decode", "podTemplate": template}
    (pod,) = make_graph({"components": [component]}).pods

    assert (pod.name, pod.path) == ("decode", ("spec", "components", 0, "podTemplate"))
    assert [main.name for main in pod.mains] == ["main"]
    assert [one.get("startupProbe") is not None for one in pod.containers] == [False, True]


def test_a_component_alone() -> None:
    spec = {"serviceName": "decode", "multinode": {}}
    kind = "DynamoComponentDeployment"
    body = {"apiVersion": "nvidia.com/v1alpha1", "kind": kind, "spec": spec}
    (pod,) = make_workload(body).pods

    assert (pod.name, pod.nodes) == ("decode", 2)
    assert make_workload({**body, "spec": {}}).pods == ()


def test_a_vllm_runtime_is_made_of_settings() -> None:
    spec = {
        "model": {"modelURL": "org/chat-70b"},
        "vllmConfig": {"extraArgs": ["--enforce-eager"]},
        "deploymentConfig": {
            "image": {"registry": "docker.io", "name": "lmcache/vllm-openai:v0.3"},
            "resources": {"cpu": "8", "gpu": "4", "gpuType": "amd.com/gpu"},
        },
    }
    version = "production-stack.vllm.ai/v1alpha1"
    workload = make_workload({"apiVersion": version, "kind": "VLLMRuntime", "spec": spec})
    (pod,) = workload.pods
    (main,) = pod.mains

    assert main.get("image") == "docker.io/lmcache/vllm-openai:v0.3"
    assert main.get("resources", "limits") == {"cpu": "8", "amd.com/gpu": "4"}
    assert main.place("args", 0) == ("spec", "vllmConfig", "extraArgs", 0)
    assert (pod.text, pod.probes, pod.volumes_at) == ("org/chat-70b", Probes.GIVEN, None)
    assert workload.accelerated(pod)
