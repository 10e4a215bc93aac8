"""AdmissionReviews in the shape in which a kube-apiserver sends them."""

import copy
import json
from typing import Any

from rules.manifest import LAST_APPLIED

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
                "spec": {
                    "restartPolicy": "Never",
                    "containers": [
                        {
                            "name": "trainer",
                            "image": "registry.example.com/trainer:1.0",
                            "command": ["python", "train.py", "--output-dir", "s3://models/run1"],
                        }
                    ],
                }
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


def review(
    body: dict[str, Any] | None,
    *,
    operation: str = "CREATE",
    old: dict[str, Any] | None = None,
    **request: Any,
) -> dict[str, Any]:
    return {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": UID,
            "operation": operation,
            "namespace": "research",
            "userInfo": {"username": "alice"},
            "object": body,
            "oldObject": old,
            "dryRun": False,
            **request,
        },
    }
