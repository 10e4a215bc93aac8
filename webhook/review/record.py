"""What logs and metrics say of a request: who, what, where; never what stands in the object."""

from typing import NamedTuple

from rules.manifest import Manifest
from webhook.review.admission import ReviewOutcome
from webhook.review.printing import printable
from webhook.review.request import Request

_MAX_LENGTH = 253
"""The longest name in Kubernetes; what is longer is cut."""


class ReviewRecord(NamedTuple):
    """A request as it is reported, in text that is safe to print. ``client`` is ``unknown`` where
    it may be anybody's."""

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
    client: str = ""


def make_record(endpoint: str, request: Request) -> ReviewRecord:
    """The record of a request that ``endpoint`` answered."""
    return ReviewRecord(
        endpoint,
        uid=_clean(request.uid),
        operation=_clean(request.operation),
        group=_clean(request.group),
        kind=_clean(request.kind),
        subresource=_clean(request.subresource),
        namespace=_clean(request.namespace),
        name=_clean(_name(request)),
        user=_clean(request.username),
        dry_run=request.dry_run,
    )


def _name(request: Request) -> str:
    """The name, or ``generateName*``: the API server generates it after admission."""
    if request.name:
        return request.name
    metadata = Manifest(request.body or {}).mapping("metadata")
    name, prefix = metadata.get("name"), metadata.get("generateName")
    if isinstance(name, str) and name:
        return name
    return f"{prefix}*" if isinstance(prefix, str) and prefix else ""


def _clean(text: str) -> str:
    return printable(text[:_MAX_LENGTH])


def decision(outcome: ReviewOutcome) -> str:
    """``deny``, ``postpone``, ``patch``, ``allow``, ``undecided``, or ``pass`` for what was not
    judged."""
    if outcome.undecided:
        return "undecided"
    if outcome.postponed:
        return "postpone"
    if not outcome.allowed:
        return "deny"
    if outcome.passed is not None:
        return "pass"
    return "patch" if outcome.patched else "allow"
