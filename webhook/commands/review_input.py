"""What ``mlgate review`` replays: a recorded AdmissionReview, or manifests as kubectl would send
them."""

import json
from collections.abc import Iterator
from typing import Any

from rules.manifest import LAST_APPLIED
from rules.paths import dig
from rules.reader import Document, ReadError, decode, read
from webhook.review.decoding import decode_body
from webhook.review.request import BadReview

_REVIEW = "AdmissionReview"
_EXPECTED = "expected a manifest (YAML or JSON) or an AdmissionReview"
_USER = "anybody"
_UID = "00000000-0000-0000-0000-000000000000"


def read_reviews(raw: bytes, namespace: str) -> list[Any]:
    """The reviews in a file's bytes, in order: each object of a manifest is one of its creation, in
    ``namespace`` where it names none. Raises BadReview."""
    if not raw.strip():
        raise BadReview(f"nothing stands in it; {_EXPECTED}")
    if raw.lstrip().startswith(b"{") and _REVIEW.encode() in raw:
        # As the server reads it, lenient as the API server.
        return [decode_body(raw)]
    found = [one for body in _read_bodies(raw) for one in _make_reviews(body, namespace)]
    if not found:
        raise BadReview(f"comments alone stand in it; {_EXPECTED}")
    return found


def _read_bodies(raw: bytes) -> Iterator[Any]:
    try:
        documents = list(read(decode(raw)))
    except ReadError as error:
        raise BadReview(f"{error}; {_EXPECTED}") from None
    for document in documents:
        if not isinstance(document, Document):
            place = f"line {document.line}, column {document.column}"
            raise BadReview(f"{place}: {document.reason}; {_EXPECTED}")
        if document.value is not None:
            yield document.value


def _make_reviews(body: Any, namespace: str) -> Iterator[Any]:
    """The reviews of a document's objects, those in a List too."""
    kind, version = dig(body, ("kind",)), dig(body, ("apiVersion",))
    if not isinstance(kind, str) or not isinstance(version, str):
        raise BadReview(f"no Kubernetes object: apiVersion and kind are missing; {_EXPECTED}")
    items = dig(body, ("items",))
    if kind == _REVIEW:
        yield body
    elif kind.endswith("List") and isinstance(items, list):
        for item in items:
            yield from _make_reviews(item, namespace)
    else:
        yield wrap_object(body, namespace)


def wrap_object(body: dict[str, Any], namespace: str = "") -> dict[str, Any]:
    """The AdmissionReview of the object's creation by ``kubectl apply``, which leaves word of what
    was written; defaults of the API server are not filled in."""
    group, _, version = body["apiVersion"].rpartition("/")
    written = json.dumps(body, separators=(",", ":"))
    metadata = _mapping(body.get("metadata"))
    annotations = {**_mapping(metadata.get("annotations")), LAST_APPLIED: written}
    applied = {**body, "metadata": {**metadata, "annotations": annotations}}
    request = {
        "uid": _UID,
        "kind": {"group": group, "version": version, "kind": body["kind"]},
        "name": metadata.get("name") or "",
        "namespace": metadata.get("namespace") or namespace,
        "operation": "CREATE",
        "userInfo": {"username": _USER},
        # What is wrong with metadata that are no mapping is for the rules to say.
        "object": applied if metadata else body,
        "oldObject": None,
    }
    return {"apiVersion": "admission.k8s.io/v1", "kind": _REVIEW, "request": request}


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
