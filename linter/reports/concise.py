"""The report in one line for each finding: for editors and for grep."""

from linter.reports import ReportOptions, select_errors, select_shown
from linter.reports.terminal import escape, paint
from linter.reports.text import draw_label, locate, tell_source
from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    from linter.row_types import FindingRow, RunResult


def render(result: "RunResult", options: ReportOptions) -> str:
    """``file:line:column: action[CODE/form] message``; errors first, as ``file: error reason``."""
    lines = [
        f"{locate(error)}: {paint('error', 'error', colour=options.colour)} "
        f"{escape(error['reason'])}"
        for error in select_errors(result)
    ]
    lines += [_draw(finding, options) for finding in select_shown(result, options)]
    return "".join(f"{line}\n" for line in lines)


def _draw(finding: "FindingRow", options: ReportOptions) -> str:
    text = f"{escape(finding['message'])}{tell_source(finding)}"
    return f"{locate(finding)}: {draw_label(finding, options)} {text}"
