"""What is shown of a scan, made once when it ends, so that a page costs next to nothing."""

import gzip
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from linter.dashboard.answers import ActionCounts, FindingGroup
from linter.dashboard.cluster_scan import ClusterScan
from linter.dashboard.grouping import (
    count_by_action,
    describe_groups,
    group_rows,
    mark_rows,
)
from linter.dashboard.pages import REPORT_PARTS
from linter.reports import ReportOptions, weigh_row
from linter.reports.html import export_report, fill_page
from linter.reports.stakes import sum_hours

if TYPE_CHECKING:
    from linter.row_types import FindingRow

MOST_IN_REPORT = 20_000
"""Findings that the report page holds: a browser has to hold them too."""
_FAST = 4


class ScanView:
    """A scan as pages and the API show it. ``report`` is the page, packed by gzip."""

    def __init__(self, number: int, source: ClusterScan, team_label: str) -> None:
        self.number = number
        self.source = source
        self.rows = source.result["findings"]
        self.counts: ActionCounts = count_by_action(self.rows)
        self.at_stake = sum_hours(row for row in self.rows if row["action"] in ("deny", "warn"))
        self.marks = mark_rows(self.rows)
        self.keys: dict[str, Callable[[FindingRow], str]] = {
            "namespace": lambda row: row["object"]["namespace"] or "",
            "team": lambda row: source.read_team(row, team_label),
            "rule": lambda row: row["rule"],
            "kind": lambda row: row["object"]["kind"] or "",
            "role": lambda row: row["role"] or "",
        }
        self._grouped = {name: group_rows(self.rows, key) for name, key in self.keys.items()}
        self.groups: dict[str, list[FindingGroup]] = {
            name: describe_groups(rows) for name, rows in self._grouped.items()
        }
        shown = sorted(self.rows, key=weigh_row)[:MOST_IN_REPORT]
        self.shown = len(shown)
        self.report = gzip.compress(self._draw_report(shown).encode(), _FAST)

    def select(self, wanted: dict[str, str]) -> "list[FindingRow]":
        """The findings of which each key that is given has the value given: ``action``, or what
        findings are grouped by."""
        keys = {"action": lambda row: row["action"], **self.keys}
        tests = [(keys[name], value) for name, value in wanted.items()]
        held = (
            self._grouped[name].get(value, [])
            for name, value in wanted.items()
            if name in self._grouped
        )
        fewest = min(held, key=len, default=self.rows)
        return [row for row in fewest if all(key(row) == value for key, value in tests)]

    def _draw_report(self, shown: "list[FindingRow]") -> str:
        options = ReportOptions(
            colour=False,
            show_audit=True,
            show_roles=False,
            read_source=self.source.scan.read_source,
            policy=self.source.policy,
        )
        rows = sorted(shown, key=lambda row: row["file"])
        data: dict[str, Any] = export_report({**self.source.result, "findings": rows}, options)
        for finding, row in zip(data["findings"], rows, strict=True):
            finding["team"] = self.keys["team"](row)
        # What could not be read is told above the report, as on every page.
        told = {**data, "errors": [], "scan": self.number, "order": "action"}
        return fill_page(told, REPORT_PARTS)
