"""A rollout counts as failed while a model server is still loading.

## What
A rollout's progress deadline must be longer than the startup probe waits.

## Why
A Deployment whose pods are not ready after `progressDeadlineSeconds` (600 by default) counts as
failed. Tools that wait for it roll back or raise an alarm, although the new server is loading as it
should. Knative gives up on the revision for good.

## Example
```yaml
spec:
  progressDeadlineSeconds: 600
  template: {spec: {containers: [{startupProbe: {periodSeconds: 10, failureThreshold: 120}}]}}
```

## Use instead
```yaml
spec:
  progressDeadlineSeconds: 1500
```

## Fix safety
Safe: a failed rollout is only noticed later, by the time that loading may take.

## References
- https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#progress-deadline-seconds
- https://knative.dev/docs/serving/configuration/deployment/#progress-deadlines
"""

import re
from collections.abc import Iterator, Mapping

from rules.kinds.facts import PAUSED, PROGRESS_DEADLINE
from rules.kinds.pods import Pod
from rules.model import Harm, Problem, Related, Rule, Value, form_table
from rules.paths import dotted
from rules.probes import read_budget
from rules.type_names import Any
from rules.wording import tell_value, write_value
from rules.workload import SERVING, Workload

_LEAST, _PULL = 600, 300
"""Seconds: of the API's own default, and for the image before the container starts."""
_UNITS = {"s": 1, "m": 60, "h": 3600}


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    paused = workload.at(PAUSED)
    if workload.partial or (paused is not None and paused.value is True):
        return
    for pod in workload.pods_of(SERVING):
        deadline = workload.at(PROGRESS_DEADLINE, pod)
        seconds = None if deadline is None else _read_seconds(deadline)
        if deadline is not None and seconds is not None:
            yield from _judge(pod, deadline, seconds)


def _judge(pod: Pod, deadline: Value, seconds: int) -> Iterator[Problem]:
    budgets = [
        (budget.seconds, container.place("startupProbe"))
        for container in pod.mains
        if isinstance(probe := container.get("startupProbe"), Mapping)
        and (budget := read_budget(probe)) is not None
    ]
    longest, place = max(budgets, default=(0, ()))
    if longest <= seconds:
        return
    wanted: int | str = max(_LEAST, longest + _PULL)
    found = tell_value(deadline, f", which means {seconds} s")
    message = f"{found}, and {dotted(place)} waits for {longest} s; expected at least {wanted} s"
    new = f"{wanted}s" if isinstance(deadline.value, str) else wanted
    fix = write_value(deadline, new, safe=True)
    related = (Related(place, f"waits for {longest} s"),)
    yield Problem("short", deadline.path, message, fix, related=related, role_path=pod.path)


def _read_seconds(deadline: Value) -> int | None:
    """A number, or Go's ``600s`` and ``10m``; None of anything else."""
    if deadline.unknown or isinstance(deadline.value, int):
        return None if deadline.unknown else int(deadline.value)
    match = re.fullmatch(r"(\d{1,9})([smh])", str(deadline.value))
    return int(match[1]) * _UNITS[match[2]] if match else None


RULE = Rule(
    code="SRV003",
    name="progress-deadline-below-startup",
    harm=Harm.SERVES_ERRORS,
    forms=form_table("""
        short  warning  warn  warn  a rollout fails before its servers may be ready
    """),
    check=check,
    docs=__doc__ or "",
    fix="safe",
    scope="serving",
    roles=SERVING,
)
