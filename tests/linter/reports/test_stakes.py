"""GPU-hours in words and added up."""

from typing import Any, cast

import pytest

from linter.reports.stakes import sum_hours, tell_hours
from linter.row_types import FindingRow

ENDLESS = float("inf")


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        (0.25, "0.2 GPU-hours"),
        (1.0, "1 GPU-hour"),
        (1.5, "1.5 GPU-hours"),
        (2.0, "2 GPU-hours"),
        (1234.6, "1,235 GPU-hours"),
        (ENDLESS, "GPU-hours without bound"),
    ],
)
def test_hours_are_told(hours: float, told: str) -> None:
    assert tell_hours(hours) == told


def row(document: int, hours: float | None, file: str = "a.yaml") -> FindingRow:
    found: dict[str, Any] = {
        "file": file,
        "document": document,
        "object": {"kind": "Job", "name": "x"},
        "embedded": None,
        "gpu_hours": hours,
    }
    return cast("FindingRow", found)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([], ""),
        ([row(0, None)], ""),
        ([row(0, 4.0), row(0, 16.0), row(1, 8.0)], "24 GPU-hours"),
        ([row(0, 4.0), row(0, ENDLESS)], "GPU-hours without bound in 1 workload"),
        (
            [row(0, 4.0), row(1, ENDLESS), row(2, ENDLESS), row(1, 1.0)],
            "4 GPU-hours, and GPU-hours without bound in 2 workloads",
        ),
    ],
)
def test_each_workload_counts_once_with_the_most_that_it_puts_at_stake(
    rows: list[FindingRow], told: str
) -> None:
    assert sum_hours(rows) == told
