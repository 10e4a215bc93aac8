"""The report as JUnit XML, which every CI server shows: a suite for each file, a case for each
finding."""

from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING

from linter.reports import ReportOptions, select_errors, select_shown
from linter.reports.terminal import escape
from linter.reports.text import name_object

if TYPE_CHECKING:
    from linter.row_types import ErrorRow, FindingRow, RunResult

_FAILING = frozenset({"deny", "warn"})


def render(result: "RunResult", options: ReportOptions) -> str:
    """Denials and warnings are failures, what could not be read is an error, and what is only
    audited or excepted is skipped. A run without any of them has one case, which passes."""
    suites = [
        _draw_suite(file, [_draw_error(one) for one in rows])
        for file, rows in groupby(select_errors(result), lambda row: row["file"])
    ]
    suites += [
        _draw_suite(file, [_draw_finding(one) for one in rows])
        for file, rows in groupby(select_shown(result, options), lambda row: row["file"])
    ]
    if not suites:
        suites = [_draw_suite("mlgate", ['<testcase name="no findings" classname="mlgate"/>'])]
    body = "\n".join(suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n{body}\n</testsuites>\n'


def _draw_suite(name: str, cases: "Iterable[str]") -> str:
    cases = list(cases)
    counts = {
        "tests": len(cases),
        "failures": sum("<failure " in case for case in cases),
        "errors": sum("<error " in case for case in cases),
        "skipped": sum("<skipped " in case for case in cases),
    }
    numbers = " ".join(f'{key}="{count}"' for key, count in counts.items())
    body = "\n".join(f"    {case}" for case in cases)
    return f'  <testsuite name="{_quote(name)}" {numbers}>\n{body}\n  </testsuite>'


def _draw_finding(row: "FindingRow") -> str:
    form = f"{row['rule']}/{row['form']}"
    name = f"{form} {name_object(row['object'])}"
    place = f"{row['file']}:{row['line']}:{row['column']}"
    message = _quote(row["message"])
    if row["action"] in _FAILING:
        inner = f'<failure message="{message}" type="{row["action"]}">{_quote(place)}</failure>'
    else:
        inner = f'<skipped message="{row["action"]}: {message}"/>'
    return f'<testcase name="{_quote(name)}" classname="{_quote(row["file"])}">{inner}</testcase>'


def _draw_error(row: "ErrorRow") -> str:
    file = _quote(row["file"])
    place = ":".join(str(part) for part in (row["file"], row["line"], row["column"]) if part)
    inner = f'<error message="{_quote(row["reason"])}" type="unreadable">{_quote(place)}</error>'
    return f'<testcase name="can be read" classname="{file}">{inner}</testcase>'


def _quote(text: str) -> str:
    """As XML holds it, which cannot hold control characters at all."""
    from xml.sax.saxutils import escape as escape_markup

    return escape_markup(escape(text), {'"': "&quot;"})
