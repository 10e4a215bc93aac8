"""A finished job leaves pods with accelerators running.

## What
When a job has succeeded or failed, its pods and everything created for it must go.

## Why
Kubeflow's v1 jobs and MPIJobs delete no pods unless told to: if one worker fails, the others keep
their GPUs. A RayJob leaves its cluster running, and a standalone RayCluster stays until somebody
deletes it. Devices are paid for until a person notices, and the next gang cannot start.

## Example
```yaml
kind: RayJob
spec:
  ttlSecondsAfterFinished: 600    # without shutdownAfterJobFinishes it does nothing
```

## Use instead
```yaml
kind: RayJob
spec:
  shutdownAfterJobFinishes: true
  ttlSecondsAfterFinished: 600
```
For a Kubeflow job, set `runPolicy.cleanPodPolicy: Running`, which keeps the logs of finished pods.

## Fix safety
Safe if the field is not set: it ends no run, and the cluster of a RayJob stays for `max_idle`
seconds, so that its logs can be read. Unsafe if the manifest says that pods are kept.

## References
- training-operator `common/job.go` (DeletePodsAndServices), kubeflow/trainer#1579
- kuberay `rayjob_controller.go`, `rayjob_types.go` (DeletionStrategy)
- volcano `pkg/controllers/job/state/running.go`
"""

from collections.abc import Iterator, Mapping
from math import inf

from rules.kinds.runs import Leftover
from rules.model import Fix, Harm, Parameter, Problem, Rule, form_table
from rules.paths import dotted
from rules.stakes import Stakes, reckon_stakes
from rules.type_names import Any
from rules.wording import show_value, tell_value, write_value, write_values
from rules.workload import TRAINING, Workload


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    # A trial of an experiment is deleted with its pods.
    leftovers = () if workload.measured else list(workload.kind.leftovers(workload.spec))
    if not leftovers or not any(map(workload.accelerated, workload.pods)):
        return
    for leftover in leftovers:
        unseen = leftover.value.unknown or (leftover.value.absent and workload.partial)
        ended = leftover.stands_alone and workload.role not in TRAINING
        if not unseen and not ended and _idle(leftover) > params["max_idle"]:
            problem = _judge(leftover, workload.once(reckon_stakes), _idle(leftover))
            yield problem._replace(fix=_fix(leftover, params["max_idle"]))


def _idle(leftover: Leftover) -> float:
    """For how many seconds the pods stay at most."""
    seconds = leftover.ttl.number if leftover.ttl else None
    return inf if seconds is None else seconds


def _judge(leftover: Leftover, stakes: Stakes, seconds: float) -> Problem:
    value = leftover.value
    held = f" ({stakes.held})" if stakes.device else ""
    message = f"{tell_value(value)}: {leftover.effect}{held}"
    expected = leftover.expected or show_value(leftover.wanted)
    form = "standing" if leftover.stands_alone else "kept"
    hours = stakes._replace(seconds=seconds, per_attempt=False).gpu_hours
    return Problem(form, value.path, f"{message}; expected {expected}", gpu_hours=hours)


def _fix(leftover: Leftover, seconds: int) -> Fix | None:
    value, delay = leftover.value, leftover.delay
    if leftover.wanted is None:
        return None
    fix = write_value(value, leftover.wanted, safe=value.absent)
    if delay is None or not delay.absent:
        return fix
    title = f"{fix.title}, {dotted(delay.path)} to {seconds}"
    return write_values(title, [(value, leftover.wanted), (delay, seconds)], safe=value.absent)


RULE = Rule(
    code="DST004",
    name="finished-job-keeps-gpus",
    harm=Harm.WASTES_ACCELERATORS,
    forms=(
        *form_table(
            "kept  warning  warn  warn  a job that is over leaves accelerators held",
            role_gated=False,
        ),
        *form_table("standing  warning  warn  warn  a cluster for training never ends"),
    ),
    check=check,
    docs=__doc__ or "",
    fix="safe or unsafe",
    scope="whatever asks for accelerators",
    reads=("leftovers",),
    accelerated=True,
    parameters=(
        Parameter("max_idle", "longest ttl, in seconds, that takes the pods away", default=3600),
    ),
)
