"""What logs and metrics say of a request: who, what, where; never what stands in the object."""

from typing import Any, NamedTuple

from webhook.review.admission import Outcome

_LONGEST = 253
"""The longest name in Kubernetes; what is longer is cut."""


class Record(NamedTuple):
    """A request as it is reported: the kind that was asked for, which differs from the judged one
    where the API server converted it (``matchPolicy: Equivalent``)."""

    endpoint: str
    uid: str = ""
    operation: str = ""
    group: str = ""
    kind: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    user: str = ""
    dry_run: bool = False


def read_record(endpoint: str, review: Any) -> Record:
    """The record of a review that was answered; whatever is no text there is left out."""
    request = _mapping(review, "request")
    kind = _mapping(request, "requestKind") or _mapping(request, "kind")
    return Record(
        endpoint,
        uid=_text(request, "uid"),
        operation=_text(request, "operation"),
        group=_text(kind, "group"),
        kind=_text(kind, "kind"),
        subresource=_text(request, "subResource"),
        namespace=_text(request, "namespace"),
        name=_name(request),
        user=_text(_mapping(request, "userInfo"), "username"),
        dry_run=request.get("dryRun") is True,
    )


def _name(request: dict[str, Any]) -> str:
    """The name, or ``generateName*``: the API server makes it up after admission."""
    name = _text(request, "name")
    if name:
        return name
    metadata = _mapping(_mapping(request, "object"), "metadata")
    generated = _text(metadata, "generateName")
    return _text(metadata, "name") or (f"{generated}*" if generated else "")


def _mapping(holder: Any, key: str) -> dict[str, Any]:
    found = holder.get(key) if isinstance(holder, dict) else None
    return found if isinstance(found, dict) else {}


def _text(holder: dict[str, Any], key: str) -> str:
    """A text without control characters, which could otherwise write to whoever reads the log."""
    found = holder.get(key)
    if not isinstance(found, str):
        return ""
    found = found[:_LONGEST]
    if found.isprintable():
        return found
    return "".join(char if char.isprintable() else " " for char in found)


def decision(outcome: Outcome) -> str:
    """``deny``, ``patch``, ``allow``, or ``pass`` for what was not judged."""
    if not outcome.allowed:
        return "deny"
    if outcome.passed is not None:
        return "pass"
    return "patch" if outcome.patched else "allow"
