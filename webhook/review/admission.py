"""AdmissionReview in, AdmissionReview out: a pure function of the request and what is known.

The API server's contract is ``admission.k8s.io/v1``; the promises kept here are listed, by
number, in docs/webhook-promises.md. A finding denies only in ``validate``; ``mutate`` only adds
what nobody wrote.
"""

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from rules.checks import BY_CODE
from rules.evaluation import Evaluation
from rules.kinds.children import find_revision_template
from rules.manifest import Manifest
from rules.model import Action, Finding
from rules.paths import dig
from webhook.review.answer import allow_review, audit_annotations, deny_review
from webhook.review.context import AdmissionCase, OwnerReference, ReviewContext, open_case
from webhook.review.denial import denial_message, describe_way_out
from webhook.review.foresight import foresee
from webhook.review.lenience import relent
from webhook.review.mutation import Mutation, plan_mutation
from webhook.review.namespaces import is_namespace, profile_label_warnings
from webhook.review.owners import Parentage, Standing, find_sought_owner, weigh_owner
from webhook.review.ratchet import ratchet, warn_only
from webhook.review.request import Request, read_request
from webhook.review.size_limit import MAX_PARTS, is_oversized
from webhook.review.skipping import EXEMPT_REASON, JUDGED_OPERATIONS, skip_reason
from webhook.review.steps import take_step
from webhook.review.warnings import patch_warnings, rule_warnings

NO_TIME = "no time was left"
"""What is said of a rule that was not begun."""


class ReviewOutcome(NamedTuple):
    """The answer, and what logs and metrics say of it.

    ``passed`` says why nothing was judged. ``errors`` are rules that crashed or for which no time
    was left; ``patched`` are the rules whose fix is in the patch; ``dropped`` that the check of
    the patch failed. ``undecided``: nothing denies, but a rule without an answer could have.
    ``ignored`` are the findings that an annotation took away or weakened, as ``CODE/form``;
    ``waiver`` is ``exempt`` or ``owner`` where the namespace or an owner let the object pass, and
    ``break-glass`` or ``rollback`` where one of those took a denial away.
    ``would`` has each profile above ``observe``, where that holds, with what it would have done.
    ``postponed``: nobody had time for it, and the client is to try again.
    ``sought`` is an owner of which nothing is known: with it something else may be decided.
    """

    request: Request
    body: dict[str, Any]
    allowed: bool
    passed: str | None = None
    findings: tuple[Finding, ...] = ()
    errors: tuple[str, ...] = ()
    patched: tuple[str, ...] = ()
    dropped: bool = False
    undecided: bool = False
    profile: str = ""
    ignored: tuple[str, ...] = ()
    waiver: str = ""
    would: tuple[tuple[str, str], ...] = ()
    postponed: bool = False
    sought: OwnerReference | None = None


def validate(review: Any, context: ReviewContext) -> ReviewOutcome:
    """The decision on a request: denied with every failing rule, or allowed with warnings.
    Raises ``BadReview``."""
    case = open_case(read_request(review), context)
    outcome = _validate(case)
    return outcome if outcome.allowed and not outcome.undecided else _seek(case, outcome)


def _validate(case: AdmissionCase) -> ReviewOutcome:
    reason = skip_reason(case)
    if reason is not None:
        waiver = "exempt" if reason == EXEMPT_REASON else ""
        return _pass(case, reason, _label_warnings(case), waiver)
    parentage = weigh_owner(case)
    if parentage.standing is Standing.PASSES:
        return _pass(case, parentage.reason, waiver="owner")
    known = case.recall(case.request.body)
    if known is None and is_oversized(case, case.request.body):
        return _judge_oversized(case, parentage)
    evaluation = _judge(case, known)
    findings, would = evaluation.findings, foresee(case, evaluation.findings, parentage.standing)
    if parentage.standing is Standing.CAPPED:
        outcome = _decide(case, tuple(map(warn_only, findings)), evaluation, parentage.advice)
        return _tell_foresight(outcome, tuple(would))
    if case.request.operation == "UPDATE":
        findings, unknown = ratchet(case, findings)
        evaluation = evaluation._replace(unfinished=(*evaluation.unfinished, *unknown))
    findings, waiver = relent(case, findings)
    undecided = case.may_deny(evaluation.unanswered)
    outcome = _decide(case, findings, evaluation, parentage.advice, undecided=undecided)
    return _tell_foresight(_tell_waiver(outcome, waiver), tuple(would))


def _judge(case: AdmissionCase, known: Evaluation | None) -> Evaluation:
    """The findings on the request's object, where ``known`` are those of all rules. What may stand
    there by default is told in the light of the object before: who changed it, wrote it."""
    evaluation = case.judge(case.request.body) if known is None else known
    old = case.request.old
    if old is None or not any(
        _is_changed(one, case.request.body, old) for one in evaluation.findings
    ):
        return evaluation
    told = case.judge(case.request.body, old)
    # Words are not worth the time of a decision.
    return evaluation if told.unanswered else told


def _is_changed(finding: Finding, body: dict[str, Any], old: dict[str, Any]) -> bool:
    """Whether a default may have taken the place of what stood where a finding's fix writes."""
    fix = finding.fix
    return fix is not None and any(
        fix.unwritten and dig(body, edit.path) != dig(old, edit.path) for edit in fix.edits
    )


def mutate(review: Any, context: ReviewContext) -> ReviewOutcome:
    """A patch of the safe fixes at places where nobody wrote anything, on CREATE only.
    Raises ``BadReview``."""
    case = open_case(read_request(review), context)
    reason = skip_reason(case)
    # On an update, what is absent may have been taken away on purpose; and some templates, a
    # Job's among them, cannot be changed any more (kubernetes/kubernetes#48388).
    if reason is None and case.request.operation != "CREATE":
        reason = "only new objects are changed"
    if reason is None:
        reason = _why_not_mended(case)
    if reason is not None:
        return _pass(case, reason)
    # kubectl, Argo CD and Flux merge custom resources as JSON (RFC 7396): an unchanged manifest
    # that is applied again puts its lists back whole, without what was added in them.
    kind = case.engine.kind_of(Manifest(case.request.body))
    within_lists = kind is not None and kind.built_in
    body, policy = case.request.body, case.context.policy
    plan = take_step(
        context.steps, "patch", plan_mutation, body, case.judge, policy, within_lists=within_lists
    )
    return _seek(case, _patch(case, plan)) if plan.patch else _patch(case, plan)


def _seek(case: AdmissionCase, outcome: ReviewOutcome) -> ReviewOutcome:
    return outcome._replace(sought=find_sought_owner(case))


def _why_not_mended(case: AdmissionCase) -> str | None:
    """Why an object that is judged is left as it is."""
    kind, parentage = case.engine.kind_of(Manifest(case.request.body)), weigh_owner(case)
    if parentage.standing is Standing.CAPPED:
        return "it has an owner, which is changed in its place"
    if parentage.reason:
        return parentage.reason
    if kind is not None and find_revision_template(kind) is not None:
        return "it is what its owner was"
    known = case.recall(case.request.body)
    too_large = known is None and is_oversized(case, case.request.body)
    return "it is too large to be mended" if too_large else None


ENDPOINTS: dict[str, Callable[[Any, ReviewContext], ReviewOutcome]] = {
    "validate": validate,
    "mutate": mutate,
}
"""The path of each endpoint, without its slash."""


def _pass(
    case: AdmissionCase, reason: str, warnings: Sequence[str] = (), waiver: str = ""
) -> ReviewOutcome:
    notes = {"decision": "pass", "reason": reason} if waiver else None
    answer = allow_review(case.request.uid, warnings, notes)
    return ReviewOutcome(case.request, answer, allowed=True, passed=reason, waiver=waiver)


def _find_ignored(evaluation: Evaluation) -> tuple[str, ...]:
    """The findings that annotations took away, or took the denial."""
    gone = {f"{one.rule}/{one.form}" for one in evaluation.suppressed}
    weakened = {f"{one.rule}/{one.form}" for one in evaluation.findings if one.ignored}
    return tuple(sorted(gone | weakened))


def _label_warnings(case: AdmissionCase) -> list[str]:
    """The warnings about the labels of a Namespace."""
    request = case.request
    if request.operation not in JUDGED_OPERATIONS or request.subresource:
        return []
    if not is_namespace(request.body):
        return []
    return profile_label_warnings(request.body, request.old, case.context.policy)


def _judge_oversized(case: AdmissionCase, parentage: Parentage) -> ReviewOutcome:
    """An object too large to be judged: refused where it could be denied, unless it was there."""
    text = f"the object is too large to be judged: more than {MAX_PARTS} pods and containers"
    own = parentage.standing is Standing.JUDGED
    new = own and not is_oversized(case, case.request.old)
    if not (new and case.may_deny(BY_CODE)):
        return _pass(case, text, [f"mlgate: {text}"])
    notes = audit_annotations("deny", (), case.profile, case.context.revision)
    way_out = describe_way_out(case.context.policy, case.profile, ())
    answer = deny_review(case.request.uid, f"{text}; split it\n{way_out}", (), notes)
    return ReviewOutcome(case.request, answer, allowed=False, passed=text, profile=case.profile)


def _decide(
    case: AdmissionCase,
    findings: tuple[Finding, ...],
    evaluation: Evaluation,
    advice: str,
    *,
    undecided: bool = False,
) -> ReviewOutcome:
    uid = case.request.uid
    denied = [finding for finding in findings if finding.action is Action.DENY]
    warned = [finding for finding in findings if finding.action is Action.WARN]
    verdict = "deny" if denied else "allow"
    ignored = _find_ignored(evaluation)
    notes = audit_annotations(verdict, findings, case.profile, case.context.revision)
    if ignored:
        notes["ignored"] = ",".join(ignored)
    warnings = rule_warnings(
        warned, case.request.body, evaluation.unfinished, advice if warned else ""
    )
    answer = (
        deny_review(uid, denial_message(case, denied, advice), warnings, notes)
        if denied
        else allow_review(uid, warnings, notes)
    )
    return ReviewOutcome(
        case.request,
        answer,
        allowed=not denied,
        findings=findings,
        errors=_errors(findings, evaluation),
        undecided=undecided and not denied,
        profile=case.profile,
        ignored=ignored,
    )


def _tell_waiver(outcome: ReviewOutcome, waiver: str) -> ReviewOutcome:
    """The outcome with what took denials away, also in its audit annotations."""
    if not waiver:
        return outcome
    outcome.body["response"].setdefault("auditAnnotations", {})["waiver"] = waiver
    return outcome._replace(waiver=waiver)


def _tell_foresight(outcome: ReviewOutcome, would: tuple[tuple[str, str], ...]) -> ReviewOutcome:
    """The outcome with what other profiles would have done, also in its audit annotations."""
    if not would:
        return outcome
    notes = outcome.body["response"].setdefault("auditAnnotations", {})
    notes["would"] = ",".join(map("=".join, would))
    return outcome._replace(would=would)


def _patch(case: AdmissionCase, mutation: Mutation) -> ReviewOutcome:
    findings = mutation.evaluation.findings
    return ReviewOutcome(
        case.request,
        _patch_answer(case, mutation),
        allowed=True,
        findings=findings,
        errors=_errors(findings, mutation.evaluation),
        patched=tuple(dict.fromkeys(finding.rule for finding in mutation.fixed)),
        dropped=mutation.dropped,
        profile=case.profile,
    )


def _patch_answer(case: AdmissionCase, mutation: Mutation) -> dict[str, Any]:
    if not mutation.patch:
        return allow_review(case.request.uid)
    notes = audit_annotations("patch", mutation.fixed, case.profile, case.context.revision)
    # Whoever is refused has to write a manifest anew: nothing was added to anything then.
    denied = any(one.action is Action.DENY for one in mutation.final.findings)
    warnings = () if denied else patch_warnings(mutation.fixed, case.request.body)
    answer = allow_review(case.request.uid, warnings, notes)
    patch = json.dumps(mutation.patch, separators=(",", ":")).encode()
    answer["response"]["patchType"] = "JSONPatch"
    answer["response"]["patch"] = base64.b64encode(patch).decode()
    return answer


def _errors(findings: tuple[Finding, ...], evaluation: Evaluation) -> tuple[str, ...]:
    """Rules without an answer: MLG005 is the finding that stands for a crashed rule."""
    crashed = tuple(finding.message for finding in findings if finding.rule == "MLG005")
    return (*crashed, *(f"{code}: {NO_TIME}" for code in evaluation.unfinished))
