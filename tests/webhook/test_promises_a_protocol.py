"""Group A: the protocol of ``admission.k8s.io/v1``, one test a promise."""

import base64
import copy
import json
import re
from typing import Any

import jsonpatch
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.inventory import Inventory
from rules.kinds.lookups import Answer
from rules.policy import Policy
from rules.rfc6902 import PatchFailure
from tests.manifests import TODAY
from tests.webhook.bodies import (
    NAMESPACE,
    UID,
    admitted,
    cron_job,
    deployment,
    job,
    owner,
    pytorch_job,
    review,
)
from tests.webhook.in_process import InProcessServer, policies_of
from webhook.review import mutation
from webhook.review.admission import ENDPOINTS, ReviewOutcome, mutate, validate
from webhook.review.context import ReviewContext
from webhook.review.deadline import DEFAULT_TIMEOUT, Deadline, read_timeout
from webhook.review.record import make_record
from webhook.review.request import BadReview
from webhook.server.request_limits import DEFAULT_MAX_BODY, RequestLimits

KNOWN = ReviewContext(Policy(), Inventory(), TODAY, "abc123")
BOTH = pytest.mark.parametrize("judge", [validate, mutate])


def response_of(outcome: ReviewOutcome) -> dict[str, Any]:
    response: dict[str, Any] = outcome.body["response"]
    return response


def patch_of(outcome: ReviewOutcome) -> list[dict[str, Any]]:
    patch: list[dict[str, Any]] = json.loads(base64.b64decode(response_of(outcome)["patch"]))
    return patch


@BOTH
@pytest.mark.parametrize("body", [job(), deployment(), {"apiVersion": "v1", "kind": "Secret"}])
def test_a01_response_echoes_the_uid(judge: Any, body: Any) -> None:
    assert response_of(judge(review(body), KNOWN))["uid"] == UID


@BOTH
def test_a02_version_and_kind_are_v1_exactly(judge: Any) -> None:
    answer = judge(review(job()), KNOWN).body
    assert (answer["apiVersion"], answer["kind"]) == ("admission.k8s.io/v1", "AdmissionReview")
    beta = {**review(job()), "apiVersion": "admission.k8s.io/v1beta1"}
    with pytest.raises(BadReview):
        judge(beta, KNOWN)


_SPEC = st.fixed_dictionaries(
    {},
    optional={
        "backoffLimit": st.one_of(st.none(), st.integers(0, 9)),
        "activeDeadlineSeconds": st.integers(1, 99999),
        "template": st.one_of(st.none(), st.just({}), st.just({"spec": None})),
    },
)


@given(spec=_SPEC, applied=st.booleans(), operation=st.sampled_from(["CREATE", "UPDATE"]))
def test_a03_patch_and_its_type_come_together_and_never_empty(
    spec: dict[str, Any],
    applied: bool,  # noqa: FBT001
    operation: str,
) -> None:
    body = admitted(job(**spec), applied=applied)
    response = response_of(mutate(review(body, operation=operation), KNOWN))
    assert ("patch" in response) == ("patchType" in response)
    if "patch" in response:
        assert response["patchType"] == "JSONPatch"
        assert json.loads(base64.b64decode(response["patch"]))


def test_a04_validating_never_patches() -> None:
    for body in (job(), pytorch_job(), cron_job(concurrencyPolicy=None)):
        assert response_of(validate(review(body), KNOWN)).keys().isdisjoint({"patch", "patchType"})


def test_a05_a_patch_is_rfc_6902_in_base64() -> None:
    body = pytorch_job()
    body["metadata"] = {"name": "a", "namespace": NAMESPACE}
    outcome = mutate(review(body), KNOWN)
    patch = patch_of(outcome)
    mended = jsonpatch.apply_patch(body, patch)  # makes no parents: they come before children
    assert mended["spec"]["runPolicy"]["backoffLimit"] == 3
    assert "mlgate.dev/defaulted" in mended["metadata"]["annotations"]


def test_a05_keys_with_a_slash_are_escaped() -> None:
    body = cron_job()
    body["metadata"]["annotations"] = {}
    pods = body["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    resources = {"requests": {"nvidia.com/gpu": 1}, "limits": {"cpu": 1}}
    pods["containers"][0]["resources"] = resources
    paths = [operation["path"] for operation in patch_of(mutate(review(body), KNOWN))]
    assert any(path.endswith("/limits/nvidia.com~1gpu") for path in paths)
    assert "/metadata/annotations/mlgate.dev~1defaulted" in paths


def test_a06_a_patch_that_does_not_apply_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_tree: Any, _patch: Any) -> Any:
        raise PatchFailure("there is no ground")

    server = InProcessServer()
    monkeypatch.setattr(mutation, "apply_patch", refuse)
    response = server.send(review(admitted(job())), "mutate")
    assert response["allowed"] is True
    assert "patch" not in response
    assert server.sample("mlgate_patch_selfcheck_failures_total") == 1


@pytest.mark.parametrize("operation", ["DELETE", "CONNECT", "CREATE"])
def test_a07_no_object_no_patch(operation: str) -> None:
    response = response_of(mutate(review(None, operation=operation, old=job()), KNOWN))
    assert response == {"uid": UID, "allowed": True}


@pytest.mark.parametrize("endpoint", ["validate", "mutate"])
def test_a08_an_unexpected_exception_is_http_500(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(_review: Any, _known: Any) -> Any:
        raise KeyError("bug")

    monkeypatch.setitem(ENDPOINTS, endpoint, crash)
    server = InProcessServer()
    answer = server.post(b"{}", endpoint)
    assert answer.status == 500
    assert b"allowed" not in answer.body
    assert server.sample("mlgate_http_errors_total", status="500") == 1


def test_a08_a_decision_is_http_200() -> None:
    assert InProcessServer().send(review(admitted(job())))["allowed"] is False


def test_a09_a_denial_is_403_forbidden_with_a_message() -> None:
    status = response_of(validate(review(admitted(job())), KNOWN))["status"]
    assert (status["code"], status["reason"]) == (403, "Forbidden")
    assert "TRN002" in status["message"]


def test_a10_what_is_allowed_has_no_status_but_warnings() -> None:
    response = response_of(validate(review(admitted(job(backoffLimit=2))), KNOWN))
    assert response["allowed"] is True
    assert "status" not in response
    assert response["warnings"]


def test_a11_warnings_are_short_single_lines_for_each_rule() -> None:
    body = pytorch_job()
    spec = body["spec"]["pytorchReplicaSpecs"]["Worker"]["template"]["spec"]
    spec["containers"][0]["command"] = ["python", "train.py", "--output-dir", "/a\n\x1b[31mb" * 90]
    spec["containers"][0]["resources"] = {}
    for judge in (validate, mutate):
        warnings = response_of(judge(review(body), KNOWN))["warnings"]
        assert len(set(warnings)) == len(warnings)
        assert all(len(line) <= 120 and line.isprintable() for line in warnings)
        assert sum(map(len, warnings)) <= 4096


def test_a11_the_last_warning_says_how_many_are_left_out() -> None:
    body = pytorch_job()
    specs = body["spec"]["pytorchReplicaSpecs"]
    specs["Master"] = copy.deepcopy(specs["Worker"])
    findings = validate(review(body), KNOWN).findings
    warned = [one.rule for one in findings if one.action == "warn"]
    left = len(warned) - len(set(warned))
    assert left
    warnings = response_of(validate(review(body), KNOWN))["warnings"]
    assert warnings[-1] == f"+{left} more, run mlgate lint for all of them"


def test_a12_audit_annotations_are_plain_names() -> None:
    notes = response_of(validate(review(admitted(job())), KNOWN))["auditAnnotations"]
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", key) for key in notes)
    assert notes["decision"] == "deny"
    assert notes["profile"] == "standard"
    assert notes["policy-revision"] == "abc123"
    assert "TRN002/batch=deny" in notes["rules"]


@pytest.mark.parametrize("kind", ["text/plain", "", "application/jsonp", "application/yaml"])
def test_a13_another_content_type_is_415(kind: str) -> None:
    body = json.dumps(review(job())).encode()
    assert InProcessServer().post(body, headers={"content-type": kind}).status == 415


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"\xff\xfe",
        b'{"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1"}',
        b'{"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": {}}',
        b'{"kind": "Pod", "apiVersion": "v1", "request": {"uid": "a"}}',
    ],
)
def test_a13_what_is_no_review_is_400(body: bytes) -> None:
    assert InProcessServer().post(body).status == 400


def test_a13_a_body_above_the_limit_is_413() -> None:
    server = InProcessServer(limits=RequestLimits(max_body=1000))
    assert server.post(b" " * 1001).status == 413
    for length in ("1001", "9" * 5000):
        headers = {"content-type": "application/json", "content-length": length}
        assert server.post(b"", headers=headers).status == 413
    assert server.post(json.dumps(review({"kind": "A"})).encode()).status == 200


def test_a14_an_update_of_two_large_objects_is_answered() -> None:
    assert DEFAULT_MAX_BODY >= 2 * 6 * 1.5 * 1024 * 1024 + 512 * 1024
    new, old = cron_job(), cron_job(schedule="0 2 * * *")
    for body in (new, old):
        body["metadata"]["annotations"] = {"note": "x" * 1_400_000}
    assert InProcessServer().send(review(new, operation="UPDATE", old=old))["allowed"] is True


def test_a15_unknown_fields_are_tolerated_and_stay() -> None:
    body = admitted(job())
    body["spec"]["newField2030"] = {"a": [1]}
    outcome = mutate({**review(body, newRequestField=1), "extra": True}, KNOWN)
    assert all(operation["op"] != "remove" for operation in patch_of(outcome))
    assert jsonpatch.apply_patch(body, patch_of(outcome))["spec"]["newField2030"] == {"a": [1]}


def test_a16_names_may_be_generated_and_the_namespace_the_requests() -> None:
    body = admitted(job())
    body["metadata"] = {"generateName": "sweep-"}
    request = review(body, name="")
    outcome = validate(request, KNOWN)
    assert {finding.object.namespace for finding in outcome.findings} == {NAMESPACE}
    assert make_record("validate", outcome.request).name == "sweep-*"


def test_a17_judged_by_kind_reported_by_request_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {"group": "batch", "version": "v1beta1", "kind": "OldJob"}
    server = InProcessServer()
    assert server.send(review(admitted(job()), requestKind=asked))["allowed"] is False
    assert server.lines()[-1]["kind"] == "OldJob"


@pytest.mark.parametrize(
    ("query", "seconds"),
    [
        (b"timeout=3s", 3.0),
        (b"timeout=500ms", 0.5),
        (b"a=b&timeout=1m30s", 30.0),
        (b"timeout=2.5s&x=", 2.5),
        (b"", DEFAULT_TIMEOUT),
        (b"timeout=soon", DEFAULT_TIMEOUT),
        (b"timeout=-1s", DEFAULT_TIMEOUT),
        (b"timeout=0s", DEFAULT_TIMEOUT),
        (b"mytimeout=3s", DEFAULT_TIMEOUT),
    ],
)
def test_a18_the_timeout_of_the_query_is_read(query: bytes, seconds: float) -> None:
    assert read_timeout(query) == seconds


def test_a18_no_rule_starts_after_four_fifths_of_it() -> None:
    deadline = Deadline(b"timeout=10s")
    assert deadline.due - deadline.started == pytest.approx(8)
    late = KNOWN._replace(expired=lambda: True)
    outcome = validate(review(admitted(job())), late)
    assert outcome.allowed
    assert outcome.errors
    assert "had no time for" in response_of(outcome)["warnings"][-1]


def test_an_owner_of_which_nothing_is_known_caps_at_warn() -> None:
    body = admitted(job())
    body["metadata"]["ownerReferences"] = [owner()]
    known = KNOWN._replace(owner=lambda _uid: Answer.UNKNOWN)
    assert validate(review(body), known).allowed
    assert "patch" not in response_of(mutate(review(body), known))


def test_revision_of_a_file_is_in_the_audit_annotations(tmp_path: Any) -> None:
    server = InProcessServer(policies_of(tmp_path, "profile: strict\n"))
    notes = server.send(review(admitted(job())))["auditAnnotations"]
    assert notes["policy-revision"] == server.handler.policies.active.revision
    assert notes["profile"] == "strict"
