"""A review of our own, by which a policy shows that it can be used."""

import datetime
from typing import Any

from rules.inventory import Inventory
from rules.policy import Policy
from webhook.review.admission import Outcome, Surroundings, mutate, validate

_UID = "self-test"
_DAY = datetime.date(2026, 1, 1)


class Broken(Exception):
    """A review of our own was not answered as it must be."""


def try_policy(policy: Policy) -> None:
    """Judge one job with every rule. What the answer is depends on the policy; that there is one,
    and that no rule crashed, does not. Raises ``Broken``."""
    known = Surroundings(policy, Inventory(), _DAY)
    for review in (validate, mutate):
        problem = _fault(review(_review(), known))
        if problem:
            raise Broken(f"the self-test of {review.__name__} failed: {problem}")


def _fault(outcome: Outcome) -> str | None:
    if outcome.errors:
        return "; ".join(outcome.errors)
    if outcome.body["response"]["uid"] != _UID:
        return "the answer has another uid"
    return "the patch does not apply" if outcome.dropped else None


def _review() -> dict[str, Any]:
    container = {
        "name": "main",
        "image": "registry.example/train:1",
        "command": ["python", "train.py", "--output_dir", "/out"],
        "resources": {"requests": {"nvidia.com/gpu": 1}},
    }
    template = {"spec": {"restartPolicy": "OnFailure", "containers": [container]}}
    body = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "self-test", "namespace": "default"},
        "spec": {"template": template},
    }
    request = {
        "uid": _UID,
        "operation": "CREATE",
        "kind": {"group": "batch", "version": "v1", "kind": "Job"},
        "namespace": "default",
        "object": body,
    }
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}
