"""What is said of a schedule's time zone and intervals."""

import zoneinfo

import pytest

from rules.schedules import NO_ZONES, tell_span


def test_no_name_that_is_called_none_is_a_time_zone() -> None:
    known = zoneinfo.available_timezones()
    assert known
    assert known & NO_ZONES == set()


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(21600, "6 h"), (5400, "90 min"), (45, "45 s"), (604800, "168 h"), (3601, "3,601 s")],
)
def test_a_time_is_told_in_its_largest_whole_unit(seconds: float, told: str) -> None:
    assert tell_span(seconds) == told
