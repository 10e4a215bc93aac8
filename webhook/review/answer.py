"""The parts of an AdmissionResponse, within the API server's limits.

Sources: apiserver ``webhook/request/admissionreview.go``, ``endpoints/filters/warning.go`` (all
webhooks share 4,096 runes; beyond that a warning is cut to 256) and the API types, which ask for
warnings of at most 120 characters.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rules.model import Finding, Related
from rules.paths import dotted, shorten
from webhook.review.mutation import summarize_fix

MAX_WARNING = 120
MAX_WARNINGS = 2048
"""Half of the 4,096 runes that all webhooks share."""
MAX_MESSAGE = 2048
_MAX_LINES = 40
"""Lines of findings that are tried: with its rule's name and address each, no more can fit."""
_DECISION = ("uid", "allowed", "patch", "patchType")
_MORE = "run mlgate lint for all of them"


def allow_review(
    uid: str, warnings: Sequence[str] = (), notes: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """An AdmissionReview that lets the request pass."""
    return _review({"uid": uid, "allowed": True}, warnings, notes)


def deny_review(
    uid: str, message: str, warnings: Sequence[str], notes: Mapping[str, str]
) -> dict[str, Any]:
    """An AdmissionReview that refuses the request."""
    status = {"code": 403, "reason": "Forbidden", "message": message}
    return _review({"uid": uid, "allowed": False, "status": status}, warnings, notes)


def _review(
    response: dict[str, Any], warnings: Sequence[str], notes: Mapping[str, str] | None
) -> dict[str, Any]:
    if warnings:
        response["warnings"] = list(warnings)
    if notes:
        response["auditAnnotations"] = dict(notes)
    return {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "response": response,
    }


def withhold(review: Mapping[str, Any]) -> dict[str, Any]:
    """An answer without all that tells of the policy, the Namespace and other objects: what whoever
    is not known to be the API server is told."""
    response = review["response"]
    kept = {key: response[key] for key in _DECISION if key in response}
    if not response["allowed"]:
        message = "refused by policy; mlgate lint says why"
        kept["status"] = {**response["status"], "message": message}
    return {**review, "response": kept}


def denial_message(findings: Sequence[Finding], advice: str = "") -> str:
    """Why a request is refused: each rule with path, found and expected value, and fix; then
    ``advice`` on who made the object."""
    lines = [_line(finding) for finding in findings[:_MAX_LINES]]
    head = f"{len(findings)} finding{'s' if len(findings) > 1 else ''}:"
    last = [f"({printable(advice)})"] if advice else []
    text = " ".join([head, *lines, *last])
    while len(text.encode()) > MAX_MESSAGE and len(lines) > 1:
        lines.pop()
        more = f"+{len(findings) - len(lines)} more: {_MORE}"
        text = " ".join([head, *lines, more, *last])
    # A single line that is too long: a character takes four bytes at most.
    return _cut(text, MAX_MESSAGE // 4) if len(text.encode()) > MAX_MESSAGE else text


def _line(finding: Finding) -> str:
    # On one line: a message may quote the object, and none of its lines may look like mlgate's.
    fix = f"; fix: {finding.fix.title}" if finding.fix else ""
    path = dotted(finding.path)
    text = finding.message if path in finding.message else f"{path}: {finding.message}"
    text += "".join(map(_tell_elsewhere, finding.related))
    return printable(f"[{finding.rule} {finding.name}] {text}{fix} ({rule_url(finding.rule)}).")


def _tell_elsewhere(related: Related) -> str:
    """A place in another object, which no line of the request can show."""
    other = related.object
    if other is None:
        return ""
    return f" ({other.kind} {shorten(other.name)}, {dotted(related.path)}: {related.message})"


def rule_url(code: str) -> str:
    """The page of a rule."""
    return f"https://mlgate.dev/rules/{code}"


def rule_warnings(
    findings: Iterable[Finding], unfinished: Sequence[str] = (), advice: str = ""
) -> list[str]:
    """One warning a rule, then ``advice``; the last says how many are left out."""
    lines: dict[str, str] = {}
    left_out = 0
    for finding in findings:
        if finding.rule in lines:
            left_out += 1
            continue
        lines[finding.rule] = _cut(printable(f"{finding.rule} {finding.message}"), MAX_WARNING)
    warnings = list(dict.fromkeys(lines.values()))
    if advice:
        warnings.append(_cut(printable(advice), 2 * MAX_WARNING))
    if unfinished:
        warnings.append(_cut(f"mlgate had no time for {', '.join(unfinished)}", MAX_WARNING))
    return _bounded(warnings, left_out)


def patch_warnings(fixed: Iterable[Finding]) -> list[str]:
    """What a patch adds, so that it can be added to the manifest."""
    lines = dict.fromkeys(printable(f"mlgate added {summarize_fix(finding)}") for finding in fixed)
    advice = "; add it to the manifest"
    full = (line + advice if len(line) + len(advice) <= MAX_WARNING else line for line in lines)
    return _bounded([_cut(line, MAX_WARNING) for line in full], 0)


def audit_annotations(
    decision: str, findings: Sequence[Finding], profile: str, revision: str
) -> dict[str, str]:
    """Audit annotations; the API server puts the webhook's name before each key."""
    rules = sorted({f"{finding.rule}/{finding.form}={finding.action}" for finding in findings})
    notes = {"decision": decision, "profile": profile}
    if rules:
        notes["rules"] = ",".join(rules)
    if revision:
        notes["policy-revision"] = revision
    return notes


def _bounded(warnings: list[str], left_out: int) -> list[str]:
    total = 0
    kept = []
    for warning in warnings:
        total += len(warning)
        if total > MAX_WARNINGS - MAX_WARNING:
            left_out += 1
            continue
        kept.append(warning)
    if left_out:
        kept.append(f"+{left_out} more, {_MORE}")
    return kept


def printable(text: str) -> str:
    """The text without line breaks and control characters, which could write to a terminal."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else " " for char in text)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
