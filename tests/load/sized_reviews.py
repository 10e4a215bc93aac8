"""Reviews of a known size, as kubectl and the API server write them: 6 KB, 60 KB and 2.8 MB."""

import json
from typing import Any

import orjson


def make_job(containers: int, arguments: int) -> bytes:
    """A training Job as kubectl applies it: 6 KB with one container, 60 KB with twenty."""
    return make_review(make_body("batch/v1", "Job", make_spec(containers, arguments)), None)


def make_update() -> bytes:
    """An update of a schedule of 1.4 MB to another as large, which brings a finding in."""
    job = make_spec(60, 160)
    old = {"schedule": "0 1 * * *", "concurrencyPolicy": "Forbid", "jobTemplate": {"spec": job}}
    new = {**old, "concurrencyPolicy": "Allow"}
    bodies = [make_body("batch/v1", "CronJob", spec) for spec in (new, old)]
    return make_review(bodies[0], bodies[1])


def make_spec(containers: int, arguments: int) -> dict[str, Any]:
    pod = {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        "containers": [make_container(number, arguments) for number in range(containers)],
        "volumes": [{"name": "runs", "persistentVolumeClaim": {"claimName": "runs"}}],
    }
    return {
        "backoffLimit": 2,
        "activeDeadlineSeconds": 86400,
        "completions": 1,
        "parallelism": 1,
        "template": {"metadata": {"labels": {"app": "bert"}}, "spec": pod},
    }


def make_container(number: int, arguments: int) -> dict[str, Any]:
    resources = {"cpu": "8", "memory": "32Gi", "nvidia.com/gpu": "1"}
    return {
        "name": f"trainer-{number}",
        "image": "registry.example.com/research/bert-trainer:v1.4.2",
        "imagePullPolicy": "IfNotPresent",
        "command": ["python", "finetune.py", "--output-dir", "/runs/bert"],
        "args": [f"--hyper-parameter-{one}=value-{one}" for one in range(arguments)],
        "env": [{"name": f"SETTING_{one}", "value": f"v{one}"} for one in range(arguments // 2)],
        "resources": {"limits": resources, "requests": resources},
        "volumeMounts": [{"name": "runs", "mountPath": "/runs"}],
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
    }


def make_body(api_version: str, kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    body = {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": "bert", "namespace": "research"},
        "spec": spec,
    }
    managed = {
        "manager": "kubectl-client-side-apply",
        "operation": "Update",
        "fieldsV1": {"f:spec": _fields(spec)},
    }
    note = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(body)}
    metadata = {"name": "bert", "namespace": "research", "annotations": note}
    return {**body, "metadata": {**metadata, "managedFields": [managed]}}


def _fields(node: Any) -> dict[str, Any]:
    if isinstance(node, dict):
        return {f"f:{key}": _fields(value) for key, value in node.items()}
    if isinstance(node, list) and node and isinstance(node[0], dict):
        return {f'k:{{"name":"{one["name"]}"}}': _fields(one) for one in node if "name" in one}
    return {}


def make_review(body: dict[str, Any], old: dict[str, Any] | None) -> bytes:
    group, _, version = body["apiVersion"].partition("/")
    gvk = {"group": group, "version": version, "kind": body["kind"]}
    request = {
        "uid": "7d9d3822-69f4-4c55-9a90-93e55db0ae41",
        "kind": gvk,
        "requestKind": gvk,
        "name": "bert",
        "namespace": "research",
        "operation": "UPDATE" if old else "CREATE",
        "userInfo": {"username": "alice", "groups": ["system:authenticated"]},
        "object": body,
        "oldObject": old,
        "dryRun": False,
    }
    review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}
    return orjson.dumps(review)
