"""kthena and AIBrix: roles of pods that serve a model together."""

from typing import Any

import pytest

from rules.kinds import facts
from rules.kinds.pods import Pod, Probes
from rules.kinds.roles import Role, Subrole
from tests.rules.kinds.test_facts import make_workload

SERVER = {"name": "vllm", "image": "vllm/vllm-openai:v0.9.1"}
TEMPLATE = {"spec": {"containers": [SERVER]}}
PROBED = {"spec": {"containers": [{**SERVER, "livenessProbe": {"tcpSocket": {"port": 8000}}}]}}


def read_pods(version: str, kind: str, spec: dict[str, Any]) -> tuple[Pod, ...]:
    workload = make_workload({"apiVersion": version, "kind": kind, "spec": spec})
    assert workload.role in (Role.SERVING, None)
    return workload.pods


def read_kthena(kind: str, spec: dict[str, Any]) -> tuple[Pod, ...]:
    return read_pods("workload.serving.volcano.sh/v1alpha1", kind, spec)


def read_aibrix(kind: str, spec: dict[str, Any]) -> tuple[Pod, ...]:
    return read_pods("orchestration.aibrix.ai/v1alpha1", kind, spec)


def test_a_role_of_kthena_has_an_entry_and_workers() -> None:
    role = {
        "name": "decode",
        "replicas": 2,
        "workerReplicas": 3,
        "entryTemplate": PROBED,
        "workerTemplate": TEMPLATE,
    }
    entry, worker = read_kthena("ModelServing", {"replicas": 2, "template": {"roles": [role]}})

    assert entry.path == ("spec", "template", "roles", 0, "entryTemplate")
    assert (entry.subrole, entry.nodes, entry.replicas) == (Subrole.MASTER, 4, 4)
    assert (worker.subrole, worker.nodes, worker.replicas) == (Subrole.WORKER, 4, 12)
    assert (entry.probes, worker.probes) == (Probes.OWN, Probes.NONE)


def test_an_entry_without_workers_is_alone() -> None:
    role = {"entryTemplate": TEMPLATE, "workerReplicas": 0}
    (entry,) = read_kthena("ModelServing", {"template": {"roles": [role]}})

    assert (entry.subrole, entry.nodes, entry.replicas) == (None, 1, 1)


def test_kthena_makes_the_pods_of_a_booster() -> None:
    backend = {
        "modelURI": "hf://org/chat-8b",
        "env": [{"name": "A", "value": "b"}],
        "replicas": 2,
        "workers": [
            {"type": "server", "image": "vllm:1", "pods": 2},
            {"type": "coordinator", "image": "mindie:1"},
        ],
    }
    server, router = read_kthena("ModelBooster", {"backend": backend})

    (main,) = server.mains
    assert (main.get("image"), main.get("env", 0, "name")) == ("vllm:1", "A")
    assert main.place("env", 0) == ("spec", "backend", "env", 0)
    assert main.place("image") == ("spec", "backend", "workers", 0, "image")
    assert (server.text, server.nodes, server.replicas) == ("hf://org/chat-8b", 2, 4)
    assert (server.probes, router.probes) == (Probes.GIVEN, Probes.NONE)
    assert (server.subrole, router.subrole) == (None, Subrole.ROUTER)


@pytest.mark.parametrize(
    ("kind", "spec", "path", "replicas"),
    [
        (
            "StormService",
            {"replicas": 2, "template": {"spec": {"roles": ["ROLE"]}}},
            ("spec", "template", "spec", "roles", 0, "template"),
            24,
        ),
        ("RoleSet", {"roles": ["ROLE"]}, ("spec", "roles", 0, "template"), 12),
    ],
)
def test_a_role_of_aibrix(
    kind: str, spec: dict[str, Any], path: tuple[str | int, ...], replicas: int
) -> None:
    role = {"name": "prefill", "replicas": 3, "podGroupSize": 4, "template": TEMPLATE}
    roles = spec["roles"] if "roles" in spec else spec["template"]["spec"]["roles"]
    roles[0] = role
    (pod,) = read_aibrix(kind, spec)

    assert (pod.name, pod.path) == ("prefill", path)
    assert (pod.nodes, pod.replicas) == (4, replicas)


def test_a_pod_set_loads_one_model() -> None:
    (pod,) = read_aibrix("PodSet", {"podGroupSize": 2, "template": TEMPLATE})

    assert (pod.nodes, pod.replicas) == (2, 2)


@pytest.mark.parametrize("kind", ["RayClusterFleet", "RayClusterReplicaSet"])
def test_a_fleet_keeps_ray_clusters(kind: str) -> None:
    cluster = {"headGroupSpec": {"template": TEMPLATE}}
    (head,) = read_aibrix(kind, {"template": {"spec": cluster}})

    assert head.subrole is Subrole.RAY_HEAD
    assert head.path == ("spec", "template", "spec", "headGroupSpec", "template")


def test_a_storm_service_and_its_roles_are_rolled_out_each_in_its_way() -> None:
    role = {"name": "a", "template": TEMPLATE, "updateStrategy": {"type": "InPlaceIfPossible"}}
    spec = {"template": {"spec": {"roles": [role]}}}
    version = "orchestration.aibrix.ai/v1alpha1"
    workload = make_workload({"apiVersion": version, "kind": "StormService", "spec": spec})

    whole = workload.at(facts.UPDATE_STRATEGY)
    part = workload.at(facts.UPDATE_STRATEGY, workload.pods[0])
    assert whole is not None
    assert part is not None
    assert (whole.value, part.value) == ("RollingUpdate", "InPlaceIfPossible")
