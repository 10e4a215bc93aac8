"""The message of a denial: why the request is refused, and what to do about it."""

from collections.abc import Sequence

from rules.model import Finding, Related
from rules.paths import dotted, shorten
from rules.policy import Policy
from webhook.review.context import AdmissionCase
from webhook.review.printing import cut_end, printable
from webhook.review.warnings import MORE

MAX_MESSAGE = 2048
_MAX_LINES = 40
"""Lines of findings that are tried: no more can fit."""
_SITE = "https://mlgate.dev/rules"


def denial_message(case: AdmissionCase, findings: Sequence[Finding], advice: str = "") -> str:
    """A line for each finding with path, found and expected value, and fix; then ``advice`` on who
    made the object, and the way out."""
    way_out = describe_way_out(case.context.policy, case.profile, findings)
    lines = [_line(finding) for finding in findings[:_MAX_LINES]]
    head = f"{len(findings)} finding{'s' if len(findings) > 1 else ''}:"
    last = [printable(text) for text in (advice, way_out) if text]
    text = "\n".join([head, *lines, *last])
    while len(text.encode()) > MAX_MESSAGE and len(lines) > 1:
        lines.pop()
        more = f"+{len(findings) - len(lines)} more: {MORE}"
        text = "\n".join([head, *lines, more, *last])
    if len(text.encode()) <= MAX_MESSAGE:
        return text
    # A single line that is too long: a character takes four bytes at most.
    room = MAX_MESSAGE // 4 - sum(len(line) for line in last)
    return "\n".join([head, cut_end(lines[0], max(room, 80)), *last])


def _line(finding: Finding) -> str:
    # One line each: a message may quote the object, and none of its lines may look like mlgate's.
    fix = f"; fix: {finding.fix.title}" if finding.fix else ""
    path = dotted(finding.path)
    text = finding.message if path in finding.message else f"{path}: {finding.message}"
    text += "".join(map(_tell_elsewhere, finding.related))
    return printable(f"{finding.rule}/{finding.form} {text}{fix}")


def _tell_elsewhere(related: Related) -> str:
    """A place in another object, which no line of the request can show."""
    other = related.object
    if other is None:
        return ""
    return f" ({other.kind} {shorten(other.name)}, {dotted(related.path)}: {related.message})"


def describe_way_out(policy: Policy, profile: str, findings: Sequence[Finding]) -> str:
    """The last line of a denial: what holds, where to read about it, and whom to ask."""
    rules = sorted({finding.rule for finding in findings})
    page = rule_url(rules[0]) if len(rules) == 1 else f"{_SITE}/CODE"
    contact = policy.contact or "whoever keeps the policy"
    ways = [
        f"profile {profile}",
        f"docs: {page}",
        f"contact: {contact}, also for an exception (give rule, object, reason and last day)",
    ]
    if policy.break_glass:
        ways.append(f"in an emergency: label the Namespace {policy.break_glass}=true")
    return "; ".join(ways)


def rule_url(code: str) -> str:
    """The page of a rule."""
    return f"{_SITE}/{code}"
