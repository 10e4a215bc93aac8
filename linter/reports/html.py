"""The report as one HTML file that needs nothing beside it: totals, charts, and a table to search.

The page is ``report.html``, with ``report.css``, two scripts and the findings as JSON in it, which
the scripts draw. ``drawing.js`` is what other pages draw with too.
"""

import os
from collections.abc import Iterator, Sequence

from linter.reports import (
    ReportOptions,
    load_met_rules,
    read_page,
    select_errors,
    select_shown,
)
from linter.reports.source_lines import SourceLines
from linter.reports.stakes import sum_hours
from linter.reports.summary import render_summary
from linter.reports.terminal import escape
from linter.reports.text import locate
from rules.paths import dotted
from rules.record import NamedTuple
from rules.stakes import export_hours
from rules.type_names import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linter.row_types import FindingRow, FixRow, RunResult
    from rules.model import Rule

_NEAR = 2
"""Lines that are shown around a finding's own."""
_LONGEST = 200
_MARKS = ("<!--style-->", "<!--top-->", "/*findings*/", "<!--script-->")
_ALONE = (
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">"
)
"""A page by itself asks nobody for anything."""


class PageParts(NamedTuple):
    """What stands in a page around the report: elements of the head that give it its styles, what
    is above the report, and elements with the scripts."""

    style: str
    top: str
    script: str


def render(result: "RunResult", options: ReportOptions) -> Iterator[str]:
    """The page with the run's findings in it."""
    style = f"{_ALONE}\n<style>\n{read_asset('report.css')}</style>"
    script = f"<script>\n{read_asset('drawing.js')}{read_asset('report.js')}</script>"
    yield fill_page(export_report(result, options), PageParts(style, "", script))


def fill_page(data: dict[str, Any], parts: PageParts) -> str:
    """The page with a report's data in it."""
    page = read_asset("report.html")
    texts = (parts.style, parts.top, dump_for_script(data), parts.script)
    for mark, text in zip(_MARKS, texts, strict=True):
        page = page.replace(mark, text, 1)
    return page


def export_report(result: "RunResult", options: ReportOptions) -> dict[str, Any]:
    """What the page is drawn from, as JSON has it; its findings are those that are shown, in their
    order."""
    lines_of = SourceLines(options.read_source)
    shown = list(select_shown(result, options))
    # The rules are told once, and the findings of a file share its name: the file stays small.
    return {
        "policy": escape(options.policy),
        "stakes": sum_hours(shown),
        "summary": render_summary(result, options._replace(colour=False)).splitlines(),
        "errors": [[locate(one), escape(one["reason"])] for one in select_errors(result)],
        "rules": {code: _describe(rule) for code, rule in load_met_rules(shown).items()},
        "findings": [_export(row, lines_of) for row in shown],
    }


def read_asset(name: str) -> str:
    """A file beside this module: a part of the page."""
    with open(os.path.join(os.path.dirname(__file__), name), encoding="utf-8") as file:
        return file.read()


def dump_for_script(data: Any) -> str:
    """JSON inside a script element, which nothing in a manifest may end."""
    import json

    return json.dumps(data, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")


def _describe(rule: "Rule") -> dict[str, str]:
    return {
        "name": rule.name,
        "summary": rule.summary,
        "docs": read_page(rule),
        "harm": rule.harm.value,
    }


def _export(row: "FindingRow", lines_of: SourceLines) -> dict[str, Any]:
    identity = row["object"]
    first = max(row["line"] - _NEAR, 1)
    lines = lines_of(row["file"])[first - 1 : row["line"] + _NEAR]
    ends_here = row["end_line"] == row["line"]
    return {
        "rule": row["rule"],
        "form": row["form"],
        "action": row["action"],
        "confidence": row["confidence"],
        "role": row["role"] or "none",
        "kind": escape(identity["kind"] or "?"),
        "namespace": escape(identity["namespace"] or ""),
        "name": escape(identity["name"] or ""),
        "file": escape(row["file"]),
        "line": row["line"],
        "column": row["column"],
        "end": row["end_column"] if ends_here else 0,
        "path": escape(dotted(row["path"])),
        "message": escape(row["message"]),
        "hours": export_hours(row["gpu_hours"]),
        "first": first,
        "lines": [_cut(line) for line in lines],
        "related": [[locate(one), escape(one["message"])] for one in row["related"]],
        "fix": _export_fix(row["fix"], lines_of(row["file"])),
    }


def _export_fix(fix: "FixRow | None", lines: Sequence[str]) -> dict[str, Any] | None:
    if fix is None:
        return None
    shown = {"title": escape(fix["title"]), "safety": fix["safety"], "diff": _diff(fix, lines)}
    return {**shown, "refused": escape(fix.get("refused", ""))}


def _diff(fix: "FixRow", lines: Sequence[str]) -> list[str]:
    """The lines that the fix takes away and puts in their place, each with its sign."""
    diff = []
    for change in fix.get("text", []):
        whole = change["end_column"] == 1
        last = change["end_line"] - 1 if whole else change["end_line"]
        old = list(lines[change["line"] - 1 : last])
        before = lines[change["line"] - 1][: change["column"] - 1] if old else ""
        after = "" if whole else _rest(lines, change["end_line"], change["end_column"])
        new = f"{before}{change['text']}{after}".splitlines()
        diff += [f"-{_cut(line)}" for line in old] + [f"+{_cut(line)}" for line in new]
    return diff


def _rest(lines: Sequence[str], line: int, column: int) -> str:
    return lines[line - 1][column - 1 :] if line <= len(lines) else ""


def _cut(line: str) -> str:
    line = line.replace("\t", "    ")
    shown = line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."
    return escape(shown)
