"""A training run has no wall-clock bound.

## What
A training workload must state how long the whole run may take.

## Why
A hung collective or a stuck data loader holds its GPUs for ever, and at 3 a.m. nobody is watching.

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
  activeDeadlineSeconds: 86400
```
Set it on the Job, not on the pod: a pod that exceeds its own deadline fails, and the Job retries
it. The clock stops while a Job is suspended, as in Kueue's queue.

## Fix safety
Unsafe: a wrong number ends a good run. On a schedule, it is at most the time until the next run.

## References
- `pkg/apis/batch/types.go`; training-operator `core/job.go`; kuberay `initRayJobStatusIfNeed`
"""

from collections.abc import Iterator, Mapping

from rules.deadlines import suggest_deadline
from rules.kinds.runs import Deadlines
from rules.model import Fix, Harm, Parameter, Problem, Rule, form_table
from rules.paths import dotted
from rules.refusals import NOT_NEGATIVE, refuse
from rules.stakes import reckon_stakes
from rules.type_names import Any
from rules.wording import tell_value, write_values
from rules.workload import FINITE_TRAINING, Workload


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    deadlines = workload.deadlines
    if deadlines is None or not workload.pods_of(FINITE_TRAINING):
        return
    bounds = {**params, **(params["roles_override"].get(str(workload.role)) or {})}
    problem = _judge_range(deadlines, bounds)
    if all(place.absent for place in deadlines.places) and not workload.partial:
        problem = _missing(deadlines, suggest_deadline(workload, bounds))
    if problem is not None:
        yield workload.once(reckon_stakes).add_to(problem)


def _judge_range(deadlines: Deadlines, bounds: Mapping[str, Any]) -> Problem | None:
    for place in deadlines.places:
        seconds = None if place.absent else place.number
        if seconds is None or bounds["min"] <= seconds <= bounds["max"]:
            continue
        refused = f"; {refuse(NOT_NEGATIVE)}" if seconds < 0 else ""
        found = f"{tell_value(place)} s; expected {bounds['min']} to {bounds['max']} s{refused}"
        beyond = max(bounds["min"] - seconds, seconds - bounds["max"])
        return Problem("range", place.path, found, degree=1.0 + beyond)
    return None


def _missing(deadlines: Deadlines, seconds: int) -> Problem:
    where = next(iter(deadlines.fix_at), ())
    field = dotted(where) or deadlines.field
    fix, inner = _fix(deadlines, seconds), deadlines.pod_only
    if inner is not None:
        found = f"{dotted(inner.path)} bounds one pod, which the Job then retries"
        return Problem("pod-only", inner.path, f"{found}; expected the bound in {field}", fix)
    notes = f" ({deadlines.counting})" if deadlines.counting else ""
    notes += f"; {deadlines.advice}" if deadlines.advice else ""
    found = f"training has no wall-clock bound: {field} is not set"
    return Problem("missing", where, f"{found}{notes}", fix)


def _fix(deadlines: Deadlines, seconds: int) -> Fix | None:
    if not deadlines.fix_at:
        return None
    paths = dict.fromkeys(deadlines.fix_at)
    title = f"set {', '.join(map(dotted, paths))} to {seconds}"
    changes = [(place, seconds) for place in deadlines.places if place.path in paths]
    return write_values(title, changes, safe=False)


RULE = Rule(
    code="TRN003",
    name="training-active-deadline-set",
    harm=Harm.WASTES_ACCELERATORS,
    forms=form_table("""
        missing   error    warn  deny  a training run has no wall-clock bound
        pod-only  error    warn  deny  only the pod is bounded, and its Job retries it
        range     warning  warn  warn  the bound is outside of what the policy allows
    """),
    check=check,
    docs=__doc__ or "",
    fix="unsafe",
    scope="training and retraining",
    reads=("deadlines",),
    roles=FINITE_TRAINING,
    parameters=(
        Parameter("default", "seconds that the fix writes", default=86400),
        Parameter("min", "least seconds that pass", default=300),
        Parameter("max", "most seconds that pass", default=1209600),
        Parameter(
            "roles_override",
            "other numbers for a role, such as {retraining: {max: 7200}}",
            default={},
            like={
                str(role): {"default": 0, "min": 0, "max": 0} for role in sorted(FINITE_TRAINING)
            },
        ),
    ),
)
