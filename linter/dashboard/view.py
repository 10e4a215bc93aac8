"""What is shown of a scan: every answer made once, where it was scanned, as the bytes to send."""

import gzip
import marshal
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from linter.dashboard.answers import FindingGroup, ScanSummary, UnreadPart
from linter.dashboard.cluster_scan import ClusterScan, SeenCluster
from linter.dashboard.finding_index import FindingIndex
from linter.dashboard.grouping import (
    count_by_action,
    describe_groups,
    group_rows,
    mark_rows,
)
from linter.dashboard.pages import REPORT_PARTS
from linter.dashboard.rule_answers import RuleAnswers, answer_rules
from linter.judging.task import Task
from linter.reports import ReportOptions, weigh_row
from linter.reports.html import export_report, fill_page
from linter.reports.stakes import sum_hours
from linter.scanning.scan_metrics import render_scan_metrics
from rules.record import NamedTuple

if TYPE_CHECKING:
    from linter.row_types import FindingRow

MOST_IN_REPORT = 20_000
"""Findings that the report page holds: a browser has to hold them too."""
_MOST_ERRORS = 200
_FAST = 4
_GROUPS = TypeAdapter(list[FindingGroup])


class ScanView(NamedTuple):
    """A scan as pages and the API show it. ``report`` is the page, packed by gzip; ``groups`` are
    answers by what is grouped by; ``shown`` are findings in the report. ``marks`` tell its findings
    from those of others, ``passing`` what could not be listed by paths. ``task``, ``seen`` and
    ``rows``, the findings by ``marshal``, are for another policy to be tried out."""

    summary: ScanSummary
    report: bytes
    shown: int
    groups: Mapping[str, bytes]
    findings: FindingIndex
    rules: RuleAnswers
    metrics: bytes
    marks: frozenset[tuple[str, str]]
    passing: Mapping[str, str]
    task: Task
    seen: SeenCluster
    rows: bytes

    @property
    def number(self) -> int:
        """The scan's number."""
        return self.summary.number


def make_view(number: int, done: ClusterScan, team_label: str) -> ScanView:
    """The view of the scan of that number."""
    rows = list(done.result["findings"])
    keys = _find_keys(done, team_label)
    groups = {name: describe_groups(group_rows(rows, key)) for name, key in keys.items()}
    columns = {name: [key(row) for row in rows] for name, key in keys.items()}
    columns["action"] = [row["action"] for row in rows]
    shown = sorted(rows, key=weigh_row)[:MOST_IN_REPORT]
    page = _draw_report(number, done, shown, keys["team"])
    return ScanView(
        summary=_summarize(number, done),
        report=gzip.compress(page.encode(), _FAST),
        shown=len(shown),
        groups={name: _GROUPS.dump_json(found) for name, found in groups.items()},
        findings=FindingIndex(rows, columns),
        rules=answer_rules(done.task, {one.name: one.counts for one in groups["rule"]}),
        metrics=render_scan_metrics(done.result, done.seconds),
        marks=frozenset(mark_rows(rows)),
        passing=done.passing,
        task=done.task,
        seen=done.seen,
        rows=marshal.dumps(rows),
    )


def _find_keys(done: ClusterScan, team_label: str) -> "dict[str, Callable[[FindingRow], str]]":
    """What findings are grouped by."""
    return {
        "namespace": lambda row: row["object"]["namespace"] or "",
        "team": lambda row: done.read_team(row, team_label),
        "rule": lambda row: row["rule"],
        "kind": lambda row: row["object"]["kind"] or "",
        "role": lambda row: row["role"] or "",
    }


def _summarize(number: int, done: ClusterScan) -> ScanSummary:
    result = done.result
    errors = [UnreadPart(name=one["file"], reason=one["reason"]) for one in result["errors"]]
    told = (row for row in result["findings"] if row["action"] in ("deny", "warn"))
    return ScanSummary(
        number=number,
        finished=datetime.fromtimestamp(done.finished, UTC),
        seconds=done.seconds,
        outcome="partial" if errors else "whole",
        policy=done.policy,
        counts=count_by_action(result["findings"]),
        objects=result["coverage"]["objects"],
        at_stake=sum_hours(told),
        errors=errors[:_MOST_ERRORS],
    )


def _draw_report(
    number: int,
    done: ClusterScan,
    shown: "Iterable[FindingRow]",
    read_team: "Callable[[FindingRow], str]",
) -> str:
    options = ReportOptions(
        colour=False,
        show_audit=True,
        show_roles=False,
        read_source=done.scan.read_source,
        policy=done.policy,
    )
    rows = sorted(shown, key=lambda row: row["file"])
    data: dict[str, Any] = export_report({**done.result, "findings": rows}, options)
    for finding, row in zip(data["findings"], rows, strict=True):
        finding["team"] = read_team(row)
    # What could not be read is told above the report, as on every page.
    return fill_page({**data, "errors": [], "scan": number, "order": "action"}, REPORT_PARTS)
