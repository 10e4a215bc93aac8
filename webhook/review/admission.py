"""AdmissionReview in, AdmissionReview out: a pure function of the request and what is known.

The API server's contract is ``admission.k8s.io/v1``; the promises kept here are listed, by
number, in docs/webhook-promises.md. A finding denies only in ``validate``; ``mutate`` only adds
what nobody wrote.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from rules.engine import Engine, Evaluation
from rules.inventory import Inventory
from rules.kinds.lookups import Answer
from rules.kinds.schema import Kind
from rules.manifest import LAST_APPLIED, Manifest
from rules.model import Action, Finding
from rules.paths import shorten
from rules.policy import ignores_in, is_exempt, profile_in
from webhook.review import mutation
from webhook.review.answer import allow, audit, deny, describe_patch, plain, warn
from webhook.review.changes import is_only_metadata
from webhook.review.finding_cache import Memory, Witness
from webhook.review.mutation import Mutation, mend
from webhook.review.namespaces import advise, is_namespace
from webhook.review.owners import trusts_owner
from webhook.review.request import Request, name_object, read_request

if TYPE_CHECKING:
    import datetime

    from rules.policy import Policy

JUDGED = ("CREATE", "UPDATE")
SUBRESOURCES = ("", "ephemeralcontainers")
"""The subresources that a rule reads; every other passes unjudged."""


def _unknown_owner(_uid: str) -> Answer:
    return Answer.UNKNOWN


def _no_labels(_namespace: str) -> None:
    return None


class Surroundings(NamedTuple):
    """What is known besides the request.

    ``namespace_labels`` gives a Namespace's labels, None where they are not known; ``owner`` says
    whether an object of that UID exists; ``expired`` whether the time for this review is up.
    ``revision`` names the policy in audit annotations. ``memory`` spares judging an object twice.
    """

    policy: Policy
    inventory: Inventory
    now: datetime.date
    revision: str = ""
    namespace_labels: Callable[[str], Mapping[str, str] | None] = _no_labels
    owner: Callable[[str], Answer] = _unknown_owner
    expired: Callable[[], bool] | None = None
    memory: Memory | None = None


class Outcome(NamedTuple):
    """The answer, and what logs and metrics say of it.

    ``passed`` says why nothing was judged. ``errors`` are rules that crashed or for which no time
    was left; ``patched`` are the rules whose fix is in the patch; ``dropped`` that our own check
    of the patch failed.
    """

    body: dict[str, Any]
    allowed: bool
    passed: str | None = None
    findings: tuple[Finding, ...] = ()
    errors: tuple[str, ...] = ()
    patched: tuple[str, ...] = ()
    dropped: bool = False
    profile: str = ""


def validate(review: Any, known: Surroundings) -> Outcome:
    """The decision on a request: denied with every failing rule, or allowed with warnings."""
    request = read_request(review)
    engine = _engine(request, known)
    passed = _passes(request, engine, known)
    if passed is not None:
        return _pass(request, passed, _advise(request, known))
    evaluation = _judge(request.body, request, engine, known)
    findings = evaluation.findings
    if _doubtful(request, engine, known):
        findings = tuple(_capped(finding) for finding in findings)
    if request.operation == "UPDATE":
        findings = _ratchet(findings, request, engine, known)
    return _decide(request, findings, evaluation, known)


def mutate(review: Any, known: Surroundings) -> Outcome:
    """A patch of the safe fixes at places where nobody wrote anything, on CREATE only."""
    request = read_request(review)
    engine = _engine(request, known)
    passed = _passes(request, engine, known)
    if passed is None and request.operation != "CREATE":
        passed = "only new objects are changed"
    if passed is None and _doubtful(request, engine, known):
        passed = "it has an owner, which is changed in its place"
    if passed is not None:
        return _pass(request, passed)
    mended = mend(request.body, lambda body: _judge(body, request, engine, known))
    return _patch(request, mended, known)


def _engine(request: Request, known: Surroundings) -> Engine:
    inventory = Witness(known.inventory.at(request.namespace))
    ignores = ignores_in(known.policy, request.namespace, _labels(request, known))
    return Engine(known.policy, inventory, known.now, ignores=ignores, expired=known.expired)


def _labels(request: Request, known: Surroundings) -> Mapping[str, str] | None:
    return known.namespace_labels(request.namespace)


def _passes(request: Request, engine: Engine, known: Surroundings) -> str | None:
    """Why a request passes unjudged; None where it is to be judged."""
    if request.operation not in JUDGED or request.body is None:
        return f"operation {plain(shorten(request.operation))}"
    if request.subresource not in SUBRESOURCES:
        return f"subresource {plain(shorten(request.subresource))}"
    return _passes_as_object(request, engine, known)


def _passes_as_object(request: Request, engine: Engine, known: Surroundings) -> str | None:
    manifest = Manifest(request.body)
    if manifest.mapping("metadata").get("deletionTimestamp") is not None:
        return "the object is being deleted"
    if request.operation == "UPDATE" and is_only_metadata(request.body, request.old):
        return "only metadata changed"
    if is_exempt(known.policy, request.namespace):
        return "the namespace is exempt"
    kind = engine.kind_of(manifest)
    if kind is None:
        return "no rule knows the kind"
    return _passes_as_kind(request, manifest, kind, engine, known)


def _passes_as_kind(
    request: Request, manifest: Manifest, kind: Kind, engine: Engine, known: Surroundings
) -> str | None:
    if request.operation == "UPDATE" and kind.immutable:
        return "the template cannot change any more"
    owner = engine.owner_of(manifest)
    if owner is None:
        return None
    if trusts_owner(request.username, known.policy.controllers):
        return "its owner was judged, and a controller made it"
    if known.owner(str(owner.get("uid"))) is Answer.FOUND:
        return "its owner was judged"
    return None


def _doubtful(request: Request, engine: Engine, known: Surroundings) -> bool:
    """Whether the object names an owner of which nothing is known: it is never denied then."""
    owner = engine.owner_of(Manifest(request.body))
    return owner is not None and known.owner(str(owner.get("uid"))) is Answer.UNKNOWN


def _judge(
    body: dict[str, Any], request: Request, engine: Engine, known: Surroundings
) -> Evaluation:
    labels = _labels(request, known)

    def evaluate() -> Evaluation:
        return engine.evaluate(_admit(name_object(body, request)), namespace_labels=labels)

    if known.memory is None or not isinstance(engine.inventory, Witness):
        return evaluate()
    place = request.namespace, None if labels is None else frozenset(labels.items())
    given = (known.policy, known.now, *place)
    return known.memory.recall(body, given, engine.inventory, evaluate)


def _ratchet(
    findings: tuple[Finding, ...], request: Request, engine: Engine, known: Surroundings
) -> tuple[Finding, ...]:
    """An update is denied only what it brings in: what the old object had is warned of, and so is
    what we had added there and a manifest without it takes away again."""
    if request.old is None or not any(one.action is Action.DENY for one in findings):
        return findings
    old = _judge(request.old, request, engine, known)
    had = {finding.fingerprint for finding in old.findings}
    # Anyone who may write the object may write the annotation, as one that ignores a rule.
    added = frozenset() if engine.ignores == "forbid" else mutation.read_record(request.old)
    return tuple(
        _capped(one) if one.fingerprint in had or _is_undone(one, added) else one
        for one in findings
    )


def _is_undone(finding: Finding, added: Collection[str]) -> bool:
    """Whether a finding is there because an addition of ours is not, and nobody wrote otherwise."""
    fix = finding.fix
    return fix is not None and fix.unwritten and mutation.describe(finding) in added


def _capped(finding: Finding) -> Finding:
    return finding._replace(action=Action.WARN) if finding.action is Action.DENY else finding


def _admit(body: dict[str, Any]) -> Manifest:
    applied = Manifest(body).mapping("metadata", "annotations").get(LAST_APPLIED)
    last_applied = applied if isinstance(applied, str) else None
    return Manifest(body, admitted=True, last_applied=last_applied)


def _pass(request: Request, reason: str, warnings: Sequence[str] = ()) -> Outcome:
    return Outcome(allow(request.uid, warnings), allowed=True, passed=reason)


def _advise(request: Request, known: Surroundings) -> list[str]:
    """What to say to whoever labels a Namespace."""
    body = request.body
    labels = request.operation in JUDGED and not request.subresource and is_namespace(body)
    return advise(body, request.old, known.policy) if labels else []


def _decide(
    request: Request, findings: tuple[Finding, ...], evaluation: Evaluation, known: Surroundings
) -> Outcome:
    denied = [finding for finding in findings if finding.action is Action.DENY]
    warned = [finding for finding in findings if finding.action is Action.WARN]
    profile = profile_in(known.policy, request.namespace, _labels(request, known))
    notes = audit("deny" if denied else "allow", findings, profile, known.revision)
    warnings = warn(warned, evaluation.unfinished)
    body = (
        deny(request.uid, denied, warnings, notes)
        if denied
        else allow(request.uid, warnings, notes)
    )
    return Outcome(
        body,
        allowed=not denied,
        findings=findings,
        errors=_errors(findings, evaluation),
        profile=profile,
    )


def _patch(request: Request, mended: Mutation, known: Surroundings) -> Outcome:
    profile = profile_in(known.policy, request.namespace, _labels(request, known))
    errors = _errors(mended.evaluation.findings, mended.evaluation)
    answer = allow(request.uid)
    if mended.patch:
        notes = audit("patch", mended.fixed, profile, known.revision)
        answer = allow(request.uid, describe_patch(mended.fixed), notes)
        answer["response"]["patchType"] = "JSONPatch"
        answer["response"]["patch"] = base64.b64encode(
            json.dumps(mended.patch, separators=(",", ":")).encode()
        ).decode()
    return Outcome(
        answer,
        allowed=True,
        findings=mended.evaluation.findings,
        errors=errors,
        patched=tuple(dict.fromkeys(finding.rule for finding in mended.fixed)),
        dropped=mended.dropped,
        profile=profile,
    )


def _errors(findings: tuple[Finding, ...], evaluation: Evaluation) -> tuple[str, ...]:
    crashed = tuple(finding.message for finding in findings if finding.rule == "MLG005")
    return (*crashed, *(f"{code}: no time was left" for code in evaluation.unfinished))
