"""When the runs of a scheduled workload start, and whether they train."""

from collections.abc import Iterator

from rules.cron import Cron, CronSyntaxError, find_interval, parse_cron, split_zone
from rules.kinds import facts
from rules.kinds.roles import Role
from rules.kinds.runs import Schedule
from rules.model import Confidence, Problem, Severity, Value
from rules.paths import shorten
from rules.record import NamedTuple
from rules.refusals import refuse
from rules.workload import TRAINING, Workload

OUT_OF_SCOPE = frozenset({Role.BATCH, Role.DATA, Role.NOTEBOOK, Role.SERVING, Role.NONE})
"""Roles of accelerated runs whose schedule is nobody's business here."""
NO_ZONES = frozenset("PST PDT MDT CST CDT EDT BST CEST EEST IST JST KST SGT AEST AEDT MSK".split())
"""Abbreviations that people write, and that are no names in the time zone database."""


class CronText(NamedTuple):
    """One expression of a schedule: where it stands, what it means, or why no controller can read
    it. Neither is known of a template. ``zone`` is the time zone that it begins with, ``rest``
    what comes after."""

    value: Value
    zone: str = ""
    rest: str = ""
    cron: Cron | None = None
    error: str = ""


def read_crons(workload: Workload) -> tuple[CronText, ...]:
    """The expressions of a workload's schedule. Rules ask for it by ``workload.once``."""
    return tuple(map(_read_cron, _list_expressions(workload)))


def _list_expressions(workload: Workload) -> Iterator[Value]:
    several = workload.at(facts.SCHEDULES)
    if several is not None and isinstance(several.value, list):
        for index in range(len(several.value)):
            yield workload.manifest.value((*several.path, index))
        return
    one = workload.at(facts.SCHEDULE)
    if one is not None:
        yield one


def _read_cron(value: Value) -> CronText:
    if not value.written or not isinstance(value.value, str):
        return CronText(value)
    text = CronText(value, *split_zone(value.value))
    try:
        return text._replace(cron=parse_cron(text.rest))
    except CronSyntaxError as error:
        return text._replace(error=str(error))


def find_run_interval(workload: Workload) -> float:
    """The least time in seconds between two runs, as far as the schedule is known. Rules ask for it
    by ``workload.once``."""
    crons = [text.cron for text in workload.once(read_crons)]
    return find_interval([cron for cron in crons if cron is not None])


def find_run_bound(workload: Workload) -> Value | None:
    """The written bound of a whole run, else the longest of those of its parts."""
    places = workload.deadlines.places if workload.deadlines else ()
    known = [place for place in places if place.number and not place.absent]
    if known and known[0] is places[0]:
        return known[0]
    return max(known, key=lambda place: place.number or 0, default=None)


def needs_zone(workload: Workload) -> bool:
    """Whether it depends on the time zone when runs come, as far as the schedule is known."""
    texts = workload.once(read_crons)
    if any(text.zone for text in texts):
        return False
    return any(text.cron is not None and not text.cron.steady for text in texts)


def trains_by_schedule(workload: Workload, *, accelerated: bool = True) -> bool:
    """Whether its runs train, or (with ``accelerated``) ask for an accelerator for what nobody
    knows to be something else."""
    if workload.role in TRAINING:
        return True
    if not accelerated or workload.role in OUT_OF_SCOPE:
        return False
    return any(map(workload.accelerated, workload.pods))


def weigh_schedule(workload: Workload, problem: Problem) -> Problem:
    """The problem of a schedule, as sure as the role is; of one that is suspended, for later."""
    schedule = workload.schedule
    if schedule is not None and schedule.suspended:
        return problem._replace(severity=Severity.INFO, confidence=Confidence.LOW)
    sure = workload.role in TRAINING
    return problem if sure else problem._replace(confidence=Confidence.MEDIUM)


def explain_zone(workload: Workload, schedule: Schedule, zone: Value) -> str:
    """Why no run starts by a written time zone; empty where nothing is known against it."""
    name = str(zone.value)
    if name.lower() == "local":
        return schedule.local_zone
    return tell_fate(workload, f"unknown time zone {shorten(name)}") if _is_no_zone(name) else ""


def _is_no_zone(name: str) -> bool:
    """Whether a time zone's name is surely none: an abbreviation, or an offset (``UTC+8``) other
    than zero. The rest only the time zone database knows."""
    offset = name[:3] in ("UTC", "GMT") and name[3:4] in ("+", "-") and name[4:].strip("0:") != ""
    return name in NO_ZONES or offset


def tell_fate(workload: Workload, words: str) -> str:
    """A clause on what becomes of a schedule that cannot be read, and why: the API server checks
    its own kind's, other controllers run none."""
    return refuse(words) if workload.kind.built_in else f"no run starts: {words}"


def tell_span(seconds: float) -> str:
    """A time in a sentence: ``6 h``, ``90 min``, ``45 s``."""
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= length and seconds % length == 0:
            return f"{seconds / length:,.10g} {unit}"
    return f"{seconds:,.10g} s"
