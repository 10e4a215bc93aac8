"""A scheduled run may still be running when the next one is due.

## What
The deadline of scheduled training must be shorter than the time between two runs, and a run with
accelerators must not start more often than once per `min_interval`.

## Why
With `Forbid` every run is silently skipped until the current one ends: the model that should be
fresh each hour is not. With `Allow` runs pile up; with `Replace` none ever finishes.

## Example
```yaml
kind: CronJob
spec:
  schedule: "0 */6 * * *"
  concurrencyPolicy: Forbid
  jobTemplate: {spec: {activeDeadlineSeconds: 86400}}
```

## Use instead
```yaml
kind: CronJob
spec:
  schedule: "0 */6 * * *"
  concurrencyPolicy: Forbid
  jobTemplate: {spec: {activeDeadlineSeconds: 18000}}
```
The hour that daylight saving time takes from one night of the year is disregarded. If the deadline
applies to each attempt, all attempts are added up.

## Fix safety
There is no fix: only you know which of the two numbers is wrong.

## References
- robfig/cron v3 `parser.go`, which Kubernetes, Argo, Volcano, KubeRay and Spark's operator use
"""

from collections.abc import Iterator, Mapping

from rules.model import Harm, Parameter, Problem, Related, Rule, form_table
from rules.paths import Path
from rules.schedules import (
    find_run_bound,
    find_run_interval,
    read_crons,
    tell_span,
    trains_by_schedule,
    weigh_schedule,
)
from rules.stakes import reckon_stakes
from rules.type_names import Any
from rules.wording import tell_value
from rules.workload import Workload

_EFFECTS = {"Forbid": "ticks are skipped until it ends", "Replace": "the next tick kills it"}


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    if workload.schedule is None or not trains_by_schedule(workload):
        return
    interval = workload.once(find_run_interval)
    problem = _judge_length(workload, interval) or _judge_frequency(workload, interval, params)
    if problem is not None:
        yield weigh_schedule(workload, problem)


def _judge_length(workload: Workload, interval: float) -> Problem | None:
    bound, schedule = find_run_bound(workload), workload.schedule
    rounds = workload.once(reckon_stakes).rounds
    if bound is None or schedule is None or (bound.number or 0) * rounds <= interval:
        return None
    times = f", in each of {rounds:,.10g} attempts" if rounds > 1 else ""
    policy, apart = schedule.concurrency, tell_span(interval)
    effect = _EFFECTS.get(str(policy and policy.value), "runs pile up")
    message = f"{tell_value(bound)} s{times}, and the next run may be due after {apart}: {effect}"
    message += f"; expected at most {interval / rounds:,.0f} s, or fewer runs"
    related = (Related(_where(workload), f"the next run after {apart}"),)
    return Problem("longer", bound.path, message, related=related)


def _judge_frequency(
    workload: Workload, interval: float, params: Mapping[str, Any]
) -> Problem | None:
    if interval >= params["min_interval"] or not any(map(workload.accelerated, workload.pods)):
        return None
    stakes = workload.once(reckon_stakes)
    held = f" with {stakes.held}" if stakes.device else " with accelerators"
    least = tell_span(params["min_interval"])
    message = (
        f"a run{held} is due every {tell_span(interval)}; expected no more than one in {least}"
    )
    return Problem("frequent", _where(workload), message)


def _where(workload: Workload) -> Path:
    """The schedule; of several expressions the whole list."""
    texts = workload.once(read_crons)
    return texts[0].value.path if len(texts) == 1 else texts[0].value.path[:-1]


RULE = Rule(
    code="CRN003",
    name="run-longer-than-interval",
    harm=Harm.WASTES_ACCELERATORS,
    forms=form_table("""
        longer    warning  warn  warn  a run may still go on when the next one is due
        frequent  warning  warn  warn  runs with accelerators come one upon the other
    """),
    check=check,
    docs=__doc__ or "",
    scope="retraining, and accelerated schedules",
    reads=("schedule",),
    parameters=(
        Parameter(
            "min_interval",
            "least time in seconds between two runs that ask for accelerators",
            default=3600,
        ),
    ),
)
