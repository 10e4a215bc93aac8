"""The request of an AdmissionReview, read once: by it is decided, logged and counted.

The API server's contract is ``admission.k8s.io/v1``, AdmissionRequest.
"""

from typing import Any, NamedTuple

_OBJECT = (dict, type(None))


class BadReview(ValueError):
    """The body is no AdmissionReview; ``status`` is the HTTP code to answer with."""

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.status = status


class Request(NamedTuple):
    """An AdmissionRequest; text that is missing, or no text, is empty.

    ``group`` and ``kind`` are those that were asked for: they differ from the object's own where
    the API server converted it (``matchPolicy: Equivalent``).
    """

    uid: str
    operation: str
    subresource: str
    namespace: str
    name: str
    username: str
    group: str
    kind: str
    dry_run: bool
    body: Any
    old: Any


def read_request(review: Any) -> Request:
    """The request of an AdmissionReview. Raises ``BadReview``."""
    request = _open(review)
    uid = request.get("uid")
    if not isinstance(uid, str) or not uid:
        raise BadReview("the request has no uid")
    body, old = request.get("object"), request.get("oldObject")
    if not isinstance(body, _OBJECT) or not isinstance(old, _OBJECT):
        raise BadReview("the request's object is no JSON object")
    # Optional in the API type; without it nothing was converted.
    kind = _mapping(request, "requestKind") or _mapping(request, "kind")
    return Request(
        uid,
        operation=_text(request, "operation"),
        subresource=_text(request, "subResource"),
        namespace=_text(request, "namespace"),
        name=_text(request, "name"),
        username=_text(_mapping(request, "userInfo"), "username"),
        group=_text(kind, "group"),
        kind=_text(kind, "kind"),
        dry_run=request.get("dryRun") is True,
        body=body,
        old=old,
    )


def _open(review: Any) -> dict[str, Any]:
    """The request in an AdmissionReview of the one version that is understood."""
    if not isinstance(review, dict):
        raise BadReview("the body is no JSON object; expected an AdmissionReview")
    found = f"{review.get('apiVersion', '')} {review.get('kind', '')}".strip()
    if found != "admission.k8s.io/v1 AdmissionReview":
        found = f"'{found[:80]}'" if found else "without apiVersion and kind"
        raise BadReview(f"the body is {found}; expected admission.k8s.io/v1 AdmissionReview")
    request = review.get("request")
    if not isinstance(request, dict):
        raise BadReview("the AdmissionReview has no request")
    return request


def _mapping(holder: dict[str, Any], key: str) -> dict[str, Any]:
    found = holder.get(key)
    return found if isinstance(found, dict) else {}


def _text(holder: dict[str, Any], key: str) -> str:
    found = holder.get(key)
    return found if isinstance(found, str) else ""


def with_namespace(body: dict[str, Any], request: Request) -> dict[str, Any]:
    """The object with the request's namespace, which its own metadata may lack."""
    metadata = _mapping(body, "metadata")
    if not request.namespace or metadata.get("namespace") == request.namespace:
        return body
    return {**body, "metadata": {**metadata, "namespace": request.namespace}}
