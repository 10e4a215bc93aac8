"""The decision on an AdmissionReview, as a pure function."""

import base64
import datetime
import json
from typing import Any

import jsonpatch
import pytest

from rules.inventory import Inventory
from rules.kinds.lookups import Answer
from rules.policy import Policy
from tests.webhook.bodies import UID, admitted, job, review
from webhook.review.admission import ReviewOutcome, mutate, validate
from webhook.review.context import ReviewContext
from webhook.review.request import BadReview

KNOWN = ReviewContext(Policy(), Inventory(), datetime.date(2026, 6, 1))
OWNER = [{"apiVersion": "batch/v1", "kind": "CronJob", "uid": "u1", "controller": True}]


def rules(outcome: ReviewOutcome) -> list[tuple[str, str, str]]:
    return [(one.rule, one.form, str(one.action)) for one in outcome.findings]


def patched(body: dict[str, Any], outcome: ReviewOutcome) -> Any:
    patch = json.loads(base64.b64decode(outcome.body["response"]["patch"]))
    return jsonpatch.apply_patch(body, patch)


def test_a_denial_echoes_the_uid_and_names_rule_path_and_fix() -> None:
    outcome = validate(review(admitted(job())), KNOWN)
    response = outcome.body["response"]
    assert response["uid"] == UID
    assert response["allowed"] is False
    assert response["status"]["code"] == 403
    assert "TRN002" in response["status"]["message"]
    assert "set spec.backoffLimit to 3" in response["status"]["message"]
    assert "patch" not in response


def test_what_is_left_at_the_default_is_told_so() -> None:
    outcome = validate(review(admitted(job(), applied=False)), KNOWN)
    finding = next(one for one in outcome.findings if one.rule == "TRN002")
    assert "unset or left at the default 6" in finding.message


def test_a_good_object_is_allowed_without_a_word() -> None:
    body = admitted(job(backoffLimit=2, activeDeadlineSeconds=7200))
    response = validate(review(body), KNOWN).body["response"]
    assert response["allowed"] is True
    assert "warnings" not in response


def test_warnings_are_short_and_one_a_rule() -> None:
    response = validate(review(admitted(job(backoffLimit=2))), KNOWN).body["response"]
    assert [line.split()[0] for line in response["warnings"]] == ["TRN003"]
    assert all(len(line) <= 120 for line in response["warnings"])


def test_mutation_writes_what_nobody_wrote_and_comes_to_rest() -> None:
    body = admitted(job(activeDeadlineSeconds=7200))
    mended = patched(body, mutate(review(body), KNOWN))
    assert mended["spec"]["backoffLimit"] == 3
    assert mended["metadata"]["annotations"]["mlgate.dev/defaulted"] == "TRN002 spec.backoffLimit"
    assert "patch" not in mutate(review(mended), KNOWN).body["response"]
    assert validate(review(mended), KNOWN).allowed


def test_what_a_user_wrote_is_never_overwritten() -> None:
    body = admitted(job(backoffLimit=10, activeDeadlineSeconds=7200))
    assert "patch" not in mutate(review(body), KNOWN).body["response"]


@pytest.mark.parametrize("operation", ["DELETE", "CONNECT"])
def test_other_operations_pass(operation: str) -> None:
    for endpoint in (validate, mutate):
        outcome = endpoint(review(None, operation=operation, old=admitted(job())), KNOWN)
        assert outcome.allowed
        assert outcome.passed == f"operation {operation}"


@pytest.mark.parametrize("subresource", ["status", "scale", "exec"])
def test_other_subresources_pass(subresource: str) -> None:
    body = review(admitted(job()), operation="UPDATE", subResource=subresource)
    assert validate(body, KNOWN).allowed


def test_an_object_that_is_being_deleted_passes() -> None:
    body = admitted(job())
    body["metadata"]["deletionTimestamp"] = "2026-06-01T00:00:00Z"
    assert validate(review(body), KNOWN).allowed


def test_an_exempt_namespace_passes() -> None:
    assert validate(review(admitted(job()), namespace="kube-system"), KNOWN).allowed


def test_an_unknown_kind_passes() -> None:
    body = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "a"}}
    assert validate(review(body), KNOWN).passed == "no rule knows the kind"


def cron(**spec: Any) -> dict[str, Any]:
    inner = job(backoffLimit=2, activeDeadlineSeconds=7200)["spec"]
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "nightly-retrain"},
        "spec": {
            "schedule": "0 1 * * *",
            "timeZone": "Etc/UTC",
            "startingDeadlineSeconds": 3600,
            "jobTemplate": {"spec": inner},
            **spec,
        },
    }


def test_an_update_is_denied_only_what_it_brings_in() -> None:
    bad, good = cron(concurrencyPolicy="Allow"), cron(concurrencyPolicy="Forbid")
    brings = validate(review(bad, operation="UPDATE", old=good), KNOWN)
    assert rules(brings) == [("CRN001", "overlap", "deny")]
    keeps = validate(review({**bad, "x": 1}, operation="UPDATE", old=bad), KNOWN)
    assert rules(keeps) == [("CRN001", "overlap", "warn")]


def test_an_owned_object_is_judged_by_what_is_known_of_its_owner() -> None:
    body = admitted(job())
    body["metadata"]["ownerReferences"] = OWNER
    doubted = validate(review(body), KNOWN)
    assert doubted.allowed
    assert ("TRN002", "batch", "warn") in rules(doubted)
    assert "patch" not in mutate(review(body), KNOWN).body["response"]
    found = KNOWN._replace(owner=lambda _uid: Answer.FOUND)
    assert validate(review(body), found).passed == "its owner was judged"
    forged = KNOWN._replace(owner=lambda _uid: Answer.ABSENT)
    assert not validate(review(body), forged).allowed


def test_a_controllers_own_objects_pass() -> None:
    body = admitted(job())
    body["metadata"]["ownerReferences"] = OWNER
    user = {"username": "system:serviceaccount:kube-system:cronjob-controller"}
    assert validate(review(body, userInfo=user), KNOWN).passed is not None
    lookalike = {"username": "system:serviceaccount:research:cronjob-controller"}
    assert validate(review(body, userInfo=lookalike), KNOWN).passed is None


def test_when_time_is_up_no_rule_starts_and_nothing_is_denied() -> None:
    late = KNOWN._replace(expired=lambda: True)
    outcome = validate(review(admitted(job())), late)
    assert outcome.allowed
    assert outcome.errors
    assert outcome.body["response"]["warnings"][0].startswith("mlgate had no time for ")


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"apiVersion": "admission.k8s.io/v1beta1", "kind": "AdmissionReview", "request": {}},
        {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"},
        {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": 1}},
    ],
)
def test_what_is_no_review_is_refused(body: Any) -> None:
    with pytest.raises(BadReview):
        validate(body, KNOWN)
