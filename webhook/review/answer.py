"""The parts of an AdmissionResponse, within the API server's limits.

Sources: apiserver ``webhook/request/admissionreview.go``, ``endpoints/filters/warning.go`` (all
webhooks share 4,096 runes; beyond that a warning is cut to 256) and the API types, which ask for
warnings of at most 120 characters.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rules.model import Finding
from rules.paths import dotted
from webhook.review.mutation import describe

WARNING = 120
WARNINGS = 2048
"""Of the 4,096 runes that all webhooks share we take half."""
MESSAGE = 2048
_LINES = 40
"""Lines of findings that are tried; no more can fit, each with its rule's name and address."""
_MORE = "run mlgate lint for all of them"


def allow(
    uid: str, warnings: Sequence[str] = (), notes: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """An AdmissionReview that lets the request pass."""
    return _review({"uid": uid, "allowed": True}, warnings, notes)


def deny(
    uid: str, findings: Sequence[Finding], warnings: Sequence[str], notes: Mapping[str, str]
) -> dict[str, Any]:
    """An AdmissionReview that refuses the request with every rule that does."""
    status = {"code": 403, "reason": "Forbidden", "message": explain(findings)}
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


def explain(findings: Sequence[Finding]) -> str:
    """Why a request is refused: each rule with path, found and expected value, and fix."""
    lines = [_line(finding) for finding in findings[:_LINES]]
    head = f"{len(findings)} finding{'s' if len(findings) > 1 else ''}:"
    text = " ".join([head, *lines])
    while len(text.encode()) > MESSAGE and len(lines) > 1:
        lines.pop()
        text = " ".join([head, *lines, f"+{len(findings) - len(lines)} more: {_MORE}"])
    return _cut(text, MESSAGE // 4) if len(text.encode()) > MESSAGE else text


def _line(finding: Finding) -> str:
    fix = f"; fix: {finding.fix.title}" if finding.fix else ""
    place = dotted(finding.path)
    text = finding.message if place in finding.message else f"{place}: {finding.message}"
    return plain(f"[{finding.rule} {finding.name}] {text}{fix} ({url(finding.rule)}).")


def url(code: str) -> str:
    """The page of a rule."""
    return f"https://mlgate.dev/rules/{code}"


def warn(findings: Iterable[Finding], unfinished: Sequence[str] = ()) -> list[str]:
    """Warnings, one a rule, each once; the last says how many are left out."""
    lines: dict[str, str] = {}
    left = 0
    for finding in findings:
        if finding.rule in lines:
            left += 1
            continue
        lines[finding.rule] = _cut(plain(f"{finding.rule} {finding.message}"), WARNING)
    warnings = list(dict.fromkeys(lines.values()))
    if unfinished:
        warnings.append(_cut(f"mlgate had no time for {', '.join(unfinished)}", WARNING))
    return _bounded(warnings, left)


def describe_patch(fixed: Iterable[Finding]) -> list[str]:
    """What a patch adds, for whoever keeps the manifest."""
    lines = dict.fromkeys(plain(f"mlgate added {describe(finding)}") for finding in fixed)
    advice = "; add it to the manifest"
    told = (line + advice if len(line) + len(advice) <= WARNING else line for line in lines)
    return _bounded([_cut(line, WARNING) for line in told], 0)


def audit(
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


def _bounded(warnings: list[str], left: int) -> list[str]:
    total = 0
    kept = []
    for warning in warnings:
        total += len(warning)
        if total > WARNINGS - WARNING:
            left += 1
            continue
        kept.append(warning)
    if left:
        kept.append(f"+{left} more, {_MORE}")
    return kept


def plain(text: str) -> str:
    """Without line breaks and control characters."""
    return "".join(char if char.isprintable() else " " for char in text)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
