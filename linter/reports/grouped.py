"""The report by file: its name, and below it a line for each finding."""

from collections.abc import Iterator
from itertools import groupby

from linter.reports import ReportOptions, select_errors, select_shown
from linter.reports.terminal import escape, paint
from linter.reports.text import draw_label, tell_source
from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    from linter.row_types import ErrorRow, FindingRow, RunResult


def render(result: "RunResult", options: ReportOptions) -> Iterator[str]:
    """Files in order; errors of a file before its findings."""
    label = paint("error", "error", colour=options.colour)
    entries = [
        (error["file"], _place(error), f"{label} {escape(error['reason'])}")
        for error in select_errors(result)
    ]
    entries += [
        (
            row["file"],
            _place(row),
            f"{draw_label(row, options)} {escape(row['message'])}{tell_source(row)}",
        )
        for row in select_shown(result, options)
    ]
    for file, group in groupby(sorted(entries, key=lambda entry: entry[0]), lambda one: one[0]):
        title = paint(f"{escape(file)}:", "strong", colour=options.colour)
        rows = [(place, text) for _, place, text in group]
        widest = max(len(place) for place, _ in rows)
        lines = [f"  {place:>{widest}}  {text}" for place, text in rows]
        block = "\n".join([title, *lines])
        yield f"{block}\n\n"


def _place(row: "ErrorRow | FindingRow") -> str:
    return ":".join(str(part) for part in (row["line"], row["column"]) if part)
