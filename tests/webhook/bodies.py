"""AdmissionReviews in the shape in which a kube-apiserver sends them."""

import copy
import json
from typing import Any

from rules.manifest import LAST_APPLIED

NAMESPACE = "research"
STAYS = "cluster-autoscaler.kubernetes.io/safe-to-evict"
UID = "0f6c2b7e-6d0e-4b58-9d0a-7a1c5be0a001"


def job(**spec: Any) -> dict[str, Any]:
    """A training Job as written."""
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "finetune"},
        "spec": {
            **spec,
            "template": {
                "metadata": {"annotations": {STAYS: "false"}},
                "spec": {
                    "restartPolicy": "Never",
                    "containers": [
                        {
                            "name": "trainer",
                            "image": "registry.example.com/trainer:1.0",
                            "command": ["python", "train.py", "--output-dir", "s3://models/run1"],
                            "resources": {"limits": {"cpu": "4", "memory": "16Gi"}},
                        }
                    ],
                },
            },
        },
    }


def admitted(body: dict[str, Any], *, applied: bool = True) -> dict[str, Any]:
    """A Job as the API server presents it: defaults filled in; ``applied`` by ``kubectl apply``."""
    body = copy.deepcopy(body)
    written = json.dumps(body)
    body["spec"] = {"backoffLimit": 6, "completions": 1, "parallelism": 1, **body["spec"]}
    if applied:
        body["metadata"]["annotations"] = {LAST_APPLIED: written}
    return body


def cron_job(**spec: Any) -> dict[str, Any]:
    """A schedule that retrains, good but for what ``spec`` says."""
    inner = job(backoffLimit=2, activeDeadlineSeconds=7200)["spec"]
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "nightly-retrain", "namespace": NAMESPACE},
        "spec": {
            "schedule": "0 1 * * *",
            "timeZone": "Etc/UTC",
            "startingDeadlineSeconds": 3600,
            "concurrencyPolicy": "Forbid",
            "jobTemplate": {"spec": inner},
            **spec,
        },
    }


def pytorch_job() -> dict[str, Any]:
    """A distributed job that asks for a GPU without a limit, with nothing else written."""
    container = {
        "name": "pytorch",
        "image": "registry.example.com/ddp:1.0",
        "command": ["python", "train.py", "--output-dir", "s3://models/ddp"],
        "resources": {
            "requests": {"nvidia.com/gpu": "1"},
            "limits": {"cpu": "4", "memory": "16Gi"},
        },
    }
    worker = {"replicas": 2, "template": {"spec": {"containers": [container]}}}
    return {
        "apiVersion": "kubeflow.org/v1",
        "kind": "PyTorchJob",
        "metadata": {"name": "ddp", "namespace": NAMESPACE},
        "spec": {"pytorchReplicaSpecs": {"Worker": worker}},
    }


def deployment(**spec: Any) -> dict[str, Any]:
    """A web server, of which no rule has anything to say."""
    container = {"name": "web", "image": "registry.example.com/web:1.0"}
    pod = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": NAMESPACE},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": pod, **spec},
    }


def owner(**fields: Any) -> dict[str, Any]:
    """An owner reference of a controller whose kind is known."""
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "name": "nightly-retrain",
        "uid": "5c9f8a40-5f8b-4c55-b6a0-cb2ea7f2a111",
        "controller": True,
        **fields,
    }


def review(
    body: dict[str, Any] | None,
    *,
    operation: str = "CREATE",
    old: dict[str, Any] | None = None,
    **request: Any,
) -> dict[str, Any]:
    """An AdmissionReview of ``body``; ``request`` replaces fields of the request."""
    shown = body or old or {}
    group, _, version = str(shown.get("apiVersion") or "").rpartition("/")
    kind = {"group": group, "version": version, "kind": shown.get("kind", "")}
    plural = f"{str(shown.get('kind')).lower()}s"
    resource = {"group": group, "version": version, "resource": plural}
    return {
        "kind": "AdmissionReview",
        "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": UID,
            "kind": kind,
            "resource": resource,
            "requestKind": kind,
            "requestResource": resource,
            "name": shown.get("metadata", {}).get("name", ""),
            "namespace": NAMESPACE,
            "operation": operation,
            "userInfo": {"username": "alice", "groups": ["system:authenticated"]},
            "object": body,
            "oldObject": old,
            "dryRun": False,
            "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
            **request,
        },
    }
