"""Kinds of operators that have few: Substratus, KubeAI, Flink, RoleBasedGroup, OpenShift, Grove,
Dask, agent-sandbox."""

from typing import Any

import pytest

from rules.kinds.pods import Probes
from rules.kinds.roles import Role, Subrole
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


def test_cliques_of_one_scaling_group_load_a_model_together() -> None:
    """Outside of one each pod of a clique is a server of its own."""
    cliques = [
        {"name": "router", "spec": {"podSpec": POD["spec"], "replicas": 2}},
        {"name": "leader", "spec": {"podSpec": POD["spec"]}},
        {"name": "worker", "spec": {"podSpec": POD["spec"], "replicas": 3}},
    ]
    groups = [{"name": "model", "cliqueNames": ["leader", "worker"], "replicas": 2}]
    template = {"cliques": cliques, "podCliqueScalingGroups": groups}
    pods = make("grove.io/v1alpha1", "PodCliqueSet", replicas=2, template=template).pods

    assert [(pod.name, pod.replicas, pod.nodes, pod.subrole, pod.probes) for pod in pods] == [
        ("router", 4, 1, None, Probes.OWN),
        ("leader", 4, 4, Subrole.MASTER, Probes.OWN),
        ("worker", 12, 4, Subrole.WORKER, Probes.NONE),
    ]
    assert pods[1].path == ("spec", "template", "cliques", 1, "spec", "podSpec")


def test_a_set_of_cliques_has_no_replica_where_none_is_written() -> None:
    template = {"cliques": [{"name": "a", "spec": {"podSpec": POD["spec"]}}]}
    (pod,) = make("grove.io/v1alpha1", "PodCliqueSet", template=template).pods

    assert pod.replicas == 0


@pytest.mark.parametrize(
    ("spec", "replicas"),
    [({}, 1), ({"operatingMode": "Suspended"}, 0), ({"replicas": 0}, 0)],
)
def test_a_sandbox_keeps_one_pod_with_its_claims(spec: dict[str, Any], replicas: int) -> None:
    claims = [{"metadata": {"name": "home"}, "spec": {}}]
    body = {"podTemplate": POD, "volumeClaimTemplates": claims, **spec}
    (pod,) = make("agents.x-k8s.io/v1beta1", "Sandbox", **body).pods
    (volume,) = pod.volumes

    assert pod.replicas == replicas
    assert volume.removal == ("is deleted with the Sandbox", None, None)


def test_dask_job() -> None:
    cluster = {"spec": {"worker": {"replicas": 3, **POD}, "scheduler": POD}}
    pods = make("kubernetes.dask.org/v1", "DaskJob", job=POD, cluster=cluster).pods

    assert [(pod.name, pod.replicas, pod.writer) for pod in pods] == [
        ("runner", 1, True),
        ("scheduler", 1, False),
        ("worker", 3, False),
    ]
    assert pods[0].restart is not None
    assert pods[0].restart.default == "Always"
    assert pods[2].path == ("spec", "cluster", "spec", "worker")


def test_a_hyperpod_job_keeps_pods_where_it_is_told_to() -> None:
    replicas = [{"name": "pods", "replicas": 4, "template": POD}, {"name": "none", "template": POD}]
    version, kind = "sagemaker.amazonaws.com/v1", "HyperPodPyTorchJob"
    kept = make(version, kind, replicaSpecs=replicas, runPolicy={"cleanPodPolicy": "None"})
    (leftover,) = kept.kind.leftovers(kept.spec)

    assert [(pod.name, pod.replicas) for pod in kept.pods] == [("pods", 4), ("none", 0)]
    assert leftover.wanted == "All"
    plain = make(version, kind, replicaSpecs=replicas)
    assert not list(plain.kind.leftovers(plain.spec))


def test_workers_of_an_elastic_job_write_and_parameter_servers_do_not() -> None:
    replicas = {"ps": {"template": POD}, "worker": {"replicas": 2, "template": POD}}
    pods = make("elastic.iml.github.io/v1alpha1", "ElasticJob", replicaSpecs=replicas).pods

    assert [(pod.name, pod.replicas, pod.writer) for pod in pods] == [
        ("ps", 1, False),
        ("worker", 2, True),
    ]


def test_an_analysis_measures_by_jobs() -> None:
    job = {"name": "smoke", "provider": {"job": {"spec": {"template": POD}}}}
    query = {"name": "rate", "provider": {"prometheus": {"query": "up"}}}
    (pod,) = make("argoproj.io/v1alpha1", "AnalysisTemplate", metrics=[query, job]).pods

    assert (pod.name, pod.writer, pod.path[:3]) == ("smoke", False, ("spec", "metrics", 1))


def test_a_server_config_is_a_part_of_servers() -> None:
    claims = [{"name": "models"}]
    (pod,) = make(
        *("mlops.seldon.io/v1alpha1", "ServerConfig"),
        podSpec=POD["spec"],
        volumeClaimTemplates=claims,
    ).pods

    assert (pod.complete, pod.probes, len(pod.volumes)) == (False, Probes.GIVEN, 1)


def test_cache_and_watcher_of_aibrix() -> None:
    parts = {"cache": {"replicas": 3, "template": POD}, "watcher": {"template": POD}}
    workload = make("orchestration.aibrix.ai/v1alpha1", "KVCache", **parts)

    assert [(pod.name, pod.replicas) for pod in workload.pods] == [("cache", 3), ("watcher", 1)]
    assert workload.role is Role.OTHER


def test_objects_of_a_template_are_judged_where_they_stand() -> None:
    body = {"apiVersion": "template.openshift.io/v1", "kind": "Template", "objects": [{}, {}]}
    workload = make_workload(body)

    assert [one.path for one in workload.kind.inner(workload.spec)] == [
        ("objects", 0),
        ("objects", 1),
    ]


def test_a_mini_cluster_has_its_volumes_and_its_environment_in_mappings() -> None:
    volumes = {"models": {"path": "/models", "claimName": "models", "readOnly": True}}
    container = {"image": "a:1", "command": "python train.py", "environment": {"A": "b"}}
    spec = {"size": 4, "containers": [{**container, "volumes": volumes}]}
    (pod,) = make("flux-framework.org/v1alpha2", "MiniCluster", **spec).pods
    (main,) = pod.mains

    assert (pod.replicas, pod.restart and pod.restart.default) == (4, "OnFailure")
    assert [(one.mount_path, one.read_only) for one in main.mounts] == [("/models", True)]
    assert pod.volumes[0].body == {"persistentVolumeClaim": {"claimName": "models"}}
    assert main.get("env") == [{"name": "A", "value": "b"}]


def test_each_role_of_a_disaggregated_set_is_a_set_of_groups() -> None:
    group = {"size": 2, "workerTemplate": POD}
    role = {"name": "decode", "spec": {"replicas": 3, "leaderWorkerTemplate": group}}
    version, kind = "disaggregatedset.x-k8s.io/v1", "DisaggregatedSet"
    (pod,) = make(version, kind, slices=2, roles=[role]).pods

    assert (pod.name, pod.replicas, pod.nodes) == ("decode", 12, 2)
    assert pod.path == ("spec", "roles", 0, "spec", "leaderWorkerTemplate", "workerTemplate")
