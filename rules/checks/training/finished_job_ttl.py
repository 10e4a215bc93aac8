"""A finished training stays for ever, or is deleted before anybody has read its logs.

## What
A job must state how long it is kept when finished: long enough to read its logs, but not for ever.

## Why
Finished jobs and their pods fill the API server's store. A TTL of minutes deletes the logs of last
night's failure before anybody is awake.

## Example
```yaml
kind: Job
spec:
  backoffLimit: 3
```

## Use instead
```yaml
kind: Job
spec:
  backoffLimit: 3
  ttlSecondsAfterFinished: 604800
```
Scheduled jobs are bounded by the schedule's history limits. Under Argo CD or Flux a TTL makes the
training run again (TRN012), so none is required.

## Fix safety
Unsafe: a GitOps tool recreates a job that its TTL deletes.

## References
- KEP-592; argo-workflows `workflow_types.go` (TTLStrategy)
"""

from collections.abc import Iterator, Mapping

from rules.cleanup import find_gitops_tool, find_ttl, is_hook
from rules.kinds import facts
from rules.model import Harm, Parameter, Problem, Rule, Value, form_table
from rules.refusals import NOT_NEGATIVE, refuse
from rules.type_names import Any
from rules.wording import tell_value, write_value
from rules.workload import FINITE_TRAINING, Workload

_MOST_KEPT = 10  # runs of a schedule that fill nothing
_PARTS = ("secondsAfterCompletion", "secondsAfterFailure")  # what takes a failure's logs away


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    ttl = find_ttl(workload)
    if workload.measured or not workload.pods_of(FINITE_TRAINING):
        return
    if ttl is not None and ttl.absent and _stays(workload):
        yield _missing(workload, ttl, params["default"])
    for value in _list_times(workload, ttl):
        if value.number is not None and value.number < params["min"]:
            yield _short(value, value.number, params)
    yield from _judge_history(workload)


def _stays(workload: Workload) -> bool:
    """Whether nothing else takes a finished run away."""
    if workload.partial or is_hook(workload.manifest) or find_gitops_tool(workload):
        return False
    if workload.schedule is None:
        return True
    limits = (workload.at(facts.SUCCESS_HISTORY), workload.at(facts.FAILED_HISTORY))
    return any(limit is not None and (limit.number or 0) > _MOST_KEPT for limit in limits)


def _list_times(workload: Workload, ttl: Value | None) -> list[Value]:
    if ttl is None or not isinstance(ttl.value, dict):
        return [ttl] if ttl else []
    return [workload.manifest.value((*ttl.path, part)) for part in _PARTS]


def _missing(workload: Workload, ttl: Value, seconds: int) -> Problem:
    several = workload.at(facts.TTL_STRATEGY) is not None
    place = workload.manifest.value((*ttl.path, _PARTS[0])) if several else ttl
    fix = write_value(place, seconds, safe=False)
    message = (
        f"{tell_value(ttl)}: a finished job stays for ever; expected a bound, such as {seconds} s"
    )
    return Problem("missing", ttl.path, message, fix)


def _short(value: Value, seconds: float, params: Mapping[str, Any]) -> Problem:
    effect = refuse(NOT_NEGATIVE) if seconds < 0 else "logs are gone before anybody looks"
    message = f"{tell_value(value)} s: {effect}; expected at least {params['min']} s"
    return Problem("short", value.path, message, write_value(value, params["default"], safe=False))


def _judge_history(workload: Workload) -> Iterator[Problem]:
    kept = workload.at(facts.FAILED_HISTORY)
    if kept is not None and kept.written and kept.number == 0:
        message = (
            f"{tell_value(kept)}: a run that failed is gone with its logs; expected at least 1"
        )
        yield Problem("history", kept.path, message)


RULE = Rule(
    code="TRN008",
    name="finished-job-ttl",
    harm=Harm.LOSES_WORK,
    forms=form_table("""
        missing  info     audit  audit  a finished job stays for ever
        short    warning  audit  warn   a finished job is gone before anybody has read its logs
        history  warning  audit  warn   a scheduled run that failed is gone with its logs
    """),
    check=check,
    docs=__doc__ or "",
    fix="unsafe",
    scope="training and retraining",
    reads=(facts.TTL, facts.TTL_STRATEGY, facts.FAILED_HISTORY),
    roles=FINITE_TRAINING,
    parameters=(
        Parameter("default", "seconds that the fix writes", default=604800),
        Parameter("min", "least seconds that pass", default=3600),
    ),
)
