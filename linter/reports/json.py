"""The report for programs: docs/json.md is its contract, docs/report.schema.json its schema."""

import re
from functools import cache

from linter.reports import ReportOptions
from rules.lazy_pattern import LazyPattern
from rules.paths import pointer
from rules.stakes import export_hours
from rules.type_names import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from json import JSONEncoder

    from linter.row_types import EditRow, EmbeddedRow, FindingRow, FixRow, RunResult, WorkloadRow

REPORT_VERSION = 1
"""Of the report's contract: no key of it goes, or changes its meaning."""


_UNSAFE = LazyPattern("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that a terminal obeys, that turn the writing direction, or that UTF-8 cannot hold."""


def render(result: "RunResult", options: ReportOptions) -> "Iterator[str]":
    """The result as JSON, every entry of a list in a line of its own."""
    report: dict[str, Any] = {
        "version": REPORT_VERSION,
        "findings": map(export_finding_row, result["findings"]),
    }
    if "fixed" in result:
        report["fixed"] = [export_finding_row(finding) for finding in result["fixed"]]
    if options.show_roles:
        report["workloads"] = [_export_workload(one) for one in result["workloads"]]
    if "baseline" in result:
        report["baseline"] = result["baseline"]
    if "unchanged" in result:
        report["unchanged"] = result["unchanged"]
    if result.get("passed"):
        report["passed"] = result["passed"]
    report |= {key: result[key] for key in ("errors", "suppressed", "coverage")}
    if "cluster" in result:
        report["cluster"] = result["cluster"]
    yield from map(_keep_safe, _write(report))


def _write(report: dict[str, Any]) -> "Iterator[str]":
    before = "{\n"
    for key, value in report.items():
        yield f"{before}  {_dump(key)}: "
        yield from _spread(value)
        before = ",\n"
    yield "\n}\n"


def dump_safely(value: object, indent: int | None = 1) -> str:
    """A report of another shape as JSON: indented, or in a line, which is faster."""
    import json

    return _keep_safe(json.dumps(value, ensure_ascii=False, indent=indent) + "\n")


def _keep_safe(text: str) -> str:
    # After dumping: within JSON these characters stand in strings alone, where \u is allowed.
    return _UNSAFE.sub(_escape, text)


def export_finding_row(row: "FindingRow") -> dict[str, Any]:
    """A finding as the report has it."""
    return {
        "rule": row["rule"],
        "form": row["form"],
        "name": row["name"],
        "severity": row["severity"],
        "action": row["action"],
        "confidence": row["confidence"],
        "role": row["role"],
        "file": row["file"],
        "document": row["document"],
        "line": row["line"],
        "column": row["column"],
        "end_line": row["end_line"],
        "end_column": row["end_column"],
        "path": pointer(row["path"]),
        "object": row["object"],
        "embedded": _export_embedded(row["embedded"]),
        "message": row["message"],
        "gpu_hours": export_hours(row["gpu_hours"]),
        "related": [{**one, "path": pointer(one["path"])} for one in row["related"]],
        "fix": _export_fix(row["fix"]),
        "fingerprint": row["fingerprint"],
        "url": row["url"],
        **{key: row[key] for key in ("source", "builds") if key in row},
    }


def _export_embedded(row: "EmbeddedRow | None") -> dict[str, Any] | None:
    if row is None:
        return None
    names = {"apiVersion": row["apiVersion"], "kind": row["kind"], "name": row["name"]}
    return {**names, "path": pointer(row["path"])}


def _export_fix(row: "FixRow | None") -> dict[str, Any] | None:
    return row and {**row, "edits": [_export_edit(edit) for edit in row["edits"]]}


def _export_edit(row: "EditRow") -> dict[str, Any]:
    return {**row} if row["op"] == "comment" else {**row, "path": pointer(row["path"])}


def _export_workload(row: "WorkloadRow") -> dict[str, Any]:
    templates = [{**one, "path": pointer(one["path"])} for one in row["templates"]]
    return {**row, "embedded": _export_embedded(row["embedded"]), "templates": templates}


def _spread(value: Any) -> "Iterator[str]":
    if isinstance(value, dict | str | int):
        yield _dump(value)
        return
    before = "[\n"
    for entry in value:
        yield f"{before}    {_dump(entry)}"
        before = ",\n"
    yield "[]" if before == "[\n" else "\n  ]"


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def _dump(value: object) -> str:
    return _make_encoder().encode(value)


@cache
def _make_encoder() -> "JSONEncoder":
    """One for all entries, which ``json.dumps`` would make for each."""
    from json import JSONEncoder

    return JSONEncoder(ensure_ascii=False)
