"""A schedule has no time zone, or is invalid.

## What
A schedule must be one that its controller can parse, with the time zone in its own field.

## Why
The API server refuses `TZ=` and `CRON_TZ=` in a CronJob's schedule, and KubeRay never runs it.
Without a time zone the controller's own applies: training meant for the night runs in business
hours.

## Example
```yaml
kind: CronJob
spec:
  schedule: "CRON_TZ=Europe/Berlin 0 2 * * *"
```

## Use instead
```yaml
kind: CronJob
spec:
  schedule: "0 2 * * *"
  timeZone: Europe/Berlin
```
In an Argo CronWorkflow the field is `timezone`. Schedules have five fields, without seconds; Sunday
is 0, never 7. Runs at equal intervals several times a day need no time zone.

## Fix safety
Safe: a time zone in the schedule moves to its field; a missing one is set to the policy's
`cluster.controller_tz`, which is already in force.

## References
- `pkg/apis/batch/validation` (validateScheduleFormat, validateTimeZone); robfig/cron v3 `parser.go`
- kuberay `utils/validation.go`; volcano `admit_cronjob.go`; argo `cron_workflow_types.go`
"""

from collections.abc import Iterator, Mapping

from rules.kinds import facts
from rules.model import Harm, Problem, Rule, Value, form_table
from rules.paths import dotted
from rules.schedules import (
    CronText,
    explain_zone,
    needs_zone,
    read_crons,
    tell_fate,
    trains_by_schedule,
    weigh_schedule,
)
from rules.type_names import Any
from rules.wording import tell_value, write_value, write_values
from rules.workload import Workload


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    schedule, zone = workload.schedule, workload.at(facts.TIME_ZONE)
    if schedule is None:
        return
    for text in workload.once(read_crons):
        if text.zone and schedule.zone_inside:
            yield _inside(text, schedule.zone_inside, zone)
        elif text.error:
            effect = tell_fate(workload, text.error)
            message = f"{tell_value(text.value)}; {effect}; expected five fields, such as 0 2 * * 0"
            yield Problem("unreadable", text.value.path, message)
    effect = explain_zone(workload, schedule, zone) if zone and zone.written else ""
    if zone and effect:
        message = f"{tell_value(zone)}; {effect}; expected a name such as Europe/Berlin"
        yield Problem("unknown", zone.path, message)
    elif zone and zone.absent and not workload.partial and trains_by_schedule(workload):
        yield from _judge_absence(workload, zone)


def _inside(text: CronText, effect: str, zone: Value | None) -> Problem:
    field = dotted(zone.path) if zone else "a field of its own"
    message = f"{tell_value(text.value)}; {effect}; expected the time zone in {field}"
    fix = None
    if zone is not None and (zone.absent or zone.value == text.zone):
        title = f"move the time zone of {dotted(text.value.path)} to {field}"
        fix = write_values(title, ((text.value, text.rest), (zone, text.zone)), safe=True)
    return Problem("inside", text.value.path, message, fix)


def _judge_absence(workload: Workload, zone: Value) -> Iterator[Problem]:
    if not needs_zone(workload):
        return
    known = workload.parameters["cluster"]["controller_tz"]
    fix = None if known == "any" else write_value(zone, known, safe=True)
    found = tell_value(zone, ", so that the controller's own zone decides when it runs")
    message = f"{found}; expected the name of a zone, such as Etc/UTC"
    yield weigh_schedule(workload, Problem("absent", zone.path, message, fix))


RULE = Rule(
    code="CRN004",
    name="schedule-timezone",
    harm=Harm.NEVER_STARTS,
    forms=(
        *form_table("absent  info  audit  audit  the controller's own time zone decides"),
        *form_table(
            """
            inside      error  deny  deny  a time zone stands in the schedule, and is refused
            unknown     error  deny  deny  there is no such time zone
            unreadable  error  deny  deny  no controller can read the schedule
            """,
            role_gated=False,
        ),
    ),
    check=check,
    docs=__doc__ or "",
    fix="safe",
    scope="every schedule; that the zone is absent, of training and accelerated runs",
    reads=("schedule",),
)
