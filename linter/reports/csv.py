"""The report as a table for spreadsheets: CSV with a line of headings."""

from collections.abc import Iterator

from linter.reports import ReportOptions, select_errors, select_shown
from linter.reports.terminal import escape
from rules.paths import pointer
from rules.stakes import export_hours
from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    from linter.row_types import ErrorRow, FindingRow, RunResult

COLUMNS = (
    "file",
    "line",
    "column",
    "action",
    "rule",
    "form",
    "severity",
    "confidence",
    "role",
    "apiVersion",
    "kind",
    "namespace",
    "name",
    "path",
    "message",
    "gpu_hours",
    "fix",
    "fingerprint",
    "url",
)
_FORMULA = ("=", "+", "-", "@")


class _Lines:
    """Where a CSV writer writes: what is written is what ``writerow`` returns."""

    def write(self, line: str) -> str:
        return line


def render(result: "RunResult", options: ReportOptions) -> Iterator[str]:
    """A line for each finding; what could not be read comes first, with the action ``error``."""
    import csv

    write = csv.writer(_Lines(), lineterminator="\n").writerow
    yield write(COLUMNS)
    for cells in _list_cells(result, options):
        yield write([_cell(cells.get(column)) for column in COLUMNS])


def _list_cells(result: "RunResult", options: ReportOptions) -> Iterator[dict[str, object]]:
    yield from map(_error_cells, select_errors(result))
    yield from map(_finding_cells, select_shown(result, options))


def _finding_cells(row: "FindingRow") -> dict[str, object]:
    return {
        **row,
        **row["object"],
        "name": row["object"]["name"],
        "path": pointer(row["path"]),
        "gpu_hours": export_hours(row["gpu_hours"]),
        "fix": row["fix"]["safety"] if row["fix"] else None,
    }


def _error_cells(row: "ErrorRow") -> dict[str, object]:
    return {**row, "action": "error", "message": row["reason"]}


def _cell(value: object) -> str:
    """A cell's text. A spreadsheet would run what begins like a formula, and manifests are other
    people's."""
    text = "" if value is None else escape(str(value))
    return f"'{text}" if text.startswith(_FORMULA) else text
