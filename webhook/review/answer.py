"""The parts of an AdmissionResponse (``admission.k8s.io/v1``)."""

from collections.abc import Mapping, Sequence
from typing import Any

from rules.model import Finding

_DECISION = ("uid", "allowed", "patch", "patchType")


def allow_review(
    uid: str, warnings: Sequence[str] = (), notes: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """An AdmissionReview that lets the request pass."""
    return _review({"uid": uid, "allowed": True}, warnings, notes)


def deny_review(
    uid: str, message: str, warnings: Sequence[str], notes: Mapping[str, str]
) -> dict[str, Any]:
    """An AdmissionReview that refuses the request."""
    status = {"code": 403, "reason": "Forbidden", "message": message}
    return _review({"uid": uid, "allowed": False, "status": status}, warnings, notes)


def postpone_review(
    uid: str, message: str, seconds: int, notes: Mapping[str, str]
) -> dict[str, Any]:
    """An AdmissionReview that has the client send the request again after so many seconds: the API
    server makes a ``Retry-After`` of the details (apiserver ``responsewriters/writers.go``)."""
    details = {"retryAfterSeconds": seconds}
    status = {"code": 429, "reason": "TooManyRequests", "message": message, "details": details}
    return _review({"uid": uid, "allowed": False, "status": status}, (), notes)


def _review(
    response: dict[str, Any], warnings: Sequence[str], notes: Mapping[str, str] | None
) -> dict[str, Any]:
    if warnings:
        response["warnings"] = list(warnings)
    if notes:
        response["auditAnnotations"] = dict(notes)
    return {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "response": response,
    }


def withhold(review: Mapping[str, Any]) -> dict[str, Any]:
    """The answer without anything about the policy, the Namespace or other objects, for clients
    that are not known to be the API server."""
    response = review["response"]
    kept = {key: response[key] for key in _DECISION if key in response}
    if not response["allowed"]:
        message = "refused by policy; mlgate lint says why"
        kept["status"] = {**response["status"], "message": message}
    return {**review, "response": kept}


def audit_annotations(
    decision: str, findings: Sequence[Finding], profile: str, revision: str
) -> dict[str, str]:
    """Audit annotations; the API server puts the webhook's name before each key."""
    rules = sorted({f"{finding.rule}/{finding.form}={finding.action}" for finding in findings})
    notes = {"decision": decision, "profile": profile}
    if rules:
        notes["rules"] = ",".join(rules)
    if revision:
        notes["policy-revision"] = revision
    return notes
