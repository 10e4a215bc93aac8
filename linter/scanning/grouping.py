"""Findings of a scan counted by what they have in common."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from linter.reports.terminal import escape
from linter.scanning.scan import ScannedObject

if TYPE_CHECKING:
    from linter.row_types import FindingRow


def key_of_group(group: str, objects: Mapping[str, ScannedObject]) -> "Callable[[FindingRow], str]":
    """What tells the group of a finding: its namespace, rule, kind or role, or a label of its
    object (``label:KEY``)."""
    kind, _, label = group.partition(":")
    if kind == "label":
        return lambda row: objects[row["file"]].labels.get(label, "")
    if kind == "rule":
        return lambda row: row["rule"]
    if kind == "role":
        return lambda row: row["role"] or ""
    return lambda row: str(row["object"]["kind" if kind == "kind" else "namespace"] or "")


def render_groups(rows: "Iterable[FindingRow]", key_of: "Callable[[FindingRow], str]") -> str:
    """A line for each group: denials and warnings, the most first."""
    counts: dict[str, Counter[str]] = {}
    for row in rows:
        counts.setdefault(key_of(row), Counter())[row["action"]] += 1
    ranked = sorted(counts.items(), key=lambda item: (-item[1]["deny"], -item[1]["warn"], item[0]))
    width = max((len(escape(name or "(none)")) for name, _ in ranked), default=0)
    return "".join(
        f"{escape(name or '(none)'):<{width}}  {count['deny']:>5} deny  {count['warn']:>5} warn\n"
        for name, count in ranked
    )
