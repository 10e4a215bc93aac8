"""The report in one line for each finding: for editors and for grep."""

from collections.abc import Iterator

from linter.reports import ReportOptions, select_errors, select_shown
from linter.reports.terminal import escape, paint
from linter.reports.text import draw_label, locate, tell_source
from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    from linter.row_types import FindingRow, RunResult


def render(result: "RunResult", options: ReportOptions) -> Iterator[str]:
    """``file:line:column: action[CODE/form] message``; errors first, as ``file: error reason``."""
    label = paint("error", "error", colour=options.colour)
    for error in select_errors(result):
        yield f"{locate(error)}: {label} {escape(error['reason'])}\n"
    for finding in select_shown(result, options):
        yield f"{_draw(finding, options)}\n"


def _draw(finding: "FindingRow", options: ReportOptions) -> str:
    text = f"{escape(finding['message'])}{tell_source(finding)}"
    return f"{locate(finding)}: {draw_label(finding, options)} {text}"
