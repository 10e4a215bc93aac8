"""The report as Markdown, for the summary page of a CI run or a comment."""

from collections import Counter
from collections.abc import Iterator

from linter.reports import ReportOptions, select_errors, select_shown
from linter.reports.stakes import sum_hours
from linter.reports.summary import count, render_summary
from linter.reports.terminal import escape
from linter.reports.text import locate, name_object
from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    from linter.row_types import FindingRow, RunResult

MOST_ROWS = 500
"""Findings in the table: GitHub takes 1 MiB of summary for a step, and refuses more."""

_ICONS = {"deny": "⛔", "warn": "⚠️"}
_MARKUP = "\\`*_{}[]<>()#+-.!|~@&"


def render(result: "RunResult", options: ReportOptions) -> Iterator[str]:
    """What was found in a sentence, a table by rule, a table of the findings, what was checked."""
    shown = list(select_shown(result, options))
    errors = select_errors(result)
    blocks = [f"## mlgate: {_tell_verdict(shown, len(errors))}"]
    at_stake = sum_hours(shown)
    blocks += [f"At stake: **{at_stake}**"] if at_stake else []
    if errors:
        lines = [f"- {_inline(locate(one))}: {_inline(one['reason'])}" for one in errors]
        blocks.append("\n".join(["**Could not be read**", "", *lines]))
    if shown:
        blocks += [_tabulate_rules(shown), _tabulate_findings(shown)]
    summary = render_summary(result, options._replace(colour=False)).rstrip("\n")
    blocks.append(f"<details><summary>Coverage</summary>\n\n```text\n{summary}\n```\n\n</details>")
    yield "\n\n".join(blocks) + "\n"


def _tell_verdict(shown: "list[FindingRow]", errors: int) -> str:
    counts = Counter(row["action"] for row in shown)
    parts = [f"{number} {action}" for action, number in counts.items()]
    parts += [count(errors, "error")] if errors else []
    return ", ".join(parts) or "no findings"


def _tabulate_rules(shown: "list[FindingRow]") -> str:
    rules = Counter((row["rule"], row["name"], row["url"]) for row in shown)
    lines = [
        f"| [{code}]({url}) | {name} | {number} |"
        for (code, name, url), number in rules.most_common()
    ]
    return "\n".join(["| rule | | findings |", "| --- | --- | ---: |", *lines])


def _tabulate_findings(shown: "list[FindingRow]") -> str:
    lines = [
        f"| {_ICONS.get(row['action'], '')} {row['action']} | {row['rule']}/{row['form']} "
        f"| {_inline(name_object(row['object']))} | {_inline(locate(row))} "
        f"| {_inline(row['message'])} |"
        for row in shown[:MOST_ROWS]
    ]
    if len(shown) > MOST_ROWS:
        lines += ["", f"{len(shown) - MOST_ROWS} more are not shown here."]
    head = ["| action | form | object | where | what |", "| --- | --- | --- | --- | --- |"]
    return "\n".join([*head, *lines])


def _inline(text: str) -> str:
    """Text that Markdown leaves alone: manifests are other people's."""
    return "".join(f"\\{one}" if one in _MARKUP else one for one in escape(text))
