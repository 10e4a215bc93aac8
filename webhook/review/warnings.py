"""Warnings to whoever sends a request, within the API server's limits.

Source: apiserver ``endpoints/filters/warning.go``: all webhooks share 4,096 runes; beyond that a
warning is cut to 256.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from rules.model import Finding
from webhook.review.brief import MAX_WARNING, brief, brief_addition
from webhook.review.printing import cut_end, printable

MAX_WARNINGS = 2048
"""Half of the 4,096 runes that all webhooks share."""
MORE = "run mlgate lint for all of them"


def rule_warnings(
    findings: Iterable[Finding], body: Any, unfinished: Sequence[str] = (), advice: str = ""
) -> list[str]:
    """What is found in ``body``, the first finding of each rule, then ``advice``; the last line
    says how many are left out."""
    told: dict[str, list[str]] = {}
    left_out = 0
    for finding in findings:
        if finding.rule in told:
            left_out += 1
        else:
            told[finding.rule] = [printable(line) for line in brief(finding, body)]
    notices = list(told.values())
    if advice:
        notices.append([cut_end(printable(advice), 2 * MAX_WARNING)])
    if unfinished:
        notices.append([cut_end(f"mlgate had no time for {', '.join(unfinished)}", MAX_WARNING)])
    return _bounded(notices, left_out)


def patch_warnings(fixed: Iterable[Finding], body: Any) -> list[str]:
    """What a patch adds to ``body``, so that it can be added to the manifest."""
    return _bounded([[printable(brief_addition(one, body))] for one in fixed], 0)


def _bounded(notices: list[list[str]], left_out: int) -> list[str]:
    """The lines of all notices for which there is room, each line once."""
    kept: dict[str, None] = {}
    for lines in notices:
        size = sum(map(len, [*kept, *lines]))
        if size > MAX_WARNINGS - MAX_WARNING:
            left_out += 1
        else:
            kept.update(dict.fromkeys(lines))
    more = [f"+{left_out} more, {MORE}"] if left_out else []
    return [*kept, *more]
