"""The pods of one training run are not scheduled together.

## What
If the policy's `cluster.gang` names the gang scheduler, accelerated training of several pods must
use it, for all of its pods.

## Why
If two jobs of eight pods each get half of the GPUs, both hold what they have and wait for the rest
for ever. A gang that leaves out some of the pods does not help: those still wait.

## Example
```yaml
kind: PyTorchJob
metadata: {name: pretrain}
spec:
  pytorchReplicaSpecs:
    Master: {replicas: 1}
    Worker: {replicas: 7}
```

## Use instead
```yaml
kind: PyTorchJob
metadata:
  name: pretrain
  labels: {kueue.x-k8s.io/queue-name: training}
spec:
  pytorchReplicaSpecs:
    Master: {replicas: 1}
    Worker: {replicas: 7}
```
A scheduler name, a pod group, `schedulingPolicy` or `podGroupPolicy` is accepted as well. Elastic
training, which starts with the pods it has, and parameter servers are left alone.

## Fix safety
Safe: it names the policy's `cluster.default_queue`, if the policy has one and Kueue runs.

## References
- https://kueue.sigs.k8s.io/docs/tasks/manage/setup_wait_for_pods_ready/
- kubeflow/training-operator#165; training-operator `pkg/common` (gang scheduling)
- volcano `pkg/webhooks/admission/jobs/mutate` (minAvailable)
"""

from collections.abc import Iterator, Mapping

from rules.gangs import computes_as_one, count_pods, is_admitted_whole
from rules.kinds import facts
from rules.model import Harm, Problem, Rule, Value, form_table
from rules.queueing import fill_queue
from rules.stakes import reckon_stakes
from rules.type_names import Any
from rules.wording import tell_value
from rules.workload import TRAINING, Workload

_EXPECTED = {
    "kueue": "a queue",
    "volcano": "schedulerName: volcano",
    "coscheduling": "a pod group of the coscheduling plugin",
    "kai": "schedulerName: kai-scheduler",
    "native": "schedulingGroup.podGroupName",
}


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    gang = workload.parameters["cluster"]["gang"]
    if gang not in _EXPECTED or not computes_as_one(workload):
        return
    least = workload.at(facts.MIN_AVAILABLE)
    if least is not None and least.number is not None:
        yield from _judge_size(workload, least)
    elif not is_admitted_whole(workload):
        yield _tell(workload, gang)


def _judge_size(workload: Workload, least: Value) -> Iterator[Problem]:
    pods = count_pods(workload.pods)
    if pods is not None and least.number is not None and least.number < pods:
        message = f"{tell_value(least)}, and {pods} pods compute as one: the others are not waited"
        yield Problem("part", least.path, f"{message} for; expected {pods}")


def _tell(workload: Workload, gang: str) -> Problem:
    queue, stakes = workload.at(facts.QUEUE), workload.once(reckon_stakes)
    held = f"{stakes.held} start one by one" if stakes.device else "the pods start one by one"
    if gang != "kueue" or queue is None:
        path = (*workload.training_pods[0].spec_path, "schedulerName")
        return Problem(
            "alone", path, f"{held}, and wait for each other; expected {_EXPECTED[gang]}"
        )
    message = f"{tell_value(queue)}: {held}, and wait for each other; expected a queue"
    fix = fill_queue(workload, queue)
    return Problem("alone", queue.path, message, fix)


RULE = Rule(
    code="DST001",
    name="gang-scheduling",
    harm=Harm.WASTES_ACCELERATORS,
    forms=form_table("""
        alone  warning  warn  warn  pods that compute as one are admitted one by one
        part   warning  warn  warn  a gang leaves out pods that compute with it
    """),
    check=check,
    docs=__doc__ or "",
    fix="safe",
    scope="training of several pods",
    roles=TRAINING,
    accelerated=True,
)
