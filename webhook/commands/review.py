"""``mlgate review``: replay a recorded AdmissionReview without a server."""

import argparse
import base64
import datetime
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

from rules.inventory import Inventory
from rules.model import Finding
from rules.paths import dotted
from webhook.review.admission import ENDPOINTS, ReviewOutcome
from webhook.review.context import ReviewContext
from webhook.review.decoding import decode_body
from webhook.review.denial import rule_url
from webhook.review.record import ReviewRecord, decision, make_record
from webhook.review.request import BadReview
from webhook.server.policy_reloader import ActivePolicy, PolicyReloader, PolicyUnusable

ALLOWED, DENIED, USAGE_ERROR, CRASHED, UNREADABLE = 0, 1, 2, 3, 4
_STDIN = "-"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``mlgate review``."""
    add = parser.add_argument
    add("file", metavar="FILE", help="an AdmissionReview as JSON, or - for standard input")
    add("--endpoint", choices=tuple(ENDPOINTS), default="validate", help="what is asked of it")
    add("--policy", type=Path, metavar="FILE", help="the policy file; without it the default")
    add("--format", choices=("text", "json"), default="text", help="how the decision is written")


def run(arguments: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Exit code 0 for allowed, 1 for denied, 2 for a policy that cannot be used, 3 where a rule
    crashed, 4 for a review that cannot be read."""
    try:
        active = PolicyReloader(arguments.policy).active
    except PolicyUnusable as error:
        err.write(f"{error}\n")
        return USAGE_ERROR
    try:
        review = decode_body(_read(arguments))
        outcome = ENDPOINTS[arguments.endpoint](review, _context(active))
    except (BadReview, OSError) as error:
        err.write(f"{arguments.file}: {error}\n")
        return UNREADABLE
    record = make_record(arguments.endpoint, outcome.request)
    write = _FORMATS[arguments.format]
    out.write(write(record, outcome, active))
    if outcome.errors:
        return CRASHED
    return ALLOWED if outcome.allowed else DENIED


def _read(arguments: argparse.Namespace) -> bytes:
    if arguments.file != _STDIN:
        return Path(arguments.file).read_bytes()
    read: bytes = arguments.stdin.buffer.read()
    return read


def _context(active: ActivePolicy) -> ReviewContext:
    today = datetime.datetime.now(datetime.UTC).date()
    return ReviewContext(active.policy, Inventory(), today, active.revision)


def _write_text(record: ReviewRecord, outcome: ReviewOutcome, active: ActivePolicy) -> str:
    place = f"{record.namespace}/{record.name}".strip("/")
    subresource = f" ({record.subresource})" if record.subresource else ""
    head = f"{record.operation} {record.kind} {place}{subresource} by {record.user or 'nobody'}"
    profile = outcome.profile or active.policy.profile
    lines = [head, f"  {_sentence(outcome)} (profile {profile}, policy {active.revision})"]
    for finding in outcome.findings:
        lines += _finding_lines(finding)
    lines += _titled("where another profile held:", map(": ".join, outcome.would))
    lines += _titled("rules without an answer:", outcome.errors)
    lines += _titled("warnings to the user:", outcome.body["response"].get("warnings", ()))
    lines += _titled("patch:", map(_operation_line, read_patch(outcome)))
    return "".join(f"{line}\n" for line in lines)


def _sentence(outcome: ReviewOutcome) -> str:
    verdict = "allowed" if outcome.allowed else "denied"
    if outcome.passed is not None:
        return f"{verdict} without judging: {outcome.passed}"
    patched = " and patched" if outcome.patched else ""
    dropped = ", the patch was dropped: it does not apply" if outcome.dropped else ""
    return f"{verdict}{patched}{dropped}"


def _finding_lines(finding: Finding) -> Iterator[str]:
    yield f"  {finding.action} {finding.rule}/{finding.form} {finding.name}"
    yield f"      at {dotted(finding.path) or 'the object'}: {finding.message}"
    if finding.fix:
        yield f"      fix: {finding.fix.title}"
    if finding.note:
        yield f"      note: {finding.note}"
    yield f"      {rule_url(finding.rule)}"


def _titled(title: str, items: Any) -> list[str]:
    lines = [f"    {item}" for item in items]
    return [f"  {title}", *lines] if lines else []


def _operation_line(operation: dict[str, Any]) -> str:
    value = f" = {json.dumps(operation['value'])}" if "value" in operation else ""
    return f"{operation['op']} {operation['path']}{value}"


def read_patch(outcome: ReviewOutcome) -> list[dict[str, Any]]:
    """The operations of the patch in an answer; none where there is no patch."""
    text = outcome.body["response"].get("patch")
    return json.loads(base64.b64decode(text)) if text else []


def _write_json(record: ReviewRecord, outcome: ReviewOutcome, active: ActivePolicy) -> str:
    tree = {
        "request": record._asdict(),
        "decision": decision(outcome),
        "allowed": outcome.allowed,
        "passed": outcome.passed,
        "profile": outcome.profile or active.policy.profile,
        "revision": active.revision,
        "findings": [_export(finding, record.endpoint) for finding in outcome.findings],
        "would": dict(outcome.would),
        "errors": outcome.errors,
        "patch": read_patch(outcome),
        "response": outcome.body["response"],
    }
    return json.dumps(tree, indent=2, ensure_ascii=False) + "\n"


def _export(finding: Finding, endpoint: str) -> dict[str, Any]:
    """A finding; with what the ratchet knows it by, where something is held against an old object.

    ``/mutate`` compares nothing.
    """
    return {
        "rule": finding.rule,
        "form": finding.form,
        "name": finding.name,
        "action": finding.action,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "role": finding.role,
        "path": dotted(finding.path),
        "message": finding.message,
        "fix": finding.fix.title if finding.fix else None,
        "note": finding.note,
        "fingerprint": finding.fingerprint if endpoint == "validate" else None,
        "url": rule_url(finding.rule),
    }


_FORMATS: dict[str, Callable[[ReviewRecord, ReviewOutcome, ActivePolicy], str]] = {
    "text": _write_text,
    "json": _write_json,
}
