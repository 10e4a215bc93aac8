"""The safe fixes of an object as one checked JSON Patch."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from rules.edits import Inapplicable, apply, conflict, json_patch
from rules.engine import Evaluation
from rules.model import Action, Edit, Finding, Set
from rules.paths import dig, dotted
from webhook.review.patch import PatchFailure, apply_patch

ANNOTATION = "mlgate.dev/defaulted"
"""What was added, so that whoever keeps the manifest can add it there."""

_ROUNDS = 5
"""How often an object is judged again for what a fix has brought up."""
_MOST_EDITS = 300
"""Edits of one patch. Each is held against each other; no real object needs a tenth of them."""


class Mutation(NamedTuple):
    """A patch, the findings that it mends, and what was found before it.

    ``dropped``: the fixes were too many, did not come to rest, or the patch did not apply; there is
    none then.
    """

    patch: list[dict[str, Any]]
    fixed: tuple[Finding, ...]
    evaluation: Evaluation
    dropped: bool = False


def mend(body: dict[str, Any], judge: Callable[[dict[str, Any]], Evaluation]) -> Mutation:
    """Apply fixes until nothing is left to fix, and check the patch against the object."""
    first = evaluation = judge(body)
    mended, fixed = body, list[Finding]()
    for _ in range(_ROUNDS):
        fitting = [one for one in evaluation.findings if _fits(one)]
        if len(_edits(fitting)) > _MOST_EDITS:
            break
        chosen = _choose(one for one in fitting if _is_open(one, mended))
        if not chosen:
            return _checked(body, mended, fixed, first)
        try:
            mended = apply(mended, _edits(chosen))
        except Inapplicable:
            break
        fixed += chosen
        evaluation = judge(mended)
    return Mutation([], (), first, dropped=True)


def _is_open(finding: Finding, body: Any) -> bool:
    """Whether a fix would change something: where it says what the API server's default says
    already, there is nothing to patch."""
    try:
        return apply(body, _edits([finding])) is not body
    except Inapplicable:
        return False


def _choose(findings: Iterable[Finding]) -> list[Finding]:
    """Of findings whose fixes disagree, the first."""
    chosen: list[Finding] = []
    for finding in findings:
        if not conflict(_edits(chosen), _edits([finding])):
            chosen.append(finding)
    return chosen


def _fits(finding: Finding) -> bool:
    """Whether the webhook may make the fix."""
    fix = finding.fix
    if fix is None or not fix.safe or not fix.absent:
        return False
    if finding.action not in (Action.DENY, Action.WARN):
        return False
    if finding.embedded is not None and finding.embedded.text:
        return False
    return all(isinstance(edit, Set) for edit in fix.edits)


def _edits(findings: Iterable[Finding]) -> list[Edit]:
    return [edit for finding in findings if finding.fix for edit in finding.fix.edits]


def _checked(
    body: dict[str, Any], mended: Any, fixed: list[Finding], first: Evaluation
) -> Mutation:
    edits = _edits(fixed)
    if not edits or mended is body:
        return Mutation([], (), first)
    edits.append(_record(body, fixed))
    try:
        patch = json_patch(body, edits)
        same = apply_patch(body, patch) == apply(body, edits)
    except (Inapplicable, PatchFailure):
        same = False
    if not same:
        return Mutation([], (), first, dropped=True)
    return Mutation(patch, tuple(fixed), first)


def _record(body: dict[str, Any], fixed: list[Finding]) -> Set:
    """The annotation that says what was added; nothing in it changes from one run to the next."""
    path = ("metadata", "annotations", ANNOTATION)
    lines = [dig(body, path), *(describe(finding) for finding in fixed)]
    return Set(path, "; ".join(line for line in lines if isinstance(line, str)))


def read_record(body: Any) -> frozenset[str]:
    """What was added to an object, by its annotation: lines as ``describe`` writes them."""
    noted = dig(body, ("metadata", "annotations", ANNOTATION))
    return frozenset(noted.split("; ")) if isinstance(noted, str) else frozenset()


def describe(finding: Finding) -> str:
    """A fix in a line: ``TRN002 spec.backoffLimit``."""
    paths = [dotted(edit.path) for edit in finding.fix.edits] if finding.fix else []
    return f"{finding.rule} {', '.join(paths)}"
