"""The report in reviewdog's diagnostic format (rdjson), for comments on any forge."""

from collections.abc import Iterator

from linter.judging.rows import URL
from linter.reports import ReportOptions, select_errors, select_shown
from linter.reports.json import dump_safely
from linter.reports.source_lines import SourceLines
from linter.reports.terminal import escape
from rules.type_names import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linter.row_types import ErrorRow, FindingRow, RelatedRow, RunResult

_SEVERITIES = {"deny": "ERROR", "warn": "WARNING", "audit": "INFO", "excepted": "INFO"}


def render(result: "RunResult", options: ReportOptions) -> Iterator[str]:
    """A ``DiagnosticResult``; its columns count bytes of UTF-8, from 1."""
    lines_of = SourceLines(options.read_source)
    diagnostics = [_export_error(error) for error in select_errors(result)]
    diagnostics += [_export(row, lines_of) for row in select_shown(result, options)]
    source = {"name": "mlgate", "url": URL.removesuffix("rules/")}
    yield dump_safely({"source": source, "diagnostics": diagnostics})


def _export(row: "FindingRow", lines_of: SourceLines) -> dict[str, Any]:
    diagnostic: dict[str, Any] = {
        "message": escape(row["message"]),
        "location": {"path": row["file"], "range": _range(row["file"], row, lines_of)},
        "severity": _SEVERITIES[row["action"]],
        "code": {"value": f"{row['rule']}/{row['form']}", "url": row["url"]},
    }
    if row["related"]:
        diagnostic["related_locations"] = [_relate(one, lines_of) for one in row["related"]]
    fix = row["fix"]
    changes = fix.get("text") if fix else None
    if changes:
        diagnostic["suggestions"] = [
            {"range": _range(row["file"], change, lines_of), "text": change["text"]}
            for change in changes
        ]
    return diagnostic


def _export_error(row: "ErrorRow") -> dict[str, Any]:
    location: dict[str, Any] = {"path": row["file"]}
    if row["line"]:
        location["range"] = {"start": {"line": row["line"]}}
    return {"message": escape(row["reason"]), "location": location, "severity": "ERROR"}


def _relate(row: "RelatedRow", lines_of: SourceLines) -> dict[str, Any]:
    start = _position(row["file"], row["line"], row["column"], lines_of)
    location = {"path": row["file"], "range": {"start": start}}
    return {"message": escape(row["message"]), "location": location}


def _range(file: str, row: Any, lines_of: SourceLines) -> dict[str, Any]:
    return {
        "start": _position(file, row["line"], row["column"], lines_of),
        "end": _position(file, row["end_line"], row["end_column"], lines_of),
    }


def _position(file: str, line: int, column: int, lines_of: SourceLines) -> dict[str, int]:
    lines = lines_of(file)
    before = lines[line - 1][: column - 1] if line <= len(lines) else ""
    return {"line": line, "column": column - len(before) + len(before.encode(errors="replace"))}
