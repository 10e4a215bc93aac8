"""The ratchet: an update is denied only what it brings in.

Objects that were there before the policy must stay manageable: their owners, or a controller that
scales them, have not written what is wrong.
"""

from collections.abc import Collection
from typing import NamedTuple

from rules.model import Action, Finding
from webhook.review.context import AdmissionCase
from webhook.review.mutation import read_defaulted, summarize_fix


class Ratcheted(NamedTuple):
    """Findings of an update, and the rules that would deny if they had an answer for the old
    object."""

    findings: tuple[Finding, ...]
    unanswered: tuple[str, ...] = ()


def ratchet(case: AdmissionCase, findings: tuple[Finding, ...]) -> Ratcheted:
    """Findings of an update; those that the old object had are only warned of.

    So is a finding that comes up because a manifest without our additions takes them away again.
    """
    request = case.request
    if request.old is None or not any(one.action is Action.DENY for one in findings):
        return Ratcheted(findings)
    # Fingerprints carry no list indexes, so that a reordered list brings in nothing new.
    evaluation = case.judge(request.old)
    before = {finding.fingerprint for finding in evaluation.findings}
    # Whoever may write the object may write the annotation that lists our additions, just as one
    # that ignores a rule: where ignores are forbidden, it counts for nothing.
    added = frozenset() if case.engine.ignores == "forbid" else read_defaulted(request.old)
    ratcheted = tuple(
        warn_only(one) if one.fingerprint in before or _is_undone(one, added) else one
        for one in findings
    )
    denied = {one.rule for one in ratcheted if one.action is Action.DENY}
    unsure = denied.intersection(evaluation.unanswered)
    # Whether they are new, nobody knows: no denial by accident.
    spared = tuple(warn_only(one) if one.rule in unsure else one for one in ratcheted)
    return Ratcheted(spared, tuple(sorted(unsure)))


def warn_only(finding: Finding) -> Finding:
    """The finding, which denies nothing any more."""
    return finding._replace(action=Action.WARN) if finding.action is Action.DENY else finding


def _is_undone(finding: Finding, added: Collection[str]) -> bool:
    """Whether a finding comes up only because an addition of ours is gone."""
    fix = finding.fix
    return fix is not None and fix.unwritten and summarize_fix(finding) in added
