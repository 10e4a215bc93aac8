"""Objects of kinds that nobody knows, where the webhook is asked about them."""

from typing import Any

import pytest

from rules.inventory import Inventory
from rules.model import Action
from rules.policy import Policy
from tests.manifests import TODAY
from tests.webhook.bodies import owner, review
from webhook.review.admission import ReviewOutcome, mutate, validate
from webhook.review.context import ReviewContext


def run(**metadata: Any) -> dict[str, Any]:
    """A run of eight GPUs in a kind of one's own."""
    container = {"name": "a", "image": "b", "resources": {"limits": {"nvidia.com/gpu": 8}}}
    return {
        "apiVersion": "ml.example.com/v1",
        "kind": "TrainingRun",
        "metadata": {"name": "run", "namespace": "research", **metadata},
        "spec": {"workers": [{"template": {"spec": {"containers": [container]}}}]},
    }


def ask(policy: Policy, body: dict[str, Any], **known: Any) -> ReviewOutcome:
    return validate(review(body, **known), ReviewContext(policy, Inventory(), TODAY))


@pytest.mark.parametrize("action", [Action.DENY, Action.WARN, Action.AUDIT])
def test_the_policy_says_what_becomes_of_them(action: Action) -> None:
    outcome = ask(Policy(rules={"MLG007": action}), run())
    (finding,) = outcome.findings
    assert finding.action is action
    assert "which ask for 8 accelerators" in finding.message
    assert outcome.allowed == (action is not Action.DENY)
    assert bool(outcome.body["response"].get("warnings")) == (action is Action.WARN)


def test_without_a_word_they_are_audited_and_nothing_is_mended() -> None:
    outcome = ask(Policy(), run())
    assert outcome.allowed
    assert [one.action for one in outcome.findings] == [Action.AUDIT]
    assert mutate(review(run()), ReviewContext(Policy(), Inventory(), TODAY)).patched == ()


def test_what_an_operator_makes_is_never_denied() -> None:
    body = run(ownerReferences=[owner()])
    outcome = ask(Policy(rules={"MLG007": Action.DENY}), body)
    assert outcome.allowed
    assert [one.action for one in outcome.findings] == [Action.WARN]


def test_an_object_without_pods_passes_unjudged() -> None:
    body = run() | {"spec": {"source": "s3://reviews"}}
    outcome = ask(Policy(rules={"MLG007": Action.DENY}), body)
    assert outcome.passed == "no rule knows the kind"


def test_an_update_is_denied_only_what_it_brings_in() -> None:
    policy, body = Policy(rules={"MLG007": Action.DENY}), run()
    changed = body | {"spec": {**body["spec"], "note": "x"}}
    assert ask(policy, changed, operation="UPDATE", old=body).allowed
