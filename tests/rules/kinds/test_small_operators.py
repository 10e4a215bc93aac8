"""Kinds of operators that have few: Substratus, KubeAI, Flink, RoleBasedGroup, OpenShift."""

from typing import Any

import pytest

from rules.kinds.pods import Probes
from rules.kinds.roles import Role
from rules.workload import Workload
from tests.rules.kinds.test_facts import make_workload

POD = {"spec": {"containers": [{"name": "main", "image": "registry.example/work:1"}]}}


def make(version: str, kind: str, **spec: Any) -> Workload:
    return make_workload({"apiVersion": version, "kind": kind, "spec": spec})


@pytest.mark.parametrize(
    ("kind", "spec", "role"),
    [
        ("Model", {"image": "a:1"}, Role.DATA),
        ("Model", {"image": "a:1", "dataset": {"name": "b"}}, Role.TRAINING),
        ("Dataset", {"image": "a:1"}, Role.DATA),
        ("Server", {"image": "a:1"}, Role.SERVING),
        ("Notebook", {"image": "a:1"}, Role.NOTEBOOK),
    ],
)
def test_substratus(kind: str, spec: dict[str, Any], role: Role) -> None:
    workload = make("substratus.ai/v1", kind, resources={"memory": 8, "gpu": {"count": 2}}, **spec)
    (pod,) = workload.pods

    assert workload.role is role
    assert pod.durable
    assert workload.accelerated(pod)
    assert pod.containers[0].get("resources", "limits") == {"nvidia.com/gpu": 2}


def test_kubeai() -> None:
    (pod,) = make("kubeai.org/v1", "Model", url="hf://a/b", engine="VLLM", args=["--a"]).pods

    assert (pod.text, pod.probes, pod.replicas) == ("VLLM hf://a/b", Probes.GIVEN, None)


def test_flink() -> None:
    bare = make("flink.apache.org/v1beta1", "FlinkDeployment", flinkVersion="v1_20")
    told = make(
        *("flink.apache.org/v1beta1", "FlinkDeployment"),
        flinkVersion="v1_20",
        podTemplate=POD,
        taskManager={"replicas": 2, "podTemplate": POD},
        job={"entryClass": "com.example.Job", "args": ["--a"]},
    )

    assert [pod.path for pod in bare.pods] == [("spec",)]
    assert [(pod.name, pod.replicas) for pod in told.pods] == [("", 1), ("taskManager", 2)]
    assert told.pods[0].text == "com.example.Job --a"
    assert (bare.partial, told.role) == (False, Role.OTHER)


def test_roles_of_a_group() -> None:
    roles = [
        {"name": "old", "template": POD, "leaderWorkerSet": {"size": 2}},
        {"name": "alone", "replicas": 2, "standalonePattern": {"template": POD}},
        {"name": "led", "replicas": 2, "leaderWorkerPattern": {"size": 4, "template": POD}},
        {
            "name": "parts",
            "customComponentsPattern": {"components": [{"name": "a", "size": 3, "template": POD}]},
        },
    ]
    pods = make("workloads.x-k8s.io/v1alpha2", "RoleBasedGroup", roles=roles).pods

    assert [(pod.name, pod.replicas, pod.nodes) for pod in pods] == [
        ("old", 2, 2),
        ("alone", 2, 1),
        ("led", 8, 4),
        ("a", 3, 1),
    ]


def test_deployment_config() -> None:
    (pod,) = make("apps.openshift.io/v1", "DeploymentConfig", replicas=2, template=POD).pods

    assert (pod.replicas, pod.path) == (2, ("spec", "template"))
