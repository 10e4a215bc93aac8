"""Kueue does not see a job's queue, or does not support the job's shape.

## What
If the policy says `cluster.kueue: true`, accelerated training and batch inference must name a queue
where Kueue reads it, and have a shape that Kueue supports. So must a suspended job, unless
something else manages it.

## Why
Kueue does not read a label on a CronJob, or on the pod template of a PyTorchJob: the job runs
outside all quotas. It refuses a RayJob that keeps or autoscales its cluster. A suspended job
without a queue never starts.

## Example
```yaml
kind: CronJob
metadata:
  labels: {kueue.x-k8s.io/queue-name: training}
```

## Use instead
```yaml
kind: CronJob
spec:
  jobTemplate:
    metadata:
      labels: {kueue.x-k8s.io/queue-name: training}
```
For all other kinds the label belongs in the object's own metadata.

## Fix safety
Safe: the label moves to where Kueue reads it; a missing one names the policy's
`cluster.default_queue`. Otherwise there is no fix.

## References
- https://kueue.sigs.k8s.io/docs/tasks/run/run_cronjobs/
- kueue `pkg/controller/jobs/rayjob/rayjob_webhook.go`, `raycluster/common.go`
"""

from collections.abc import Iterator, Mapping

from rules.kinds import facts
from rules.kinds.kueue import QUEUE_LABEL, is_queued
from rules.kinds.roles import Role
from rules.model import Harm, Problem, Rule, Value, form_table
from rules.paths import dotted, shorten
from rules.queueing import fill_queue, find_refused_shapes
from rules.type_names import Any
from rules.wording import move_value, tell_value
from rules.workload import TRAINING, Workload

_OWN_LABEL = ("metadata", "labels", QUEUE_LABEL)
_QUEUED_ROLES = TRAINING | {Role.BATCH}


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    if not workload.parameters["cluster"]["kueue"] or workload.queued:
        return
    held, queue = workload.at(facts.SUSPEND), workload.at(facts.QUEUE)
    if held is None or queue is None or not is_queued(workload.kind, workload.manifest.version):
        return
    if not queue.absent:
        for path, message in find_refused_shapes(workload):
            yield Problem("shape", path, message)
        return
    problem = _find_elsewhere(workload, queue)
    if problem is None and not workload.partial:
        problem = _judge_absence(workload, held, queue)
    if problem is not None:
        yield problem


def _find_elsewhere(workload: Workload, queue: Value) -> Problem | None:
    """The label where Kueue does not look."""
    labels = [(*pod.metadata_at, "labels", QUEUE_LABEL) for pod in workload.pods if pod.metadata_at]
    for path in (_OWN_LABEL, *labels):
        found = workload.manifest.value(path)
        if not found.absent and path != queue.path:
            name, home = shorten(str(found.value)), dotted(queue.path)
            fix = move_value(found, queue.path, workload.manifest.object, safe=True)
            message = f"{dotted(path)} names queue {name}, where Kueue does not look"
            return Problem("level", path, f"{message}; expected {home}", fix)
    return None


def _judge_absence(workload: Workload, held: Value, queue: Value) -> Problem | None:
    if held.value is True:
        owner = workload.at(facts.MANAGED_BY)
        if owner is not None and not owner.unwritten:
            return None
        message = f"{tell_value(held)}, and {dotted(queue.path)} is not set: nothing starts it"
        return Problem("suspended", held.path, f"{message}; expected a queue")
    if not any(workload.accelerated(pod) for pod in workload.pods_of(_QUEUED_ROLES)):
        return None
    fix = fill_queue(workload, queue)
    message = f"{tell_value(queue)}, and accelerators are taken past all quotas"
    return Problem("missing", queue.path, f"{message}; expected a queue", fix)


RULE = Rule(
    code="DST006",
    name="kueue-label-placement",
    harm=Harm.NEVER_STARTS,
    forms=(
        *form_table(
            """
            level      error    warn  warn  a queue is named where Kueue does not look
            shape      error    warn  warn  Kueue takes no job of that shape
            suspended  warning  warn  warn  a suspended job is in no queue that would start it
            """,
            role_gated=False,
        ),
        *form_table("missing  warning  warn  warn  accelerated work is in no queue"),
    ),
    check=check,
    docs=__doc__ or "",
    fix="safe",
    scope="kinds that Kueue queues",
    reads=(facts.SUSPEND,),
)
