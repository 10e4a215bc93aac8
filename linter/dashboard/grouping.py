"""Findings counted: by action, by what they are about, and against those of another scan."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from linter.dashboard.answers import ActionCounts, FindingGroup
from linter.reports.stakes import sum_hours

if TYPE_CHECKING:
    from linter.row_types import FindingRow

_MOST_RULES = 3


def count_by_action(rows: "Iterable[FindingRow]") -> ActionCounts:
    """How many findings come to each action."""
    return ActionCounts(**Counter(row["action"] for row in rows))


def group_rows(
    rows: "Iterable[FindingRow]", key_of: "Callable[[FindingRow], str]"
) -> "dict[str, list[FindingRow]]":
    """The findings of each group."""
    groups: dict[str, list[FindingRow]] = {}
    for row in rows:
        groups.setdefault(key_of(row), []).append(row)
    return groups


def describe_groups(groups: "dict[str, list[FindingRow]]") -> list[FindingGroup]:
    """The groups, the most denials and warnings first."""
    described = [_describe_group(name, rows) for name, rows in groups.items()]
    return sorted(
        described,
        key=lambda one: (
            -one.counts.deny,
            -one.counts.warn,
            -one.counts.audit,
            one.name,
        ),
    )


def _describe_group(name: str, rows: "list[FindingRow]") -> FindingGroup:
    told = [row for row in rows if row["action"] in ("deny", "warn")] or rows
    rules = Counter(row["rule"] for row in told).most_common(_MOST_RULES)
    return FindingGroup(
        name=name,
        counts=count_by_action(rows),
        objects=len({row["file"] for row in rows}),
        at_stake=sum_hours(told),
        rules=[code for code, _ in rules],
    )


def mark_rows(rows: "Iterable[FindingRow]") -> set[tuple[str, str]]:
    """Keys that distinguish the findings of one scan from those of another."""
    return {(row["file"], row["fingerprint"]) for row in rows}
