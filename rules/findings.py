"""Problems become findings: with the role they hang on, and with the policy's decision."""

from rules.checks import load_rule
from rules.embedding import View, fingerprint, show_outside
from rules.model import Action, Confidence, Finding, Identity, Problem, Rule
from rules.paths import Path
from rules.policy import Decision, Policy, decide, profile_in
from rules.policy.values import PROFILES
from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime

    from rules.roles import Judgement


_UNSURE = "who makes an object of this text, and how, is not known"


PROMOTIONS = tuple(profile for profile in PROFILES if profile != "observe")
"""What a namespace that observes may be promoted to, as ``Finding.would`` has them."""


class FindingMaker:
    """Makes findings under one policy. ``now`` is the day on which exceptions that end are judged,
    ``flag_profile`` the command line's profile."""

    __slots__ = ("_by_container", "_flag_profile", "_now", "_policy")

    def __init__(
        self, policy: Policy, now: "datetime.date | None", flag_profile: str | None
    ) -> None:
        self._policy = policy
        self._now = now
        self._flag_profile = flag_profile
        self._by_container = any(entry.container for entry in policy.exceptions)

    def make(self, rule: Rule, problem: Problem, view: View) -> Finding | None:
        """The finding on an object; None where the policy switches it off."""
        judgement = _judgement(problem, view)
        confidence = problem.confidence or _confidence(rule, problem, judgement)
        decision = self._decide_on(rule, problem, confidence, view)
        if decision.action is Action.OFF:
            return None
        promotions = PROMOTIONS if self._observes(view) else ()
        would = tuple(
            self._decide_on(rule, problem, confidence, view, profile).action
            for profile in promotions
        )
        mark = fingerprint(rule, problem, view)
        finding = _write(rule, problem, confidence, decision, view.identity, mark)
        role = str(judgement.role) if judgement else None
        return show_outside(finding, view)._replace(role=role, would=would)

    def make_own(
        self, code: str, path: Path, message: str, identity: Identity, mark: str
    ) -> Finding | None:
        """The finding of one of mlgate's own rules (``MLG...``) on what is no object, or could not
        be judged; None where the policy switches it off. ``mark`` is its fingerprint."""
        rule = load_rule(code)
        problem = Problem(rule.forms[0].name, path, message)
        decision = self._decide(rule, problem, Confidence.HIGH, identity)
        if decision.action is Action.OFF:
            return None
        return _write(rule, problem, Confidence.HIGH, decision, identity, mark)

    def _decide(
        self,
        rule: Rule,
        problem: Problem,
        confidence: Confidence,
        identity: Identity,
        view: View | None = None,
        promoted: str | None = None,
    ) -> Decision:
        return decide(
            self._policy,
            rule,
            rule.form(problem.form),
            confidence,
            identity=identity,
            labels=view.labels if view else {},
            namespace_labels=view.namespace_labels if view else None,
            now=self._now,
            flag_profile=self._flag_profile,
            promoted=promoted,
            container=_find_container(problem, view) if view and self._by_container else None,
        )

    def _decide_on(
        self,
        rule: Rule,
        problem: Problem,
        confidence: Confidence,
        view: View,
        promoted: str | None = None,
    ) -> Decision:
        """The decision on what was found in a view."""
        decision = self._decide(rule, problem, confidence, view.identity, view, promoted)
        return decision if view.scope.inner.assured else _weaken(decision, confidence)

    def _observes(self, view: View) -> bool:
        if self._flag_profile is not None:
            return False
        labels = view.namespace_labels
        return profile_in(self._policy, view.identity.namespace, labels) == "observe"


def _weaken(decision: Decision, confidence: Confidence) -> Decision:
    """What is left of a decision on a text that may never be an object as it stands: it denies
    nothing, and two doubts are one too many to warn."""
    if decision.action is Action.WARN and confidence is not Confidence.HIGH:
        return decision._replace(action=Action.AUDIT, note=_UNSURE)
    if decision.action is Action.DENY:
        return decision._replace(action=Action.WARN, note=_UNSURE)
    return decision


def _find_container(problem: Problem, view: View) -> str | None:
    """The name of the container in which a problem stands; None where it stands in none."""
    for pod in view.workload.pods:
        for container in pod.containers:
            if problem.path[: len(container.path)] == container.path:
                return container.name
    return None


def _judgement(problem: Problem, view: View) -> "Judgement | None":
    """The role that a problem hangs on: that of its pod template, or the object's."""
    workload = view.workload
    return workload.judgements_by_path.get(problem.role_path, workload.judgement)


def _confidence(rule: Rule, problem: Problem, judgement: "Judgement | None") -> Confidence:
    """That of the role, where the form hangs on one."""
    if judgement is None or not rule.form(problem.form).role_gated:
        return Confidence.HIGH
    return judgement.confidence


def _write(
    rule: Rule,
    problem: Problem,
    confidence: Confidence,
    decision: Decision,
    identity: Identity,
    mark: str,
) -> Finding:
    form = rule.form(problem.form)
    exception = decision.note if decision.action is Action.EXCEPTED else decision.expired
    said = f" ({exception})" if exception else ""
    return Finding(
        rule=rule.code,
        form=form.name,
        name=rule.name,
        severity=problem.severity or form.severity,
        action=decision.action,
        confidence=confidence,
        role=None,
        path=problem.path,
        object=identity,
        message=problem.message + said,
        fingerprint=mark,
        related=problem.related,
        fix=problem.fix,
        note=decision.note,
        degree=problem.degree,
        gpu_hours=problem.gpu_hours,
        expired=decision.expired,
    )
