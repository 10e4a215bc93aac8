"""``mlgate review``: what the webhook would answer, without a server."""

import argparse
import base64
import datetime
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TextIO, TypeAlias

from rules.inventory import Inventory
from rules.model import Action, Finding
from rules.paths import dotted
from webhook.commands.review_finding import export_finding
from webhook.commands.review_input import read_reviews
from webhook.review.admission import ENDPOINTS, ReviewOutcome
from webhook.review.context import ReviewContext
from webhook.review.denial import rule_url
from webhook.review.record import ReviewRecord, decision, make_record
from webhook.review.request import BadReview
from webhook.server.policy_reloader import ActivePolicy, PolicyReloader, PolicyUnusable

ALLOWED, DENIED, USAGE_ERROR, CRASHED, UNREADABLE = 0, 1, 2, 3, 4
_STDIN = "-"
REVIEW_VERSION = 1
"""Of the JSON: no key of it goes, or changes its meaning (docs/webhook.md)."""

Decided: TypeAlias = tuple[ReviewRecord, ReviewOutcome]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``mlgate review``."""
    add = parser.add_argument
    add(
        "file",
        metavar="FILE",
        help="an AdmissionReview, a manifest to create, or - for standard input",
    )
    add("--endpoint", choices=tuple(ENDPOINTS), default="validate", help="the endpoint to ask")
    add(
        "--policy", type=Path, metavar="FILE", help="the policy file (default: the built-in policy)"
    )
    add(
        "--namespace",
        metavar="NS",
        default="",
        help="the namespace of objects that do not name one",
    )
    add("--format", choices=("text", "json"), default="text", help="the output format")


def run(arguments: SimpleNamespace, out: TextIO, err: TextIO) -> int:
    """Exit code 0 for allowed, 1 for denied, 2 for a policy that cannot be used, 3 where a rule
    crashed, 4 for a review that cannot be read; of several objects the first of 3, 1 and 0."""
    try:
        active = PolicyReloader(arguments.policy).active
    except PolicyUnusable as error:
        err.write(f"{error}\n")
        return USAGE_ERROR
    try:
        reviews = read_reviews(_read(arguments), arguments.namespace)
        outcomes = [ENDPOINTS[arguments.endpoint](one, _context(active)) for one in reviews]
    except BadReview as error:
        err.write(f"{arguments.file}: {error}\n")
        return UNREADABLE
    except OSError as error:
        advice = "give a manifest or an AdmissionReview, or - for standard input"
        err.write(f"{arguments.file}: {(error.strerror or str(error)).lower()}: {advice}\n")
        return UNREADABLE
    records = [make_record(arguments.endpoint, one.request) for one in outcomes]
    write = _FORMATS[arguments.format]
    out.write(write(list(zip(records, outcomes, strict=True)), active))
    if any(one.errors for one in outcomes):
        return CRASHED
    return ALLOWED if all(one.allowed for one in outcomes) else DENIED


def _read(arguments: SimpleNamespace) -> bytes:
    if arguments.file != _STDIN:
        return Path(arguments.file).read_bytes()
    read: bytes = arguments.stdin.buffer.read()
    return read


def _context(active: ActivePolicy) -> ReviewContext:
    today = datetime.datetime.now(datetime.UTC).date()
    return ReviewContext(active.policy, Inventory(), today, active.revision)


def _write_text(decided: Sequence[Decided], active: ActivePolicy) -> str:
    return "\n".join(_draw(record, outcome, active) for record, outcome in decided)


def _draw(record: ReviewRecord, outcome: ReviewOutcome, active: ActivePolicy) -> str:
    place = f"{record.namespace}/{record.name}".strip("/")
    subresource = f" ({record.subresource})" if record.subresource else ""
    head = f"{record.operation} {record.kind} {place}{subresource} by {record.user or 'nobody'}"
    profile = outcome.profile or active.policy.profile
    lines = [head, f"  {_sentence(outcome)} (profile {profile}, policy {active.revision})"]
    for finding in sorted(outcome.findings, key=_weigh_action):
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


def _weigh_action(finding: Finding) -> int:
    """What decides comes first."""
    return list(Action).index(finding.action)


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


def _write_json(decided: Sequence[Decided], active: ActivePolicy) -> str:
    """One object for one review, a list for the objects of a manifest that holds several."""
    trees = [_describe(record, outcome, active) for record, outcome in decided]
    return json.dumps(trees[0] if len(trees) == 1 else trees, indent=2, ensure_ascii=False) + "\n"


def _describe(record: ReviewRecord, outcome: ReviewOutcome, active: ActivePolicy) -> dict[str, Any]:
    return {
        "version": REVIEW_VERSION,
        "request": record._asdict(),
        "decision": decision(outcome),
        "allowed": outcome.allowed,
        "passed": outcome.passed,
        "profile": outcome.profile or active.policy.profile,
        "revision": active.revision,
        "findings": [export_finding(one, record.endpoint) for one in outcome.findings],
        "would": dict(outcome.would),
        "errors": outcome.errors,
        "patch": read_patch(outcome),
        "response": outcome.body["response"],
    }


_FORMATS: dict[str, Callable[[Sequence[Decided], ActivePolicy], str]] = {
    "text": _write_text,
    "json": _write_json,
}
