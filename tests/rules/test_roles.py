"""What small workloads are for, and how sure that is."""

from typing import Any

import pytest

from rules.engine import Engine
from rules.inventory import Inventory
from rules.manifest import Manifest
from rules.policy import Policy
from rules.roles import Judgement
from rules.workload import Workload
from tests.manifests import TODAY

GPU = {"limits": {"nvidia.com/gpu": 1}}
API = {
    "Pod": "v1",
    "Job": "batch/v1",
    "CronJob": "batch/v1",
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "PyTorchJob": "kubeflow.org/v1",
    "MPIJob": "kubeflow.org/v1",
    "Notebook": "kubeflow.org/v1",
}


def make(kind: str, container: dict[str, Any], name: str = "app", **metadata: Any) -> Any:
    container = {"name": "main", "image": "registry.example.com/app:1.0", **container}
    pod = {"containers": [container]}
    spec: dict[str, Any] = {"template": {"spec": pod}}
    if kind == "Pod":
        spec = pod
    if kind == "CronJob":
        spec = {"schedule": "0 1 * * *", "jobTemplate": {"spec": spec}}
    if kind in ("PyTorchJob", "MPIJob"):
        key = "pytorchReplicaSpecs" if kind == "PyTorchJob" else "mpiReplicaSpecs"
        spec = {key: {"Worker": spec}}
    return {
        "apiVersion": API[kind],
        "kind": kind,
        "metadata": {"name": name, **metadata},
        "spec": spec,
    }


def judge(body: Any) -> Judgement:
    manifest, policy = Manifest(body), Policy()
    kind = Engine(policy, Inventory(), TODAY).kind_of(manifest)
    assert kind is not None
    judgement = Workload(manifest, kind, Inventory(), policy.parameters).judgement
    assert judgement is not None
    return judgement


@pytest.mark.parametrize(
    ("kind", "container", "name", "role"),
    [
        ("Job", {"command": ["python", "train.py"]}, "run", "training"),
        ("Job", {"command": ["python", "-m", "trainer.train"]}, "run", "training"),
        (
            "Job",
            {"command": ["bash", "-c", "cd /w && torchrun finetune.py --lr 1"]},
            "a",
            "training",
        ),
        ("Job", {"command": ["axolotl", "train", "config.yml"]}, "tune", "training"),
        ("CronJob", {"command": ["python", "retrain.py"]}, "nightly", "retraining"),
        ("PyTorchJob", {}, "run", "training"),
        ("PyTorchJob", {"command": ["/opt/nccl-tests/build/all_reduce_perf"]}, "a", "other"),
        ("PyTorchJob", {"command": ["echo", "hello"]}, "a", "other"),
        ("MPIJob", {"command": ["python", "train.py"]}, "run", "training"),
        ("Deployment", {"image": "vllm/vllm-openai:v0.11.0", "resources": GPU}, "a", "serving"),
        ("Deployment", {"command": ["vllm", "serve", "org/model"]}, "a", "serving"),
        ("Deployment", {"image": "nvcr.io/nvidia/tritonserver:25.01-py3"}, "a", "serving"),
        ("Deployment", {"image": "ollama/ollama:0.5"}, "llm", "serving"),
        ("Deployment", {"command": ["accelerate", "launch", "inference_api.py"]}, "a", "serving"),
        ("Deployment", {"image": "nginx:1.27"}, "web", "other"),
        ("Deployment", {"image": "grafana/grafana:11"}, "dashboards", "other"),
        ("Deployment", {"image": "redis:7"}, "cache", "other"),
        ("StatefulSet", {"image": "postgres:17"}, "db", "other"),
        ("Job", {"command": ["huggingface-cli", "download", "org/m"]}, "weights", "data"),
        ("Job", {"command": ["python", "preprocess.py"]}, "prepare", "data"),
        ("Job", {"command": ["python", "batch_predict.py"]}, "score", "batch-inference"),
        ("Job", {"command": ["sleep", "10"]}, "demo", "other"),
        ("Job", {"image": "busybox", "command": ["echo", "hi"]}, "training-demo", "other"),
        ("Pod", {"command": ["sleep", "infinity"], "resources": GPU}, "shell", "notebook"),
        ("Pod", {"image": "jupyter/scipy-notebook:2025"}, "lab", "notebook"),
        ("Pod", {"command": ["nvidia-smi"], "resources": GPU}, "look", None),
        ("Notebook", {}, "lab", "notebook"),
        ("Job", {"image": "grafana/k6:1", "command": ["k6", "run", "load.js"]}, "load", "other"),
        ("Job", {"resources": GPU}, "work", "unknown-ml"),
    ],
)
def test_role(kind: str, container: dict[str, Any], name: str, role: str | None) -> None:
    judgement = judge(make(kind, container, name))
    assert role is None or judgement.role == role, judgement
    assert judgement.evidence or judgement.role in ("other", "unknown-ml")


@pytest.mark.parametrize("place", ["annotations", "labels"])
def test_an_override_wins(place: str) -> None:
    body = make("Job", {"command": ["python", "train.py"]})
    body["metadata"][place] = {"mlgate.dev/role": "data"}
    judgement = judge(body)
    assert (judgement.role, judgement.confidence) == ("data", "high")


def test_an_overrides_value_that_is_no_role_is_passed_over() -> None:
    body = make(
        "Job", {"command": ["python", "train.py"]}, annotations={"mlgate.dev/role": "trainig"}
    )
    assert judge(body).role == "training"


def test_a_component_label_counts() -> None:
    body = make("Job", {}, labels={"app.kubernetes.io/component": "training"})
    assert judge(body).role == "training"


def test_a_launcher_alone_never_means_training() -> None:
    assert judge(make("Job", {"command": ["torchrun", "main.py"]})).role != "training"


def test_templates_are_no_signal() -> None:
    assert judge(make("Job", {"command": ["python", "{{train.py}}"]}, "{{train}}")).role == "other"


def test_a_runtime_that_only_prints_trains_what_its_trainjobs_run() -> None:
    container = {"name": "node", "image": "pytorch/pytorch:2.6", "command": ["sh", "-c", "echo a"]}
    pod = {"spec": {"containers": [container]}}
    job = {"name": "node", "template": {"spec": {"template": pod}}}
    body = {
        "apiVersion": "trainer.kubeflow.org/v1alpha1",
        "kind": "TrainingRuntime",
        "metadata": {"name": "torch"},
        "spec": {"template": {"spec": {"replicatedJobs": [job]}}},
    }

    assert judge(body).role == "training"
