"""A pod with TPUs asks for a slice that does not exist, or for no slice.

## What
A pod with `google.com/tpu` must name the accelerator and the topology in its nodeSelector and ask
for as many chips as a node of that slice has. There must be as many pods as the slice has nodes.

## Why
GKE finds and creates nodes by these two labels. Without them, or with another number of chips, the
pod waits for ever. A slice of several nodes is one machine: with fewer pods than nodes, all wait.

## Example
```yaml
parallelism: 2
template:
  spec:
    nodeSelector: {cloud.google.com/gke-tpu-accelerator: tpu-v6e-slice}
    containers: [{name: train, resources: {limits: {google.com/tpu: 4}}}]
```

## Use instead
```yaml
parallelism: 4
template:
  spec:
    nodeSelector:
      cloud.google.com/gke-tpu-accelerator: tpu-v6e-slice
      cloud.google.com/gke-tpu-topology: 4x4
    containers: [{name: train, resources: {limits: {google.com/tpu: 4}}}]
```
Pods that name a Kueue queue, a compute class, a node or a pool are left alone: that finds the
nodes.

## Fix safety
There is no fix: which slices exist is a matter of capacity.

## References
- https://cloud.google.com/kubernetes-engine/docs/concepts/plan-tpus
"""

from collections.abc import Iterator, Mapping

from rules.kinds.pods import Pod
from rules.model import Harm, Parameter, Problem, Related, Rule, form_table
from rules.paths import Path, dotted
from rules.resource_names import TPU
from rules.slices import (
    ACCELERATOR_LABEL,
    TOPOLOGY_LABEL,
    Slice,
    count_chips,
    count_group,
    is_placed,
    read_labels,
    read_slice,
)
from rules.type_names import Any
from rules.wording import tell_value
from rules.workload import Workload


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    for pod in () if workload.partial else workload.pods:
        holders = [one for one in pod.mains if count_chips(workload, one)]
        labels = read_labels(workload, pod) if holders and pod.complete else None
        if labels is not None and not pod.inherits and not is_placed(workload, pod, labels):
            path = (*workload.resources(holders[0])[0], "limits", TPU)
            yield from _judge(workload, pod, path, params["chips_per_host"])


def _judge(workload: Workload, pod: Pod, path: Path, known: list[str]) -> Iterator[Problem]:
    labels = read_labels(workload, pod) or {}
    lacking = [one for one in (ACCELERATOR_LABEL, TOPOLOGY_LABEL) if one not in labels]
    if lacking:
        place = (*pod.spec_path, "nodeSelector")
        found = f"{dotted(place)} has no {' and no '.join(lacking)}, and the pod asks for {TPU}"
        related = (Related(path, "asked for here"),)
        yield Problem("selector", place, f"{found}; expected both", related=related)
        return
    wanted = read_slice(workload, pod, known)
    if wanted is not None and wanted.misfits:
        what = f"a node of {wanted.accelerator} {wanted.topology} has {wanted.legal}"
        message = f"{dotted(path)} is {wanted.chips}: {what}; expected {wanted.legal}"
        yield Problem("chips", path, message)
    elif wanted is not None and wanted.several:
        yield from _count(workload, pod, wanted)


def _count(workload: Workload, pod: Pod, wanted: Slice) -> Iterator[Problem]:
    group, count = count_group(workload, pod) or (None, 0)
    if group is not None and count % wanted.hosts:
        nodes = f"{wanted.hosts} nodes of {wanted.per_host} chips"
        found = f"{tell_value(group)}, which makes {count} with TPUs"
        message = f"{found}: {wanted.accelerator} {wanted.topology} has {nodes}"
        yield Problem("hosts", group.path, f"{message}; expected {wanted.hosts}")


RULE = Rule(
    code="GPU010",
    name="tpu-placement-complete",
    harm=Harm.NEVER_STARTS,
    forms=form_table(
        """
        selector  error  warn  warn  a pod with TPUs does not say of which sort or topology
        chips     error  warn  warn  it asks for another number of chips than a node has
        hosts     error  warn  warn  it has another number of pods than its slice has nodes
        """,
        role_gated=False,
    ),
    check=check,
    docs=__doc__ or "",
    scope="every pod template",
    accelerated=True,
    parameters=(
        Parameter("chips_per_host", "further accelerators: tpu-v9=4 (chips of a node)", default=[]),
    ),
)
