"""Findings of a scan counted by what they have in common."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from linter.reports.terminal import escape
from linter.scanning.scan import ScannedObject
from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    from linter.row_types import FindingRow, RunResult, ScannedRow


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


def render_groups(result: "RunResult", key_of: "Callable[[FindingRow], str]") -> str:
    """A line for each group: denials and warnings, the most first, and the accelerators that its
    objects hold at the moment, if any."""
    counts: dict[str, Counter[str]] = {}
    members: dict[str, set[str]] = {}
    for row in result["findings"]:
        key = key_of(row)
        counts.setdefault(key, Counter())[row["action"]] += 1
        members.setdefault(key, set()).add(row["file"])
    held = {one["file"]: one for one in result["cluster"]["objects"] if one["pods"]}
    ranked = sorted(counts.items(), key=lambda item: (-item[1]["deny"], -item[1]["warn"], item[0]))
    width = max((len(escape(name or "(none)")) for name, _ in ranked), default=0)
    return "".join(
        f"{escape(name or '(none)'):<{width}}  {count['deny']:>5} deny  {count['warn']:>5} warn"
        f"{_show_use(held[file] for file in members[name] if file in held)}\n"
        for name, count in ranked
    )


def _show_use(rows: "Iterable[ScannedRow]") -> str:
    using = list(rows)
    if not using:
        return ""
    accelerators = sum(one["accelerators"] for one in using)
    hours = sum(one["gpu_hours"] for one in using)
    return f"  {accelerators:>5,.10g} accelerators now, {hours:,.0f} GPU-hours so far"
