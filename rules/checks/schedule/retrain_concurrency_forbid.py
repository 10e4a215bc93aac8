"""Scheduled training may overlap itself.

## What
A scheduled training run must not start while the previous one is still running. The rule covers
retraining, and every scheduled workload with accelerators except batch inference, data work and
notebooks.

## Why
The default is `Allow`: a slow run and the next one together hold twice the GPUs, and both write the
same output. `Replace` kills a nearly finished run.

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
An Argo CronWorkflow may use a mutex instead. A RayCronJob has no such field: keep the job's
deadline below the interval.

## Fix safety
Safe: it sets what the policy demands, and ends no run.

## References
- `pkg/apis/batch/types.go` (ConcurrencyPolicy); argo-workflows `workflow/cron/operator.go`
- kuberay `raycronjob_controller.go`
"""

from collections.abc import Iterator, Mapping

from rules.kinds.runs import Schedule
from rules.model import Confidence, Harm, Parameter, Problem, Rule, form_table
from rules.refusals import CONCURRENCY_POLICIES, refuse
from rules.schedules import trains_by_schedule
from rules.stakes import reckon_stakes
from rules.type_names import Any
from rules.wording import tell_value, write_value
from rules.workload import TRAINING, Workload

_POLICIES = ("Allow", "Forbid", "Replace")


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    schedule = workload.schedule
    accelerated = params["scope"] != "retraining"
    if schedule is None or schedule.exclusive:
        return
    # The field first: what a run is for takes most of the time, and an update's old object is only
    # asked whether it was there.
    problem = _judge(workload, schedule, params)
    if problem is not None and trains_by_schedule(workload, accelerated=accelerated):
        doubt = None if workload.role in TRAINING else Confidence.MEDIUM
        problem = problem._replace(confidence=doubt)
        at_stake = problem.form != "suspended"
        yield workload.once(reckon_stakes).add_to(problem) if at_stake else problem


def _judge(workload: Workload, schedule: Schedule, params: Mapping[str, Any]) -> Problem | None:
    policy = schedule.concurrency
    if policy is None:
        return Problem("no-field", schedule.path, f"runs may overlap: {schedule.advice}")
    if policy.unknown or policy.value == "Forbid" or (policy.absent and workload.partial):
        return None
    found = tell_value(policy, f", {schedule.unset}")
    form = "suspended" if schedule.suspended else "overlap"
    message = f"runs may overlap: {found}"
    if policy.value == "Replace":
        if params["allow_replace"]:
            return None
        form, message = "replace", f"{found}: the next tick kills a run that is still going"
    elif policy.value not in _POLICIES:
        message = f"{found}; {refuse(CONCURRENCY_POLICIES)}"
    fix = write_value(policy, "Forbid", safe=True)
    return Problem(form, policy.path, f"{message}; expected Forbid", fix)


RULE = Rule(
    code="CRN001",
    name="retrain-concurrency-forbid",
    harm=Harm.WASTES_ACCELERATORS,
    forms=form_table("""
        overlap    error    deny   deny  scheduled training may overlap itself
        replace    warning  warn   deny  the next tick kills a run that is still going
        no-field   warning  warn   warn  the kind cannot forbid overlap
        suspended  info     audit  warn  scheduled training may overlap itself once it is resumed
    """),
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
