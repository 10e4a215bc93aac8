"""The safe fixes of an object as one checked JSON Patch."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from rules.annotations import DEFAULTED
from rules.edits import Inapplicable, apply, conflict, json_patch
from rules.evaluation import Evaluation
from rules.model import Action, Edit, Finding, Set
from rules.paths import dig, dotted
from rules.policy import Policy, may_mend
from rules.rfc6902 import PatchFailure, apply_patch

_MAX_ROUNDS = 5
"""How often an object is judged again, since a fix may bring up another finding."""
# Each edit is compared with each other one. No real object needs a tenth of these.
_MAX_EDITS = 300


class Mutation(NamedTuple):
    """A patch, the findings that it fixes, what was found before it, and what is left (``final``).

    ``dropped``: the fixes were too many, never came to an end, or the patch did not apply. There is
    no patch then, nor where the fixes would bring up what is denied.
    """

    patch: list[dict[str, Any]]
    fixed: tuple[Finding, ...]
    evaluation: Evaluation
    final: Evaluation
    dropped: bool = False


def plan_mutation(
    body: dict[str, Any],
    judge: Callable[[dict[str, Any]], Evaluation],
    policy: Policy,
    *,
    within_lists: bool = True,
) -> Mutation:
    """Apply the fixes that ``policy`` wants until none is left, and check the patch against the
    object. ``within_lists``: also to the items of its lists."""
    first = evaluation = judge(body)
    patched, fixed = body, list[Finding]()
    for _ in range(_MAX_ROUNDS):
        allowed = [
            one
            for one in evaluation.findings
            if _is_wanted(one, policy) and _may_fix(one, within_lists)
        ]
        if len(_edits(allowed)) > _MAX_EDITS:
            break
        chosen = _choose(one for one in allowed if _is_open(one, patched))
        if not chosen and _denials(evaluation) <= _denials(first):
            return _checked(body, patched, fixed, Mutation([], (), first, evaluation))
        if not chosen:
            # Whoever is refused would be told of what nobody wrote.
            return Mutation([], (), first, first)
        try:
            patched = apply(patched, _edits(chosen))
            fixed += chosen
            # As the API server will show it next, so that it is not judged once more.
            shown = apply(patched, [_annotate(body, fixed)])
        except Inapplicable:
            break
        evaluation = judge(shown)
    return Mutation([], (), first, first, dropped=True)


def _denials(evaluation: Evaluation) -> set[str]:
    return {one.fingerprint for one in evaluation.findings if one.action is Action.DENY}


def _is_open(finding: Finding, body: Any) -> bool:
    """Whether a fix would change something. Where it sets what the API server's default has set
    already, there is nothing to patch."""
    try:
        return apply(body, _edits([finding])) is not body
    except Inapplicable:
        return False


def _choose(findings: Iterable[Finding]) -> list[Finding]:
    """The findings whose fixes go together; of two that conflict, the first. The other is found
    again in the next round, if it still holds."""
    chosen: list[Finding] = []
    for finding in findings:
        if not conflict(_edits(chosen), _edits([finding])):
            chosen.append(finding)
    return chosen


def _is_wanted(finding: Finding, policy: Policy) -> bool:
    """Whether the policy wants the fixes of such a finding made. Where ``observe`` holds nothing is
    changed."""
    return not finding.would and may_mend(policy, finding.rule, finding.form, finding.action)


def _may_fix(finding: Finding, within_lists: bool) -> bool:  # noqa: FBT001 - handed on
    """Whether the webhook may apply the fix: a safe one that only sets unset fields."""
    fix = finding.fix
    if fix is None or not fix.safe or not fix.absent:
        return False
    # A manifest that stands as text inside the object has comments and an order of its own, which
    # rewriting the whole text would lose.
    if finding.embedded is not None and finding.embedded.text:
        return False
    if not within_lists and any(isinstance(key, int) for edit in fix.edits for key in edit.path):
        return False
    return all(isinstance(edit, Set) for edit in fix.edits)


def _edits(findings: Iterable[Finding]) -> list[Edit]:
    return [edit for finding in findings if finding.fix for edit in finding.fix.edits]


def _checked(
    body: dict[str, Any], patched: Any, fixed: list[Finding], nothing: Mutation
) -> Mutation:
    """``nothing`` with the patch that makes ``patched`` of ``body``, if that applies."""
    edits = _edits(fixed)
    if not edits or patched is body:
        return nothing
    edits.append(_annotate(body, fixed))
    # The API server refuses the whole request for a patch that does not apply, whatever the
    # failure policy says. So the patch is tried here, by an implementation of its own.
    try:
        patch = json_patch(body, edits)
        same = apply_patch(body, patch) == apply(body, edits)
    except (Inapplicable, PatchFailure):
        same = False
    if not same:
        return nothing._replace(dropped=True)
    return nothing._replace(patch=patch, fixed=tuple(fixed))


def _annotate(body: dict[str, Any], fixed: list[Finding]) -> Set:
    """The annotation that lists what was added."""
    # No time and no version in it: a GitOps tool that applies the same manifest again must get the
    # same object.
    path = ("metadata", "annotations", DEFAULTED)
    lines = [dig(body, path), *(summarize_fix(finding) for finding in fixed)]
    return Set(path, "; ".join(line for line in lines if isinstance(line, str)))


def read_defaulted(body: Any) -> frozenset[str]:
    """What was added to an object, by its annotation: lines as ``summarize_fix`` writes them."""
    noted = dig(body, ("metadata", "annotations", DEFAULTED))
    return frozenset(noted.split("; ")) if isinstance(noted, str) else frozenset()


def summarize_fix(finding: Finding) -> str:
    """A fix in a line: ``TRN002 spec.backoffLimit``."""
    paths = [dotted(edit.path) for edit in finding.fix.edits] if finding.fix else []
    return f"{finding.rule} {', '.join(paths)}"
