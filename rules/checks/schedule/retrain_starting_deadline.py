"""A missed training run may start at any hour.

## What
Scheduled training must state how long after its scheduled time a run may still start.

## Why
After an outage of the controller, or when `Forbid` had to wait for a long run, a CronJob starts an
overdue run as soon as it can: the 02:00 training starts at 11:00, on top of the day's work. After
more than a hundred missed runs it starts nothing any more, and only an event says so. An Argo
CronWorkflow does the opposite: without the field, a missed run is never made up for.

## Example
```yaml
kind: CronJob
spec:
  schedule: "0 2 * * *"
```

## Use instead
```yaml
kind: CronJob
spec:
  schedule: "0 2 * * *"
  startingDeadlineSeconds: 3600
```
Use at least 10: the controller checks schedules every ten seconds. Time that a Job spends in
Kueue's queue does not count: the run has started.

## Fix safety
Safe if the field is not set: it ends no run. It sets at most half of the time between two runs.

## References
- kubernetes.io: CronJob, deadline for delayed Job start; kubernetes/kubernetes#42649
- argo-workflows `workflow/cron/operator.go` (shouldOutstandingWorkflowsBeRun)
"""

from collections.abc import Iterator, Mapping

from rules.kinds import facts
from rules.kinds.runs import Schedule
from rules.model import Harm, Parameter, Problem, Rule, Value, form_table
from rules.refusals import NOT_NEGATIVE, refuse
from rules.schedules import find_run_interval, weigh_schedule
from rules.type_names import Any
from rules.wording import tell_value, write_value
from rules.workload import TRAINING, Workload

_LEAST = 10


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    schedule, deadline = workload.schedule, workload.at(facts.STARTING_DEADLINE)
    if schedule is None or deadline is None or workload.role not in TRAINING:
        return
    if deadline.absent and not workload.partial:
        yield weigh_schedule(workload, _missing(workload, schedule, deadline, params["default"]))
    elif deadline.number is not None and deadline.number < schedule.shortest:
        yield weigh_schedule(workload, _short(schedule, deadline, deadline.number))


def _missing(workload: Workload, schedule: Schedule, deadline: Value, default: int) -> Problem:
    seconds = int(min(default, max(_LEAST, workload.once(find_run_interval) / 2)))
    found = tell_value(deadline, f": {schedule.missed}")
    fix = write_value(deadline, seconds, safe=True)
    return Problem("missing", deadline.path, f"{found}; expected {seconds} s", fix)


def _short(schedule: Schedule, deadline: Value, seconds: float) -> Problem:
    effect = refuse(NOT_NEGATIVE) if seconds < 0 else "a run may never start in so short a time"
    expected = f"expected at least {schedule.shortest} s"
    return Problem("short", deadline.path, f"{tell_value(deadline)}: {effect}; {expected}")


RULE = Rule(
    code="CRN002",
    name="retrain-starting-deadline",
    harm=Harm.WASTES_ACCELERATORS,
    forms=form_table("""
        missing  warning  warn  warn  an overdue training run may start at any hour, or never
        short    error    warn  warn  the starting deadline is too short for any run to start
    """),
    check=check,
    docs=__doc__ or "",
    fix="safe",
    scope="retraining",
    reads=(facts.STARTING_DEADLINE,),
    roles=TRAINING,
    parameters=(Parameter("default", "seconds that the fix writes at most", default=3600),),
)
