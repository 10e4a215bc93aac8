"""The report as JUnit XML, which every CI server shows: a suite for each file, a case for each
finding."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from linter.reports import ReportOptions, select_errors, select_shown
from linter.reports.terminal import escape
from linter.reports.text import name_object
from rules.record import NamedTuple
from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    from linter.row_types import ErrorRow, FindingRow, RunResult

_FAILING = frozenset({"deny", "warn"})


def render(result: "RunResult", options: ReportOptions) -> Iterator[str]:
    """Denials and warnings are failures, what could not be read is an error, and what is only
    audited or excepted is skipped. A run without any of them has one case, which passes."""
    cases = [_make_unread(error) for error in select_errors(result)]
    cases += [_make_case(row) for row in select_shown(result, options)]
    cases = cases or [JUnitCase("mlgate", "no findings")]
    # What could not be read has suites of its own, and they come first.
    groups = groupby(cases, lambda one: (one.outcome != "error", one.file))
    suites = (_draw_suite(file, list(group)) for (_, file), group in groups)
    body = "\n".join(suites)
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n{body}\n</testsuites>\n'


class JUnitCase(NamedTuple):
    """A case of a file's suite. ``outcome`` is the element in it, and empty where it passes."""

    file: str
    name: str
    outcome: str = ""
    inner: str = ""


def _draw_suite(file: str, cases: "Sequence[JUnitCase]") -> str:
    outcomes = Counter(case.outcome for case in cases)
    numbers = (
        f'tests="{len(cases)}" failures="{outcomes["failure"]}" errors="{outcomes["error"]}" '
        f'skipped="{outcomes["skipped"]}"'
    )
    body = "\n".join(f"    {_draw(case)}" for case in cases)
    return f'  <testsuite name="{_quote(file)}" {numbers}>\n{body}\n  </testsuite>'


def _draw(case: JUnitCase) -> str:
    opening = f'<testcase name="{_quote(case.name)}" classname="{_quote(case.file)}"'
    return f"{opening}>{case.inner}</testcase>" if case.inner else f"{opening}/>"


def _make_case(row: "FindingRow") -> JUnitCase:
    name = f"{row['rule']}/{row['form']} {name_object(row['object'])}"
    message = _quote(row["message"])
    if row["action"] not in _FAILING:
        inner = f'<skipped message="{row["action"]}: {message}"/>'
        return JUnitCase(row["file"], name, "skipped", inner)
    place = _quote(f"{row['file']}:{row['line']}:{row['column']}")
    inner = f'<failure message="{message}" type="{row["action"]}">{place}</failure>'
    return JUnitCase(row["file"], name, "failure", inner)


def _make_unread(row: "ErrorRow") -> JUnitCase:
    place = ":".join(str(part) for part in (row["file"], row["line"], row["column"]) if part)
    inner = f'<error message="{_quote(row["reason"])}" type="unreadable">{_quote(place)}</error>'
    return JUnitCase(row["file"], "can be read", "error", inner)


def _quote(text: str) -> str:
    """As XML holds it, which cannot hold control characters at all."""
    from xml.sax.saxutils import escape as escape_markup

    return escape_markup(escape(text), {'"': "&quot;"})
