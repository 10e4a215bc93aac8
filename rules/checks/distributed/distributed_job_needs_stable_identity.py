"""A Job runs a distributed computation but gives its pods no rank, or no address.

## What
A batch Job whose pods are the ranks of one computation must be Indexed, run all of them at once,
and give each pod a DNS name before it is ready.

## Why
Without an index all pods are alike: no pod knows that it is rank 0, and none can be addressed. If
fewer pods run than there are ranks, or the Service publishes only ready pods, the pods wait for
each other until they time out, holding their GPUs.

## Example
```yaml
kind: Job
spec:
  parallelism: 4
  template: {spec: {containers: [{args: [torchrun, --nnodes=4, --master_addr=train-0.ddp]}]}}
```

## Use instead
```yaml
kind: Job
spec:
  completionMode: Indexed
  completions: 4
  parallelism: 4
  template: {spec: {subdomain: ddp}}
---
kind: Service
metadata: {name: ddp}
spec: {clusterIP: None, publishNotReadyAddresses: true}
```
A JobSet or a TrainJob takes care of all this.

## Fix safety
There is no fix: the command must take its rank from the index, too.

## References
- kubernetes.io: Indexed Job for parallel processing, Job with pod-to-pod communication
- `pkg/apis/batch/types.go` (CompletionMode)
"""

from collections.abc import Iterator, Mapping

from rules.kinds import facts
from rules.kinds.lookups import Answer
from rules.model import Harm, Problem, Rule, Value, form_table
from rules.type_names import Any
from rules.wording import tell_value
from rules.workload import TRAINING, Workload

_MEET = "the pods meet as ranks of one computation"


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    mode, pods = workload.at(facts.COMPLETION_MODE), workload.at(facts.PARALLELISM)
    if mode is None or pods is None or workload.partial or (pods.number or 0) < 2:
        return
    from rules.rendezvous import Rendezvous, find_rendezvous  # noqa: PLC0415 - most have one pod

    if workload.once(find_rendezvous) is not Rendezvous.STATIC or mode.unknown:
        return
    if mode.value != "Indexed":
        message = f"{tell_value(mode, ', which means NonIndexed')}, and {_MEET}"
        yield Problem("index", mode.path, f"{message}: no pod has a rank; expected Indexed")
        return
    yield from _judge_counts(workload, pods)
    yield from _judge_service(workload)


def _judge_counts(workload: Workload, pods: Value) -> Iterator[Problem]:
    ranks = workload.at(facts.COMPLETIONS)
    if ranks is None or not ranks.written or ranks.number is None or ranks.number == pods.number:
        return
    message = f"{tell_value(ranks)}, and {tell_value(pods)}: {_MEET}, and not all run at once"
    yield Problem("counts", ranks.path, f"{message}; expected the same number")


def _judge_service(workload: Workload) -> Iterator[Problem]:
    """A Service by which the pods are named; one that is not at hand says nothing."""
    for pod in workload.training_pods:
        subdomain = workload.at(facts.SUBDOMAIN, pod)
        if subdomain is None or not subdomain.written:
            continue
        service = workload.neighbourhood.refer_to_service(str(subdomain.value))
        known, address = workload.ask(service, facts.CLUSTER_IP)
        early = workload.ask(service, facts.PUBLISH_NOT_READY)[1]
        if known is Answer.FOUND and address == "None" and early is not True:
            message = f"Service {subdomain.value} names a pod only once it is ready, and {_MEET}"
            expected = "expected publishNotReadyAddresses: true"
            yield Problem("service", subdomain.path, f"{message}; {expected}", role_path=pod.path)


RULE = Rule(
    code="DST005",
    name="distributed-job-needs-stable-identity",
    harm=Harm.NEVER_STARTS,
    forms=form_table("""
        index    error    warn   warn  ranks of one computation have no index
        counts   error    warn   warn  not all ranks of one computation run at once
        service  warning  audit  warn  ranks are named only once they are ready
    """),
    check=check,
    docs=__doc__ or "",
    scope="training in batch Jobs of several pods",
    reads=(facts.COMPLETION_MODE,),
    roles=TRAINING,
)
