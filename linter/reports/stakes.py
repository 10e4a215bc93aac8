"""GPU-hours at stake, in words and added up."""

from collections.abc import Iterable

from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    from linter.row_types import FindingRow

_ENDLESS = float("inf")


def tell_hours(hours: float) -> str:
    """``224 GPU-hours``; small numbers have one decimal."""
    if hours == _ENDLESS:
        return "GPU-hours without bound"
    if hours == 1:
        return "1 GPU-hour"
    return (
        f"{hours:,.1f}".removesuffix(".0") + " GPU-hours"
        if hours < 10
        else f"{hours:,.0f} GPU-hours"
    )


def sum_hours(rows: "Iterable[FindingRow]") -> str:
    """What all findings put at stake, each object once; empty where that is nothing."""
    most: dict[tuple[object, ...], float] = {}
    for row in rows:
        if row["gpu_hours"] is not None:
            embedded = row["embedded"]
            key = (
                row["file"],
                row["document"],
                str(row["object"]),
                str(embedded and embedded["name"]),
            )
            most[key] = max(most.get(key, 0.0), row["gpu_hours"])
    bounded = [hours for hours in most.values() if hours < _ENDLESS]
    endless = len(most) - len(bounded)
    parts = [tell_hours(sum(bounded))] if bounded else []
    if endless:
        noun = "workload" if endless == 1 else "workloads"
        parts.append(f"{tell_hours(_ENDLESS)} in {endless:,} {noun}")
    return ", and ".join(parts)
