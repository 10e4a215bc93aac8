"""What takes denials away besides the policy's own exceptions: an emergency, and a way back."""

from typing import Any, NamedTuple

from rules.kinds.pods import Pod
from rules.manifest import Manifest
from rules.model import Action, Finding
from rules.paths import dig
from webhook.review.context import AdmissionCase
from webhook.review.ratchet import warn_only
from webhook.review.template_digest import digest_pods


class Relented(NamedTuple):
    """Findings of which some deny no more, and why: ``break-glass`` or ``rollback``; empty where
    all is as it was."""

    findings: tuple[Finding, ...]
    waiver: str = ""


def relent(case: AdmissionCase, findings: tuple[Finding, ...]) -> Relented:
    """The findings without the denials that an emergency or a rollback takes away."""
    if all(one.action is not Action.DENY for one in findings):
        return Relented(findings)
    if case.glass_broken:
        return Relented(tuple(map(warn_only, findings)), "break-glass")
    pod = _find_earlier_pods(case)
    if pod is None:
        return Relented(findings)
    # What ran before was admitted then. Whoever rolls back in the night must not be stopped by a
    # rule that came since.
    lifted = tuple(warn_only(one) if _is_inside(one, pod) else one for one in findings)
    return Relented(lifted, "rollback" if lifted != findings else "")


def _find_earlier_pods(case: AdmissionCase) -> Pod | None:
    """The only pod template of an updated object, where an earlier revision had the same pods."""
    request = case.request
    kind = case.engine.kind_of(Manifest(request.body))
    if request.operation != "UPDATE" or kind is None:
        return None
    pods = tuple(kind.pods(kind.view(Manifest(request.body)), case.inventory.ask))
    uid: Any = dig(request.old, ("metadata", "uid"))
    if len(pods) != 1 or not isinstance(uid, str):
        return None
    digest = digest_pods(dig(request.body, pods[0].spec_path))
    return pods[0] if case.context.ran_before(request.namespace, uid, digest) else None


def _is_inside(finding: Finding, pod: Pod) -> bool:
    return finding.path[: len(pod.spec_path)] == pod.spec_path
