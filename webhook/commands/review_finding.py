"""A finding of a review as JSON, with the keys and the shapes that ``mlgate lint`` gives one
(docs/json.md), but for places in files: an object at admission has none."""

from typing import Any

from rules.model import Edit, Embedded, Finding, Fix, Identity, Related, Set
from rules.paths import pointer
from rules.stakes import export_hours
from webhook.review.denial import rule_url


def export_finding(finding: Finding, endpoint: str) -> dict[str, Any]:
    """A finding; with what the ratchet knows it by, where something is held against an old object:
    ``/mutate`` compares nothing."""
    return {
        "rule": finding.rule,
        "form": finding.form,
        "name": finding.name,
        "severity": finding.severity,
        "action": finding.action,
        "confidence": finding.confidence,
        "role": str(finding.role) if finding.role else None,
        "path": pointer(finding.path),
        "object": _export_identity(finding.object),
        "embedded": _export_embedded(finding.embedded),
        "message": finding.message,
        "gpu_hours": export_hours(finding.gpu_hours),
        "related": [_export_related(one) for one in finding.related],
        "fix": _export_fix(finding.fix),
        "fingerprint": finding.fingerprint if endpoint == "validate" else None,
        "url": rule_url(finding.rule),
        "note": finding.note,
    }


def _export_identity(identity: Identity) -> dict[str, str | None]:
    return {
        "apiVersion": identity.api_version or None,
        "kind": identity.kind or None,
        "namespace": identity.namespace,
        "name": identity.name,
    }


def _export_embedded(embedded: Embedded | None) -> dict[str, str | None] | None:
    if embedded is None:
        return None
    names = {"apiVersion": embedded.api_version, "kind": embedded.kind, "name": embedded.name}
    return {**names, "path": pointer(embedded.path)}


def _export_related(related: Related) -> dict[str, Any]:
    other = related.object
    told: dict[str, Any] = {"path": pointer(related.path), "message": related.message}
    if other is not None:
        names = {"kind": other.kind, "namespace": other.namespace or None, "name": other.name}
        told["object"] = {"apiVersion": None, **names}
    return told


def _export_fix(fix: Fix | None) -> dict[str, Any] | None:
    if fix is None:
        return None
    safety = "safe" if fix.safe else "unsafe"
    return {"title": fix.title, "safety": safety, "edits": list(map(_export_edit, fix.edits))}


def _export_edit(edit: Edit) -> dict[str, Any]:
    path = pointer(edit.path)
    if isinstance(edit, Set):
        return {"op": "set", "path": path, "value": edit.value}
    return {"op": "remove", "path": path}
