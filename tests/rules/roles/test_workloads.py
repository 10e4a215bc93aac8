"""What real workloads of this field look like, and what each is for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from rules.roles import Judgement

TABLE = Path(__file__).with_name("workloads.txt").read_text(encoding="utf-8")
CASES = [
    tuple(cell.strip() for cell in row.split("|", 6))
    for row in TABLE.splitlines()
    if not row.startswith("#")
]

KINDS: dict[str, tuple[str, str, str]] = {
    "Job": ("batch/v1", "Job", "{spec: {template: POD}}"),
    "CronJob": ("batch/v1", "CronJob", "{spec: {jobTemplate: {spec: {template: POD}}}}"),
    "Pod": ("v1", "Pod", "{spec: SPEC}"),
    "Deployment": ("apps/v1", "Deployment", "{spec: {template: POD}}"),
    "StatefulSet": ("apps/v1", "StatefulSet", "{spec: {template: POD}}"),
    "DaemonSet": ("apps/v1", "DaemonSet", "{spec: {template: POD}}"),
    "Knative": ("serving.knative.dev/v1", "Service", "{spec: {template: POD}}"),
    "LWS": (
        "leaderworkerset.x-k8s.io/v1",
        "LeaderWorkerSet",
        "{spec: {leaderWorkerTemplate: {workerTemplate: POD}}}",
    ),
    "JobSet": (
        "jobset.x-k8s.io/v1alpha2",
        "JobSet",
        "{spec: {replicatedJobs: [{name: workers, template: {spec: {template: POD}}}]}}",
    ),
    "VolcanoJob": (
        "batch.volcano.sh/v1alpha1",
        "Job",
        "{spec: {plugins: {pytorch: []}, tasks: [{name: worker, template: POD}]}}",
    ),
    "MPIJob": (
        "kubeflow.org/v2beta1",
        "MPIJob",
        "{spec: {mpiReplicaSpecs: {Launcher: {template: POD}, Worker: {template: BARE}}}}",
    ),
    "RayJob": (
        "ray.io/v1",
        "RayJob",
        "{spec: {entrypoint: TEXT, rayClusterSpec: {headGroupSpec: {template: BARE}}}}",
    ),
    "PyTorchJob": (
        "kubeflow.org/v1",
        "PyTorchJob",
        "{spec: {pytorchReplicaSpecs: {Worker: {template: POD}}}}",
    ),
    "RayCluster": ("ray.io/v1", "RayCluster", "{spec: {headGroupSpec: {template: BARE}}}"),
    "Argo": (
        "argoproj.io/v1alpha1",
        "Workflow",
        "{spec: {templates: [{name: step, container: CONTAINER}]}}",
    ),
}


def _words(command: str) -> list[str]:
    head, quote, rest = command.partition('"')
    return [*head.split(), rest.rstrip('"')] if quote and " -c" in head else command.split()


def _build(kind: str, name: str, gpus: str, image: str, command: str) -> dict[str, Any]:
    bare: dict[str, Any] = {"name": "main", "image": image}
    if gpus != "0":
        bare["resources"] = {"limits": {"nvidia.com/gpu": gpus}}
    words = _words(command)
    container = {**bare, "args" if command.startswith("--") else "command": words}
    if not command:
        container = bare
    if kind in {"Deployment", "StatefulSet", "Knative"}:
        container |= {"ports": [{"containerPort": 8080}], "readinessProbe": {"httpGet": {}}}
    spec = {"containers": [container]}
    parts: dict[str, Any] = {
        "POD": {"spec": spec},
        "SPEC": spec,
        "BARE": {"spec": {"containers": [bare]}},
        "CONTAINER": container,
        "TEXT": command,
    }
    version, kind_name, shape = KINDS[kind]
    body = _fill(yaml.safe_load(shape), parts)
    return {"apiVersion": version, "kind": kind_name, "metadata": {"name": name}, **body}


def _fill(value: Any, parts: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {key: _fill(item, parts) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, parts) for item in value]
    return parts.get(value, value) if isinstance(value, str) else value


@pytest.mark.parametrize("case", CASES, ids=[f"{row[2]}-{row[3]}" for row in CASES])
def test_a_workload_is_what_it_runs(
    case: tuple[str, ...], judge: Callable[[dict[str, Any]], Judgement]
) -> None:
    role, confidence, *made_of = case
    found = judge(_build(*made_of))
    assert found.role == role, found
    assert confidence in {"*", found.confidence}, found
    assert found.evidence or role == "other"


def test_the_table_is_large_enough_to_mean_something() -> None:
    assert len(CASES) >= 80
