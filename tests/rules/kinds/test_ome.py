"""OME: components with a runner beside their pod spec, alone or as leader and workers."""

from typing import Any

import pytest

from rules.kinds import facts, find_kind
from rules.kinds.pods import ContainerUse, Pod, Probes
from rules.kinds.roles import Role, Subrole
from rules.model import Presence
from tests.rules.kinds.test_facts import make_workload

RUNNER = {"name": "ome-container", "image": "lmsysorg/sglang:v0.5"}
PROBED = {**RUNNER, "livenessProbe": {"httpGet": {"path": "/liveness", "port": 8080}}}


def make_object(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "ome.io/v1beta1", "kind": kind, "spec": spec}


def read_pods(kind: str, spec: dict[str, Any]) -> tuple[Pod, ...]:
    return make_workload(make_object(kind, spec)).pods


@pytest.mark.parametrize("kind", ["ServingRuntime", "ClusterServingRuntime"])
def test_a_runtime_says_all_of_its_pods(kind: str) -> None:
    engine = {"runner": RUNNER, "containers": [{"name": "exporter"}], "labels": {"a": "b"}}
    spec = {"engineConfig": engine, "routerConfig": {"runner": {"name": "router"}}}
    model, router = read_pods(kind, spec)

    assert (model.path, model.probes, model.inherits) == (
        ("spec", "engineConfig"),
        Probes.OWN,
        False,
    )
    assert [(one.path[-1], one.use) for one in model.containers] == [
        ("runner", ContainerUse.MAIN),
        (0, ContainerUse.SIDECAR),
    ]
    assert (model.metadata, model.metadata_at) == ({"labels": {"a": "b"}}, model.path)
    assert (router.subrole, router.probes) == (Subrole.ROUTER, Probes.NONE)


def test_a_leader_and_its_workers_replace_the_component() -> None:
    engine = {
        "minReplicas": 2,
        "leader": {"runner": PROBED, "volumes": [{"name": "shm", "emptyDir": {}}]},
        "worker": {"size": 3, "runner": RUNNER},
    }
    leader, worker = read_pods("ClusterServingRuntime", {"decoderConfig": engine})

    assert leader.path == ("spec", "decoderConfig", "leader")
    assert leader.volumes_at == ("spec", "decoderConfig", "leader", "volumes")
    assert (leader.subrole, leader.nodes, leader.replicas) == (Subrole.MASTER, 4, 2)
    assert (worker.subrole, worker.nodes, worker.replicas) == (Subrole.WORKER, 4, 6)
    assert (leader.probes, worker.probes) == (Probes.OWN, Probes.NONE)


def test_a_worker_that_is_asked_answers() -> None:
    spec = {"engineConfig": {"worker": {"runner": PROBED}}}
    pods = {pod.path[-1]: pod for pod in read_pods("ServingRuntime", spec)}

    assert pods["worker"].probes is Probes.OWN
    assert pods["worker"].nodes == 2


def test_an_old_runtime_is_a_pod_itself() -> None:
    spec = {
        "containers": [RUNNER, {"name": "side"}],
        "workers": {"size": 1, "containers": [PROBED]},
    }
    worker, model = read_pods("ServingRuntime", spec)

    assert model.path == ("spec",)
    assert [main.name for main in model.mains] == ["ome-container"]
    assert worker.path == ("spec", "workers")


def test_a_service_leaves_to_its_runtime_what_it_does_not_say() -> None:
    """The runtime that it names, or the one that OME picks for its model."""
    body = make_object("InferenceService", {"model": {"name": "m"}, "engine": {"minReplicas": 2}})
    workload = make_workload(body)
    (pod,) = workload.pods

    assert (pod.probes, pod.inherits, pod.containers, pod.replicas) == (Probes.GIVEN, True, (), 2)
    value = workload.at(facts.MAX_REPLICAS, pod)
    assert value is not None
    assert value.presence is Presence.UNKNOWN


def test_a_service_without_a_model_says_all_itself() -> None:
    (pod,) = read_pods("InferenceService", {"engine": {"runner": RUNNER}})

    assert (pod.probes, pod.inherits) == (Probes.OWN, False)


def test_a_service_that_says_no_engine_has_the_runtimes() -> None:
    (pod,) = read_pods("InferenceService", {"model": {"name": "chat-8b"}, "runtime": {"name": "a"}})

    assert (pod.text, pod.volumes_at) == ("chat-8b", None)
    assert read_pods("InferenceService", {}) == ()


def test_the_deprecated_predictor() -> None:
    predictor = {"model": {"baseModel": "m", "image": "x"}, "workerSpec": {"size": 1}}
    worker, model = read_pods("InferenceService", {"predictor": predictor})

    assert [main.path for main in model.mains] == [("spec", "predictor", "model")]
    assert model.probes is Probes.GIVEN
    assert worker.path == ("spec", "predictor", "workerSpec")


@pytest.mark.parametrize("kind", ["InferenceService", "ServingRuntime", "ClusterServingRuntime"])
def test_they_serve(kind: str) -> None:
    found = find_kind("ome.io", kind)

    assert found is not None
    assert found.role is Role.SERVING
    assert found.namespaced == (kind != "ClusterServingRuntime")
    assert found.plural == f"{kind.lower()}s"
