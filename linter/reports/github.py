"""The report as workflow commands, which GitHub Actions shows at the lines of a pull request."""

from collections import Counter
from collections.abc import Iterator

from linter.reports import ReportOptions, select_errors, select_shown
from linter.reports.terminal import escape
from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    from linter.row_types import ErrorRow, FindingRow, RunResult

MOST_SHOWN = 10
"""Annotations of one level that GitHub shows for a step; the rest stand in its log alone."""

_LEVELS = {"deny": "error", "warn": "warning"}


def render(result: "RunResult", options: ReportOptions) -> Iterator[str]:
    """``::error file=...,line=...::message``, denials first, because GitHub drops the later
    ones."""
    lines = [_annotate_error(error) for error in select_errors(result)]
    for wanted in ("error", "warning", "notice"):
        shown = select_shown(result, options)
        lines += [_annotate(row) for row in shown if _level(row) == wanted]
    yield "".join(f"{line}\n" for line in [*lines, *_tell_cap(lines)])


def _level(row: "FindingRow") -> str:
    return _LEVELS.get(row["action"], "notice")


def _tell_cap(lines: list[str]) -> list[str]:
    levels = Counter(line[2:].partition(" ")[0] for line in lines)
    over = [
        f"{MOST_SHOWN} of {count} {level}s" for level, count in levels.items() if count > MOST_SHOWN
    ]
    if not over:
        return []
    return [f"GitHub shows {' and '.join(over)} as annotations; all of them stand above"]


def _annotate(row: "FindingRow") -> str:
    properties: dict[str, str | int | None] = {
        "file": row["file"],
        "line": row["line"],
        "endLine": row["end_line"],
        "col": row["column"],
        "title": f"{row['rule']}/{row['form']}",
    }
    # Columns of an annotation hold in one line only.
    if row["end_line"] == row["line"]:
        properties["endColumn"] = row["end_column"]
    return _command(_level(row), properties, row["message"])


def _annotate_error(row: "ErrorRow") -> str:
    places = {"file": row["file"], "line": row["line"], "col": row["column"]}
    known = {key: value for key, value in places.items() if value}
    return _command("error", {**known, "title": "cannot be read"}, row["reason"])


def _command(level: str, properties: "dict[str, str | int | None]", message: str) -> str:
    listed = ",".join(f"{key}={_escape_property(value)}" for key, value in properties.items())
    return f"::{level} {listed}::{_escape_data(escape(message))}"


def _escape_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(value: object) -> str:
    return _escape_data(escape(str(value))).replace(":", "%3A").replace(",", "%2C")
