"""The request of an AdmissionReview: the parts that decide.

The API server's contract is ``admission.k8s.io/v1``, AdmissionRequest.
"""

from typing import Any, NamedTuple


class BadReview(ValueError):
    """The body is no AdmissionReview; ``status`` is the HTTP code to answer with."""

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.status = status


class Request(NamedTuple):
    """The parts of an AdmissionRequest that decide."""

    uid: str
    operation: str
    subresource: str
    namespace: str
    username: str
    body: Any
    old: Any


def read_request(review: Any) -> Request:
    """The request of an AdmissionReview. Raises ``BadReview``."""
    if not isinstance(review, dict):
        raise BadReview("the body is no JSON object; expected an AdmissionReview")
    found = f"{review.get('apiVersion')} {review.get('kind')}"
    if found != "admission.k8s.io/v1 AdmissionReview":
        raise BadReview(f"the body is {found[:80]!r}; expected admission.k8s.io/v1 AdmissionReview")
    request = review.get("request")
    if not isinstance(request, dict):
        raise BadReview("the AdmissionReview has no request")
    uid = request.get("uid")
    if not isinstance(uid, str) or not uid:
        raise BadReview("the request has no uid")
    body, old = request.get("object"), request.get("oldObject")
    if not isinstance(body, dict | None) or not isinstance(old, dict | None):
        raise BadReview("the request's object is no JSON object")
    user = request.get("userInfo")
    return Request(
        uid,
        _text(request.get("operation")),
        _text(request.get("subResource")),
        _text(request.get("namespace")),
        _text(user.get("username")) if isinstance(user, dict) else "",
        body,
        old,
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def name_object(body: dict[str, Any], request: Request) -> dict[str, Any]:
    """The object with the request's namespace, which its own metadata may lack."""
    metadata = body.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    if not request.namespace or metadata.get("namespace") == request.namespace:
        return body
    return {**body, "metadata": {**metadata, "namespace": request.namespace}}
