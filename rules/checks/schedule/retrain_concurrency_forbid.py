"""Scheduled training may overlap itself.

## What
A scheduled training run must not start while the last one still goes on. In scope are retraining,
and whatever asks for an accelerator on a schedule unless it is batch inference, data work or a
notebook.

## Why
The default is `Allow`: a slow run and the next tick hold twice the GPUs, and both write the same
output. `Replace` kills a nearly finished run.

## Example
```yaml
kind: CronJob
spec:
  schedule: "0 1 * * *"
  jobTemplate: {}       # concurrencyPolicy is Allow
```

## Use instead
```yaml
kind: CronJob
spec:
  schedule: "0 1 * * *"
  concurrencyPolicy: Forbid
  jobTemplate: {}
```
An Argo CronWorkflow may hold a mutex instead. A RayCronJob has no such field: keep the job's
deadline below the interval.

## Fix safety
Safe: it writes what the policy demands, and no run is ended by it.

## References
- `pkg/apis/batch/types.go` (ConcurrencyPolicy); argo-workflows `workflow/cron/operator.go`
- kuberay `raycronjob_controller.go`
"""

from collections.abc import Iterator, Mapping
from typing import Any

from rules.inventory import Inventory
from rules.kinds.roles import Role
from rules.kinds.runs import Schedule
from rules.model import (
    Action,
    Confidence,
    Fix,
    Form,
    Parameter,
    Problem,
    Rule,
    Set,
    Severity,
    Value,
)
from rules.paths import dotted
from rules.workload import TRAINING, Workload

_POLICIES = ("Allow", "Forbid", "Replace")
_OUT_OF_SCOPE = frozenset({Role.BATCH, Role.DATA, Role.NOTEBOOK, Role.SERVING, Role.NONE})


def check(
    workload: Workload, _inventory: Inventory, params: Mapping[str, Any]
) -> Iterator[Problem]:
    schedule = workload.schedule
    if schedule is None or schedule.exclusive or not _in_scope(workload, params):
        return
    problem = _judge(workload, schedule, params)
    if problem is None:
        return
    if workload.role not in TRAINING:
        problem = problem._replace(confidence=Confidence.MEDIUM)
    yield problem


def _in_scope(workload: Workload, params: Mapping[str, Any]) -> bool:
    if workload.role in TRAINING:
        return True
    if params["scope"] == "retraining" or workload.role in _OUT_OF_SCOPE:
        return False
    return any(map(workload.accelerated, workload.pods))


def _judge(workload: Workload, schedule: Schedule, params: Mapping[str, Any]) -> Problem | None:
    policy = schedule.concurrency
    if policy is None:
        return Problem("no-field", schedule.path, f"runs may overlap: {schedule.advice}")
    if policy.unknown or policy.value == "Forbid" or (policy.absent and workload.partial):
        return None
    if policy.value == "Replace":
        return None if params["allow_replace"] else _replaces(policy)
    return Problem(
        form="suspended" if schedule.suspended else "overlap",
        path=policy.path,
        message=_message(policy),
        fix=_forbid(policy),
    )


def _replaces(policy: Value) -> Problem:
    return Problem(
        form="replace",
        path=policy.path,
        message=f"{dotted(policy.path)} is Replace: the next tick kills a run that is still going; "
        "expected Forbid",
        fix=_forbid(policy),
    )


def _message(policy: Value) -> str:
    field = dotted(policy.path)
    if policy.absent:
        return f"runs may overlap: {field} is not set, which means Allow; expected Forbid"
    if policy.defaulted:
        return f"runs may overlap: {field} is unset or left at the default Allow; expected Forbid"
    if policy.value not in _POLICIES:
        return (
            f"{field} is {policy.value}; the API server refuses it: supported values are "
            "Allow, Forbid, Replace; expected Forbid"
        )
    return f"runs may overlap: {field} is {policy.value}; expected Forbid"


def _forbid(policy: Value) -> Fix:
    return Fix(
        f"set {dotted(policy.path)} to Forbid",
        (Set(policy.path, "Forbid"),),
        absent=policy.absent,
        unwritten=policy.unwritten,
    )


RULE = Rule(
    code="CRN001",
    name="retrain-concurrency-forbid",
    forms=(
        Form(
            "overlap",
            Severity.ERROR,
            Action.DENY,
            Action.DENY,
            "scheduled training may overlap itself",
        ),
        Form(
            "replace",
            Severity.WARNING,
            Action.WARN,
            Action.DENY,
            "the next tick kills a run that is still going",
        ),
        Form(
            "no-field",
            Severity.WARNING,
            Action.WARN,
            Action.WARN,
            "the kind cannot forbid overlap",
        ),
        Form(
            "suspended",
            Severity.INFO,
            Action.AUDIT,
            Action.WARN,
            "scheduled training may overlap itself once it is resumed",
        ),
    ),
    check=check,
    docs=__doc__ or "",
    fix="safe",
    scope="retraining, and accelerated schedules",
    reads=("schedule",),
    parameters=(
        Parameter("allow_replace", "accept concurrencyPolicy Replace", default=False),
        Parameter(
            "scope",
            "retraining alone, or whatever asks for an accelerator too",
            default="all_accelerated",
            choices=("retraining", "all_accelerated"),
        ),
    ),
)
