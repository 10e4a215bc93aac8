"""Cron expressions, as the controllers read them, and how soon one run follows another.

Kubernetes, Argo, Volcano, KubeRay, Kruise and the Spark operator all parse a schedule with
``ParseStandard`` of robfig/cron v3 (``parser.go``): five fields, ``@hourly`` and its like, or
``@every`` with a Go duration. Unlike other crons it knows neither 7 for Sunday nor ``L`` and ``#``,
and a step makes of ``*`` a range like any other. Intervals are those of a clock that is never put
forward or back: an hour that a time zone takes from one night of the year is nobody's mistake.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import compress, count, cycle, islice, pairwise
from math import inf

from rules.memory import remember
from rules.quantity import parse_duration
from rules.record import NamedTuple

MINUTE, DAY = 60, 86400
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_WEEKDAYS = "sun mon tue wed thu fri sat".split()
_YEARS = 28
"""After so many years every date falls on the same day of the week again."""
_MOST = 8
"""Expressions of one schedule of which the runs are put together."""
_MOST_DIGITS = 18
_EVERY = "@every "


class _Bounds(NamedTuple):
    """What a field may hold, and the names of its numbers."""

    least: int
    most: int
    names: tuple[str, ...] = ()


_BOUNDS = (
    _Bounds(0, 59),
    _Bounds(0, 23),
    _Bounds(1, 31),
    _Bounds(1, 12, tuple(_MONTHS)),
    _Bounds(0, 6, tuple(_WEEKDAYS)),
)
_NAMED = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


class CronSyntaxError(ValueError):
    """A schedule that no controller can read; its text is what the parser says of it."""


class Cron(NamedTuple):
    """A schedule that was read.

    ``times`` are the minutes of the day at which it runs, in order, on the days that the other
    fields select; ``either``: both fields of days are restricted, and one of them is enough.
    ``every`` is the time between two runs in seconds where it runs by that alone.
    """

    times: tuple[int, ...] = ()
    days: frozenset[int] = frozenset()
    months: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()
    either: bool = False
    every: float | None = None

    @property
    def yearly(self) -> bool:
        """Whether it runs in every year on the same dates."""
        return len(self.weekdays) == 7

    @property
    def weekly(self) -> bool:
        """Whether it runs in every week on the same days."""
        return len(self.months) == 12 and len(self.days) == 31

    @property
    def daily(self) -> bool:
        """Whether it runs on each day."""
        return self.weekly and (self.either or self.yearly)

    @property
    def steady(self) -> bool:
        """Whether runs come more than once a day and equally far apart, so that no time zone moves
        them into other hours."""
        if self.every is not None:
            return self.every < DAY
        if len(self.times) < 2 or not self.daily:
            return False
        return len({*_list_gaps(self.times), _overnight(self.times, self.times, (1,))}) == 1

    def runs_on(self, day: int, month: int, weekday: int) -> bool:
        """Whether it runs on a day; weekdays count from Sunday, 0."""
        if month not in self.months:
            return False
        found = day in self.days, weekday in self.weekdays
        return any(found) if self.either else all(found)


@remember(256, 256)
def parse_cron(text: str) -> Cron:
    """A schedule without its time zone; raises ``CronSyntaxError``."""
    if not text.startswith("@"):
        return _parse_fields(text.split())
    if text.startswith(_EVERY):
        seconds = parse_duration(text[len(_EVERY) :])
        if seconds is None:
            raise CronSyntaxError(f"failed to parse duration {text}")
        return Cron(every=max(1.0, seconds // 1))
    if text not in _NAMED:
        raise CronSyntaxError(f"unrecognized descriptor: {text}")
    return _parse_fields(_NAMED[text].split())


def split_zone(text: str) -> tuple[str, str]:
    """The time zone that a schedule begins with (``TZ=``, ``CRON_TZ=``), "" for none, and the rest
    of it."""
    if not text.startswith(("TZ=", "CRON_TZ=")):
        return "", text
    zone, _, rest = text.partition(" ")
    return zone.partition("=")[2], rest.strip()


def _parse_fields(fields: list[str]) -> Cron:
    if len(fields) != len(_BOUNDS):
        raise CronSyntaxError(f"expected exactly 5 fields, found {len(fields)}")
    read = [_parse_field(field, bounds) for field, bounds in zip(fields, _BOUNDS, strict=True)]
    (minutes, _), (hours, _), (days, any_day), (months, _), (weekdays, any_weekday) = read
    times = sorted(hour * 60 + minute for hour in hours for minute in minutes)
    return Cron(tuple(times), days, months, weekdays, not any_day and not any_weekday)


def _parse_field(field: str, bounds: _Bounds) -> tuple[frozenset[int], bool]:
    """The numbers of a field, and whether an unrestricted ``*`` is among its ranges."""
    found: set[int] = set()
    star = False
    for part in filter(None, field.split(",")):
        numbers = _parse_range(part, bounds)
        found.update(numbers)
        star = star or (part[0] in "*?" and numbers.step == 1)
    return frozenset(found), star


def _parse_range(text: str, bounds: _Bounds) -> range:
    reach, *steps = text.split("/")
    ends = reach.split("-")
    if len(steps) > 1:
        raise CronSyntaxError(f"too many slashes: {text}")
    first, last = _parse_ends(text, ends, bounds)
    step = _parse_number(steps[0]) if steps else 1
    if steps and len(ends) == 1:
        last = bounds.most
    if first < bounds.least:
        wrong = f"beginning of range ({first}) below minimum ({bounds.least})"
    elif last > bounds.most:
        wrong = f"end of range ({last}) above maximum ({bounds.most})"
    elif first > last:
        wrong = f"beginning of range ({first}) beyond end of range ({last})"
    elif step == 0:
        wrong = "step of range should be a positive number"
    else:
        return range(first, last + 1, step)
    raise CronSyntaxError(f"{wrong}: {text}")


def _parse_ends(text: str, ends: list[str], bounds: _Bounds) -> tuple[int, int]:
    if ends[0] in ("*", "?"):
        return bounds.least, bounds.most
    if len(ends) > 2:
        raise CronSyntaxError(f"too many hyphens: {text}")
    first, *last = (_parse_number(end, bounds) for end in ends)
    return first, last[0] if last else first


def _parse_number(text: str, bounds: _Bounds | None = None) -> int:
    names = bounds.names if bounds else ()
    if text.lower() in names:
        return names.index(text.lower()) + (bounds.least if bounds else 0)
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not (digits.isascii() and digits.isdigit()) or len(digits) > _MOST_DIGITS:
        raise CronSyntaxError(f"failed to parse int from {text}")
    number = int(text)
    if number < 0:
        raise CronSyntaxError(f"negative number ({number}) not allowed: {text}")
    return number


def find_interval(schedules: Sequence[Cron]) -> float:
    """The least time in seconds between two runs; infinite where there are no two.

    Runs of several expressions that come at the same minute count as one, and of those that go by
    ``@every`` nobody knows how they fall between the others.
    """
    every = [one.every for one in schedules if one.every is not None]
    dated = [one for one in schedules if one.every is None][:_MOST]
    nights = set(_list_nights(dated))
    gaps = [gap for _, first, _ in nights for gap in _list_gaps(first)]
    return min([*every, *gaps, *(_overnight(*night) for night in nights)], default=inf)


def _list_nights(schedules: Sequence[Cron]) -> Iterator[tuple[tuple[int, ...], ...]]:
    """For each day with runs those of the day with runs before, its own, and how many days lie
    between the two."""
    joined: dict[tuple[bool, ...], tuple[int, ...]] = {}
    before: tuple[int, ...] = ()
    passed = 0
    for date in islice(_list_dates(), _count_days(schedules)):
        passed += 1
        which = tuple([one.runs_on(*date) for one in schedules])
        if which not in joined:
            joined[which] = _join_times(compress(schedules, which))
        times = joined[which]
        if times:
            if before:
                yield before, times, (passed,)
            before, passed = times, 0


def _count_days(schedules: Sequence[Cron]) -> int:
    """After how many days nothing new comes. The year after a leap year's last day may be the
    fifth from the first."""
    if all(one.daily for one in schedules):
        return 2
    if all(one.weekly for one in schedules):
        return 2 * 7 + 1
    years = 4 if all(one.yearly for one in schedules) else _YEARS
    return (years + 5) * 366


def _join_times(schedules: Iterable[Cron]) -> tuple[int, ...]:
    return tuple(sorted({time for one in schedules for time in one.times}))


def _list_gaps(times: tuple[int, ...]) -> list[float]:
    return [(after - one) * MINUTE for one, after in pairwise(times)]


def _overnight(last: tuple[int, ...], first: tuple[int, ...], days: tuple[int, ...]) -> float:
    """The time from the last run of a day to the first of the next day that has one."""
    return days[0] * DAY + (first[0] - last[-1]) * MINUTE


def _list_dates() -> Iterator[tuple[int, int, int]]:
    """Day, month and weekday of one date after the other."""
    weekdays = cycle(range(7))
    for year in count():
        lengths = (31, 29 if year % 4 == 0 else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
        for month, length in enumerate(lengths, 1):
            for day in range(1, length + 1):
                yield day, month, next(weekdays)
