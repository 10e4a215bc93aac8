"""Kinds of platforms: Slinky, llmaz, Llama Stack, AdaptDL, TorchElastic, Yatai, Workspaces,
SparkConnect, OptimizationJob, NIMCache."""

from typing import Any

import pytest

from rules.kinds.pods import Probes
from rules.kinds.roles import Role, Subrole
from tests.rules.kinds.test_small_operators import POD, make


@pytest.mark.parametrize(("mode", "replicas"), [("StatefulSet", 3), ("DaemonSet", None)])
def test_nodes_of_slurm(mode: str, replicas: int | None) -> None:
    slurmd = {"image": "slurmd:1", "resources": {"limits": {"nvidia.com/gpu": 8}}}
    sidecar = {"spec": {"containers": [{"name": "exporter", "image": "dcgm:1"}]}}
    spec = {"replicas": 3, "scalingMode": mode, "slurmd": slurmd, "template": sidecar}
    workload = make("slinky.slurm.net/v1beta1", "NodeSet", **spec)
    (pod,) = workload.pods

    assert (pod.replicas, workload.role) == (replicas, Role.OTHER)
    assert [(one.name, one.path) for one in pod.mains] == [("slurmd", ("spec", "slurmd"))]
    assert workload.accelerated(pod)


def test_a_daemon_of_slurm_may_stand_in_the_template() -> None:
    template = {"spec": {"containers": [{"name": "login", "image": "login:1"}]}}
    (pod,) = make("slinky.slurm.net/v1beta1", "LoginSet", login={}, template=template).pods

    assert [one.path for one in pod.mains] == [("spec", "template", "spec", "containers", 0)]


def test_playgrounds_name_models_and_settings_of_a_server() -> None:
    claims = {"models": [{"name": "chat-8b"}, {"name": "chat-1b", "role": "draft"}]}
    config = {"backendName": "sglang", "envs": [{"name": "A"}], "sharedMemorySize": "8Gi"}
    spec = {"replicas": 2, "modelClaims": claims, "backendRuntimeConfig": config}
    (pod,) = make("inference.llmaz.io/v1alpha1", "Playground", **spec).pods

    assert (pod.replicas, pod.probes, pod.shared_memory) == (2, Probes.GIVEN, True)
    assert pod.text.split() == ["sglang", "chat-8b", "chat-1b"]
    assert pod.mains[0].place("env") == ("spec", "backendRuntimeConfig", "envs")


def test_a_service_of_llmaz_is_groups_of_pods() -> None:
    template = {"size": 2, "leaderTemplate": POD, "workerTemplate": POD}
    spec = {"replicas": 3, "workloadTemplate": template}
    workload = make("inference.llmaz.io/v1alpha1", "Service", **spec)

    assert [(pod.replicas, pod.nodes, pod.subrole) for pod in workload.pods] == [
        (3, 2, Subrole.MASTER),
        (3, 2, Subrole.WORKER),
    ]


def test_a_llama_stack_has_its_mounts_beside_its_container() -> None:
    overrides = {
        "volumes": [{"name": "models", "persistentVolumeClaim": {"claimName": "models"}}],
        "volumeMounts": [{"name": "models", "mountPath": "/models"}],
    }
    server = {"distribution": {"image": "stack:1"}, "podOverrides": overrides}
    (pod,) = make("llamastack.io/v1alpha1", "LlamaStackDistribution", server=server).pods
    (main,) = pod.mains

    assert (main.name, main.get("image")) == ("llama-stack", "stack:1")
    assert main.mounts[0].path == ("spec", "server", "podOverrides", "volumeMounts", 0)
    assert pod.volumes[0].name == "models"


def test_nobody_knows_how_many_pods_a_scheduler_gives() -> None:
    (pod,) = make("adaptdl.petuum.com/v1", "AdaptDLJob", maxReplicas=4, template=POD).pods

    assert (pod.replicas, pod.shared_memory, pod.restart) == (None, True, None)


def test_torchelastic_has_its_run_policy_in_the_spec() -> None:
    replicas = {"Worker": {"replicas": 2, "template": POD}}
    workload = make(
        *("elastic.pytorch.org/v1alpha1", "ElasticJob"),
        replicaSpecs=replicas,
        activeDeadlineSeconds=60,
    )

    assert [(pod.name, pod.replicas) for pod in workload.pods] == [("worker", 2)]
    assert workload.deadlines is not None
    assert workload.deadlines.places[0].path == ("spec", "activeDeadlineSeconds")


def test_runners_of_a_bento_are_pods_of_their_own() -> None:
    runner = {"name": "model", "resources": {"limits": {"gpu": "2", "custom": {"a.com/b": 1}}}}
    workload = make("serving.yatai.ai/v2alpha1", "BentoDeployment", bento="b", runners=[runner])
    server, model = workload.pods

    assert (server.name, model.name) == ("api-server", "model")
    limits = {"nvidia.com/gpu": "2", "a.com/b": 1}
    assert model.containers[0].get("resources", "limits") == limits


def test_a_workspace_mounts_claims_and_its_kind_has_the_settings() -> None:
    volumes = {"home": "home", "data": [{"pvcName": "data", "mountPath": "/data"}]}
    workspace = make("kubeflow.org/v1beta1", "Workspace", podTemplate={"volumes": volumes})
    setting = {"nodeSelector": {"a": "b"}, "resources": {"limits": {"nvidia.com/gpu": 1}}}
    options: dict[str, Any] = {"podConfig": {"values": [{"id": "big", "spec": setting}]}}
    kind = make("kubeflow.org/v1beta1", "WorkspaceKind", podTemplate={"options": options})
    (pod,), (choice,) = workspace.pods, kind.pods

    claims = [volume.body["persistentVolumeClaim"]["claimName"] for volume in pod.volumes]
    assert claims == ["home", "data"]
    assert (workspace.role, kind.role) == (Role.NOTEBOOK, Role.NOTEBOOK)
    assert (choice.name, kind.accelerated(choice), kind.kind.dormant) == ("big", True, True)


def test_a_cache_of_a_nim_is_filled_by_the_puller_of_its_source() -> None:
    source = {"ngc": {"modelPuller": "nvcr.io/nim/chat:1.3"}}
    workload = make("apps.nvidia.com/v1alpha1", "NIMCache", source=source)
    (pod,) = workload.pods

    assert (workload.role, pod.probes, pod.durable) == (Role.DATA, Probes.NONE, True)
    assert pod.mains[0].place("image") == ("spec", "source", "ngc", "modelPuller")


def test_trials_of_a_search_are_train_jobs() -> None:
    trial = {"runtimeRef": {"name": "torch"}, "trainer": {"numNodes": 2}}
    workload = make(
        *("trainer.kubeflow.org/v1alpha1", "OptimizationJob"), trainJobTemplate={"spec": trial}
    )
    (pod,) = workload.pods

    assert (pod.replicas, pod.writer, workload.role) == (2, False, Role.TRAINING)
    assert pod.path == ("spec", "trainJobTemplate", "spec", "trainer")


def test_the_server_of_spark_connect_has_its_image_in_its_template() -> None:
    container = {"name": "spark-kubernetes-driver", "image": "spark:4"}
    server = {"template": {"spec": {"containers": [container]}}}
    parts = {"server": server, "executor": {"instances": 2}}
    pods = make("sparkoperator.k8s.io/v1alpha1", "SparkConnect", **parts).pods

    assert [(pod.name, pod.replicas) for pod in pods] == [("server", 1), ("executor", 2)]
    where = ("spec", "server", "template", "spec", "containers", 0, "image")
    assert pods[0].containers[0].place("image") == where
