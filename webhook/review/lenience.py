"""What takes denials away besides the policy's own exceptions: an emergency, and a way back."""

from typing import Any, NamedTuple, TypeAlias

from rules.kinds.children import make_revision
from rules.kinds.pods import Pod
from rules.manifest import Manifest
from rules.model import Action, Finding
from rules.paths import Path, dig
from webhook.review.context import AdmissionCase
from webhook.review.ratchet import warn_only
from webhook.review.template_digest import digest_pods

_Place: TypeAlias = tuple[str, str, Path]
"""Rule, form, and the path below the pod's spec."""


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
    known = _judge_revision(case, pod)
    lifted = tuple(warn_only(one) if _place_in(one, pod) in known else one for one in findings)
    return Relented(lifted, "rollback" if lifted != findings else "")


def _find_earlier_pods(case: AdmissionCase) -> Pod | None:
    """The only pod template of an updated object, where an earlier revision had the same pods."""
    request = case.request
    uid: Any = dig(request.old, ("metadata", "uid"))
    if request.operation != "UPDATE" or not isinstance(uid, str):
        return None
    pods = _read_pods(case, request.body)
    if len(pods) != 1:
        return None
    digest = digest_pods(dig(request.body, pods[0].path))
    return pods[0] if case.context.ran_before(request.namespace, uid, digest) else None


def _judge_revision(case: AdmissionCase, pod: Pod) -> set[_Place | None]:
    """What would have kept the revision itself out, had somebody else made it than a controller."""
    # Everybody who may write a Deployment may write ReplicaSets. Those without pods of their own
    # are found less in, and must not vouch for the rest.
    body = make_revision(Manifest(case.request.body), dig(case.request.body, pod.path))
    denied = [one for one in case.judge(body).findings if one.action is Action.DENY]
    return {_place_in(one, kept) for kept in _read_pods(case, body) for one in denied} - {None}


def _read_pods(case: AdmissionCase, body: dict[str, Any]) -> tuple[Pod, ...]:
    manifest = Manifest(body)
    kind = case.engine.kind_of(manifest)
    return () if kind is None else tuple(kind.pods(kind.view(manifest), case.inventory.ask))


def _place_in(finding: Finding, pod: Pod) -> _Place | None:
    """A finding's place in the spec of a pod, None where it is another."""
    depth = len(pod.spec_path)
    if finding.path[:depth] != pod.spec_path:
        return None
    return finding.rule, finding.form, finding.path[depth:]
