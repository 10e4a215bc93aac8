"""The ratchet: an update is denied only what it brings in.

Objects that were there before the policy must stay manageable: their owners, or a controller that
scales them, have not written what is wrong.
"""

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from rules.model import Action, Confidence, Finding, Severity
from rules.paths import named
from webhook.review.context import AdmissionCase
from webhook.review.mutation import read_defaulted, summarize_fix
from webhook.review.renaming import rename_containers

_SURENESS = {confidence: rank for rank, confidence in enumerate(Confidence)}
_MILDER = {severity: rank for rank, severity in enumerate(Severity)}


class Ratcheted(NamedTuple):
    """Findings of an update, and the rules that would deny if they had an answer for the old
    object."""

    findings: tuple[Finding, ...]
    unanswered: tuple[str, ...] = ()


def ratchet(case: AdmissionCase, findings: tuple[Finding, ...]) -> Ratcheted:
    """Findings of an update; those that the old object had, and no worse, are only warned of.

    So is a finding that comes up because a manifest without mlgate's additions takes them away.
    """
    request = case.request
    if request.old is None or not _deny(findings):
        return Ratcheted(findings)
    # Whoever may write the object may write the annotation that lists mlgate's additions, just as
    # one that ignores a rule: where ignores are forbidden, it counts for nothing.
    wary = case.engine.ignores == "forbid"
    added = frozenset() if wary else read_defaulted(request.old)
    findings = tuple(warn_only(one) if _is_undone(one, added) else one for one in findings)
    unsure: set[str] = set()
    for old in _states(request.old, request.body):
        denied = frozenset(one.rule for one in _deny(findings))
        if not denied:
            break
        # What other rules find in it changes nothing.
        evaluation = case.judge_by(denied, old)
        before = _by_mark(evaluation.findings, old)
        findings = tuple(
            warn_only(one) if _was_there(one, before, wary=wary) else one for one in findings
        )
        unsure.update(evaluation.unanswered)
    # Whether the rest is new, nobody knows of a rule without an answer: no denial by accident.
    unsure.intersection_update(one.rule for one in _deny(findings))
    spared = tuple(warn_only(one) if one.rule in unsure else one for one in findings)
    return Ratcheted(spared, tuple(sorted(unsure)))


def warn_only(finding: Finding) -> Finding:
    """The finding with a warning in place of a denial."""
    return finding._replace(action=Action.WARN) if finding.action is Action.DENY else finding


def _deny(findings: Collection[Finding]) -> list[Finding]:
    return [one for one in findings if one.action is Action.DENY]


def _states(old: dict[str, Any], new: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The old object, and if that is another one, with the names that its containers have now."""
    yield old
    renamed = rename_containers(old, new)
    if renamed is not old:
        yield renamed


def _by_mark(findings: Collection[Finding], body: dict[str, Any]) -> dict[str, Finding]:
    """Findings by each of their places: a rule that finds one an object tells the others along."""
    return {mark: one for one in findings for mark in _marks(one, body)}


def _marks(finding: Finding, body: dict[str, Any]) -> Iterator[str]:
    """A fingerprint for each place of a finding. They carry no list indexes, so that a reordered
    list brings in nothing new."""
    yield finding.fingerprint
    if finding.embedded is not None:
        return
    head = finding.fingerprint.removesuffix(named(body, finding.path))
    for place in finding.related:
        # Another object's place is no place of this one's: what is new there is none of its doing.
        if place.object is None:
            yield head + named(body, place.path)


def _was_there(finding: Finding, before: dict[str, Finding], *, wary: bool) -> bool:
    """Whether the old object had a finding, and no worse. ``wary``: nor any surer. What is doubtful
    is denied nothing: else whoever begins with a placeholder could write the work in later."""
    old = before.get(finding.fingerprint)
    if old is None or (wary and _SURENESS[finding.confidence] < _SURENESS[old.confidence]):
        return False
    return finding.degree <= old.degree and _MILDER[finding.severity] >= _MILDER[old.severity]


def _is_undone(finding: Finding, added: Collection[str]) -> bool:
    """Whether a finding comes up only because an addition of mlgate's is gone."""
    fix = finding.fix
    return fix is not None and fix.unwritten and summarize_fix(finding) in added
