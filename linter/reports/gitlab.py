"""The report as GitLab reads it for its Code Quality widget."""

from collections import Counter
from collections.abc import Iterator

from linter.reports import ReportOptions, select_errors, select_shown
from linter.reports.json import dump_safely
from linter.reports.terminal import escape
from rules.type_names import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linter.row_types import ErrorRow, FindingRow, RunResult

_SEVERITIES = {"deny": "critical", "warn": "major", "audit": "info", "excepted": "info"}


def render(result: "RunResult", options: ReportOptions) -> Iterator[str]:
    """A list of what GitLab calls violations; each with a fingerprint of its own, since GitLab
    drops all but one of those that share one."""
    seen: Counter[str] = Counter()
    entries = [_export_error(error, seen) for error in select_errors(result)]
    entries += [_export(row, seen) for row in select_shown(result, options)]
    yield dump_safely(entries)


def _export(row: "FindingRow", seen: "Counter[str]") -> dict[str, Any]:
    form = f"{row['rule']}/{row['form']}"
    key = _fingerprint(f"{row['file']}\n{row['fingerprint']}", seen)
    place = {"path": row["file"], "lines": {"begin": row["line"], "end": row["end_line"]}}
    return _violation(f"{form}: {row['message']}", form, _SEVERITIES[row["action"]], key, place)


def _export_error(row: "ErrorRow", seen: "Counter[str]") -> dict[str, Any]:
    key = _fingerprint(f"{row['file']}\n{row['document']}\n{row['reason']}", seen)
    place = {"path": row["file"], "lines": {"begin": row["line"] or 1}}
    return _violation(row["reason"], "unreadable", "blocker", key, place)


def _violation(
    description: str, check: str, severity: str, key: str, location: dict[str, Any]
) -> dict[str, Any]:
    return {
        "description": escape(description),
        "check_name": check,
        "fingerprint": key,
        "severity": severity,
        "location": location,
    }


def _fingerprint(text: str, seen: "Counter[str]") -> str:
    from hashlib import sha256

    seen[text] += 1
    marked = f"{text}\n{seen[text]}"
    return sha256(marked.encode("utf-8", "surrogateescape")).hexdigest()[:40]
