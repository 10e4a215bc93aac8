"""A built-in review that a policy has to pass before it is put in force."""

import datetime
from typing import Any

from rules.inventory import Inventory
from rules.policy import Policy
from webhook.review.admission import ReviewOutcome, mutate, validate
from webhook.review.context import ReviewContext

_UID = "self-test"
_DAY = datetime.date(2026, 1, 1)


class SelfTestFailure(Exception):
    """The built-in review was not answered as it must be."""


def self_test(policy: Policy) -> None:
    """Judge one Job with every rule. Raises ``SelfTestFailure``.

    What the decision is depends on the policy. That there is one, and that no rule crashed, does
    not.
    """
    context = ReviewContext(policy, Inventory(), _DAY)
    for judge in (validate, mutate):
        problem = _fault(judge(_review(), context))
        if problem:
            raise SelfTestFailure(f"the self-test of {judge.__name__} failed: {problem}")


def _fault(outcome: ReviewOutcome) -> str | None:
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
        "env": [{"name": "EPOCHS", "value": "3"}],
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
