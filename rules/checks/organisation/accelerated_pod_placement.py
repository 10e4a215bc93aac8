"""An accelerated pod names no node pool, while others do.

## What
If most workloads that ask for an accelerator name a pool of nodes, the others should do so too.

## Why
A pod that only asks for a GPU runs wherever one is free: on nodes bought for training, or on the
most expensive type that the autoscaler may start. You notice when the pods that belong there have
to wait.

## Example
```yaml
kind: Job
spec:
  template:
    spec:
      containers: [{name: trainer, resources: {limits: {nvidia.com/gpu: 1}}}]
```

## Use instead
```yaml
kind: Job
spec:
  template:
    spec:
      nodeSelector: {cloud.google.com/gke-accelerator: nvidia-l4}
      containers: [{name: trainer, resources: {limits: {nvidia.com/gpu: 1}}}]
```
Affinity, tolerations and a queue (Kueue's or a scheduler's) count as well. Nothing is reported
unless most of the others that ask for the same accelerator name a pool.

## Fix safety
There is no fix: the others' pool may be the wrong one.

## References
- https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/
"""

from collections.abc import Iterator, Mapping

from rules.kinds.kept_pods import PODS, KeptPod, unpack_pods
from rules.kinds.lookups import Neighbour
from rules.kinds.pods import Pod
from rules.model import Harm, Problem, Related, Rule, form_table
from rules.paths import dotted, shorten
from rules.pools import name_pool, says_where
from rules.type_names import Any
from rules.workload import Workload


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    alone = workload.partial or not workload.kind.namespaced
    for pod in () if alone else workload.pods:
        names = _ask_for(workload, pod)
        if not names or not pod.complete or pod.inherits or says_where(workload, pod):
            continue
        other = _find_pool(workload, names)
        if other is not None:
            yield _tell(workload, pod, names, other)


def _ask_for(workload: Workload, pod: Pod) -> frozenset[str]:
    asked = workload.accelerators.asked
    resources = [workload.resources(one)[1] for one in pod.containers]
    return frozenset(name for one in resources for name, _ in asked(one, "limits"))


def _find_pool(workload: Workload, names: frozenset[str]) -> Neighbour | None:
    """Another object that names a pool for one of these accelerators, where most do that ask for
    one."""
    accelerators, around = workload.accelerators, workload.neighbourhood

    def names_pool(kept: tuple[KeptPod, ...]) -> bool:
        return any(name_pool(accelerators, names, pod) for pod in kept)

    def asks(kept: tuple[KeptPod, ...]) -> bool:
        return any(not names.isdisjoint(accelerators.named_by(pod)) for pod in kept)

    naming = around.count_keepers(("pool", names), names_pool)
    if not naming:
        return None
    # The object itself asks, and names none. Of Jobs and the like no pods are kept.
    others = around.count_keepers(("asks", names), asks) - (PODS in workload.kind.facts)
    most = 2 * naming > others
    return around.find_keeper(("pool", names), names_pool) if most else None


def _tell(workload: Workload, pod: Pod, names: frozenset[str], other: Neighbour) -> Problem:
    kept = unpack_pods(other.get(PODS))
    at, label = next(
        (one.path, name) for one in kept if (name := name_pool(workload.accelerators, names, one))
    )
    place = (*pod.spec_path, "nodeSelector")
    who = f"{other.key.kind} {shorten(other.key.name)}"
    found = f"{dotted(place)} is not set, while {who} chooses nodes by {shorten(label)}"
    related = Related(at, f"{who} names the pool here", other.key)
    message = f"{found}; expected a pool, a toleration or a queue"
    return Problem("nowhere", place, message, related=(related,), role_path=pod.path)


RULE = Rule(
    code="PLC001",
    name="accelerated-pod-placement",
    harm=Harm.WASTES_ACCELERATORS,
    forms=form_table(
        "nowhere  info  audit  audit  another workload names the pool of the same accelerator",
        role_gated=False,
    ),
    check=check,
    docs=__doc__ or "",
    scope="accelerated pods",
    accelerated=True,
)
