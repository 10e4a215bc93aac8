"""What the other profiles would have done where ``observe`` holds."""

from collections.abc import Iterator

from rules.findings import PROMOTIONS
from rules.model import Action, Finding
from webhook.review.context import AdmissionCase
from webhook.review.owners import Standing
from webhook.review.ratchet import ratchet, warn_only


def foresee(
    case: AdmissionCase, findings: tuple[Finding, ...], standing: Standing
) -> Iterator[tuple[str, str]]:
    """Each profile above ``observe`` with what it would have come to: ``deny``, ``warn`` or
    ``allow``; nothing where another profile holds already."""
    for index, profile in enumerate(PROMOTIONS if case.profile == "observe" else ()):
        promoted = tuple(
            one._replace(action=one.would[index]) if one.would else one for one in findings
        )
        if standing is Standing.CAPPED:
            promoted = tuple(map(warn_only, promoted))
        elif case.request.operation == "UPDATE":
            promoted = ratchet(case, promoted).findings
        yield profile, _verdict({one.action for one in promoted})


def _verdict(actions: set[Action]) -> str:
    if Action.DENY in actions:
        return "deny"
    return "warn" if Action.WARN in actions else "allow"
