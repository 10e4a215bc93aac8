"""Cron expressions: read as the controllers' own library does, intervals held against cronsim's."""

import datetime
from collections.abc import Sequence
from itertools import islice, pairwise
from math import inf

import pytest
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.cron import CronSyntaxError, find_interval, parse_cron, split_zone
from rules.quantity import parse_duration

START = datetime.datetime(2000, 1, 1)  # noqa: DTZ001 - a clock that nobody puts forward or back
END = START.replace(year=2033)
HOUR, DAY, WEEK = 3600, 86400, 604800


def interval(*texts: str) -> float:
    return find_interval([parse_cron(split_zone(text)[1]) for text in texts])


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("* * * * *", 60),
        ("*/5 * * * *", 300),
        ("0 2 * * *", DAY),
        ("0 2 * * SUN", WEEK),
        ("0 9 * * 1-5", DAY),
        ("0 2,14 * * *", 12 * HOUR),
        ("*/31 16 * * *", 31 * 60),
        ("55,5 * * * *", 600),
        ("5/20 * * * *", 20 * 60),
        ("0 0 1,15 * *", 14 * DAY),
        ("0 0 1 jan,JUL ?", 181 * DAY),
        ("0 0 29 2 *", 4 * 365 * DAY + DAY),
        ("0 0 31 2 *", inf),
        ("59 23 31 12 *", 365 * DAY),
        ("@hourly", HOUR),
        ("@daily", DAY),
        ("@weekly", WEEK),
        ("@monthly", 28 * DAY),
        ("@yearly", 365 * DAY),
        ("@every 1h30m", 5400),
        ("@every 1500ms", 1),
        ("@every 1ns", 1),
        ("@every -2h", 1),
        ("CRON_TZ=Europe/Berlin 0 2 * * *", DAY),
        ("TZ=UTC @every 3m", 180),
    ],
)
def test_the_least_time_between_two_runs(text: str, seconds: float) -> None:
    assert interval(text) == seconds


@pytest.mark.parametrize(
    ("texts", "seconds"),
    [
        (("0 1 * * *", "30 1 * * *"), 1800),
        (("0 1 * * *", "0 1 * * *"), DAY),
        (("0 23 * * *", "0 1 * * 0"), 2 * HOUR),
        (("0 0 1 * *", "0 0 * * 0"), DAY),
        (("@every 2h", "0 1 * * *"), 2 * HOUR),
        ((), inf),
    ],
)
def test_runs_of_several_expressions_are_put_together(texts: Sequence[str], seconds: float) -> None:
    assert interval(*texts) == seconds


def test_two_fields_of_days_that_are_both_restricted_are_alternatives() -> None:
    """A step restricts, with robfig's library, where other crons take ``*/2`` for a star."""
    assert interval("0 0 1 * 1") == DAY
    assert interval("0 0 */31 * 1") == DAY
    assert interval("0 0 */1 * 1") == WEEK


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "expected exactly 5 fields, found 0"),
        ("0 2 * * * *", "expected exactly 5 fields, found 6"),
        ("0 0 2 * * ? 2030", "expected exactly 5 fields, found 7"),
        ("60 * * * *", "end of range (60) above maximum (59): 60"),
        ("0 0 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("0 0 * * 7", "end of range (7) above maximum (6): 7"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        ("30-10 * * * *", "beginning of range (30) beyond end of range (10): 30-10"),
        ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
        ("1/2/3 * * * *", "too many slashes: 1/2/3"),
        ("0 0 L * *", "failed to parse int from L"),
        ("0 0 * * MON#1", "failed to parse int from MON#1"),
        ("* * * * -1", "failed to parse int from "),
        ("*/-1 * * * *", "negative number (-1) not allowed: -1"),
        ("٣ * * * *", "failed to parse int from ٣"),
        ("@often", "unrecognized descriptor: @often"),
        ("@every day", "failed to parse duration @every day"),
    ],
)
def test_what_no_controller_can_read(text: str, words: str) -> None:
    with pytest.raises(CronSyntaxError) as raised:
        parse_cron(text)
    assert str(raised.value) == words


def test_a_zone_is_told_from_the_rest() -> None:
    assert split_zone("CRON_TZ=Europe/Berlin 0 2 * * *") == ("Europe/Berlin", "0 2 * * *")
    assert split_zone("0 2 * * *") == ("", "0 2 * * *")


@pytest.mark.parametrize(
    ("text", "steady"),
    [
        ("*/15 * * * *", True),
        ("0 */6 * * *", True),
        ("@every 7h", True),
        ("30 * * * *", True),
        ("0 0,12 * * *", True),
        ("0 2 * * *", False),
        ("@every 24h", False),
        ("0 2,4 * * *", False),
        ("0 */7 * * *", False),
        ("0 * * * 1-5", False),
        ("0 0 30 2 *", False),
    ],
)
def test_whether_no_zone_moves_runs_into_other_hours(text: str, steady: bool) -> None:  # noqa: FBT001
    assert parse_cron(text).steady == steady


def field(least: int, most: int) -> st.SearchStrategy[str]:
    numbers = st.integers(least, most)
    some = st.lists(numbers, min_size=1, max_size=3).map(lambda found: ",".join(map(str, found)))
    reach = st.tuples(numbers, numbers).map(lambda ends: f"{min(ends)}-{max(ends)}")
    return st.one_of(some, reach, st.just("*"))


@st.composite
def expressions(draw: st.DrawFn) -> str:
    """What cronsim and the controllers read alike, with one run a day or two."""
    minute = draw(st.lists(st.integers(0, 59), min_size=1, max_size=2))
    hour = draw(st.integers(0, 23))
    rest = " ".join(draw(field(*bounds)) for bounds in ((1, 28), (1, 12), (0, 6)))
    return f"{','.join(map(str, minute))} {hour} {rest}"


@given(expressions())
@settings(max_examples=60, deadline=None)
def test_no_two_runs_are_nearer_and_some_are_as_near(text: str) -> None:
    runs = list(islice(CronSim(text, START), 1500))
    seen = [run for run in runs if run < END]
    least = min((after - one).total_seconds() for one, after in pairwise(runs))
    assert interval(text) <= least
    if len(seen) < len(runs):
        assert interval(text) == least


@given(st.lists(st.integers(0, 59), min_size=1), st.lists(st.integers(0, 23), min_size=1))
@settings(max_examples=60, deadline=None)
def test_of_runs_on_every_day_two_days_tell(minutes: list[int], hours: list[int]) -> None:
    text = f"{','.join(map(str, minutes))} {','.join(map(str, hours))} * * *"
    runs = list(islice(CronSim(text, START), len(set(minutes)) * len(set(hours)) + 1))
    assert interval(text) == min((b - a).total_seconds() for a, b in pairwise(runs))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *(("1h30m", 5400), ("1.5h", 5400), (".5s", 0.5), ("300ms", 0.3), ("2us", 2e-6)),
        *(("-1m", -60), ("+1m", 60), ("0", 0), ("90", None), ("", None), ("1d", None)),
        *(("1h 30m", None), ("-", None), ("h", None)),
    ],
)
def test_durations_are_those_of_go(text: str, seconds: float | None) -> None:
    assert parse_duration(text) == (seconds if seconds is None else pytest.approx(seconds))
