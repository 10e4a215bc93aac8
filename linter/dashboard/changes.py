"""What another policy would change, counted."""

from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING

from linter.dashboard.answers import (
    ActionCounts,
    ChangedFinding,
    ChangedGroup,
    SimulationReport,
)
from linter.dashboard.grouping import count_by_action, group_rows
from linter.judging.comparison import NOTHING, FindingChange, compare_findings, count_changes
from linter.reports.terminal import escape

if TYPE_CHECKING:
    from linter.row_types import FindingRow


_MOST_CHANGES = 500
_WORST = ("deny", "warn", "audit", "excepted", NOTHING)


def report_changes(
    before: "Collection[FindingRow]", after: "Collection[FindingRow]"
) -> SimulationReport:
    """The findings of two policies in one cluster held against each other."""
    changes = sorted(compare_findings(before, after), key=_weigh_change)
    counts = count_changes(changes)
    return SimulationReport(
        before=count_by_action(before),
        after=count_by_action(after),
        denied=(_count_denied(before), _count_denied(after)),
        **counts._asdict(),
        namespaces=_compare_groups(before, after, lambda row: row["object"]["namespace"] or ""),
        rules=_compare_groups(before, after, lambda row: f"{row['rule']}/{row['form']}"),
        changes=[_export_change(one) for one in changes[:_MOST_CHANGES]],
    )


def _weigh_change(change: FindingChange) -> tuple[int, int, str]:
    """What is worse afterwards comes first."""
    return _WORST.index(change.after), _WORST.index(change.before), change.row["file"]


def _count_denied(rows: "Iterable[FindingRow]") -> int:
    return len({row["file"] for row in rows if row["action"] == "deny"})


def _compare_groups(
    before: "Iterable[FindingRow]",
    after: "Iterable[FindingRow]",
    key_of: "Callable[[FindingRow], str]",
) -> list[ChangedGroup]:
    """The groups that count otherwise, the one with most new denials first."""
    olds, news = group_rows(before, key_of), group_rows(after, key_of)
    groups = [
        ChangedGroup(
            name=name,
            before=count_by_action(olds.get(name, [])),
            after=count_by_action(news.get(name, [])),
        )
        for name in sorted({*olds, *news})
    ]
    changed = [one for one in groups if one.before != one.after]
    return sorted(changed, key=lambda one: (_more(one, "deny"), _more(one, "warn")))


def _more(group: ChangedGroup, action: str) -> int:
    """How many fewer there would be of an action."""
    return _count(group.before, action) - _count(group.after, action)


def _count(counts: ActionCounts, action: str) -> int:
    number: int = getattr(counts, action)
    return number


def _export_change(change: FindingChange) -> ChangedFinding:
    row = change.row
    return ChangedFinding(
        before=change.before,
        after=change.after,
        rule=row["rule"],
        form=row["form"],
        file=escape(row["file"]),
        message=escape(row["message"]),
    )
