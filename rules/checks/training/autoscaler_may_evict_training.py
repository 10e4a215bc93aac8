"""A node autoscaler may remove the node of a running training.

## What
The pods of a long training must say that they are not to be evicted to save a node.

## Why
Cluster Autoscaler and Karpenter remove underused nodes and evict their pods. Training loses all
work since its last checkpoint, and a Job whose pods are evicted often fails.

## Example
```yaml
kind: Job
metadata:
  annotations: {cluster-autoscaler.kubernetes.io/safe-to-evict: "false"}   # no effect here
```

## Use instead
```yaml
kind: Job
spec:
  template:
    metadata:
      annotations: {cluster-autoscaler.kubernetes.io/safe-to-evict: "false"}
```
With Karpenter use `karpenter.sh/do-not-disrupt: "true"`. Both also block upgrades of the node: add
a deadline (TRN003). A PodDisruptionBudget that selects the pods works as well.

## Fix safety
Safe: it ends no run. There is a fix only if `cluster.node_autoscaler` names the autoscaler.

## References
- kubernetes/autoscaler#7095 and #1497, cluster-autoscaler FAQ; karpenter.sh: disruption
"""

from collections.abc import Iterator, Mapping
from math import inf

from rules.kinds.lookups import Answer
from rules.kinds.pods import Pod
from rules.kinds.runs import WhenEnded
from rules.model import Harm, Parameter, Problem, Related, Rule, Severity, Value, form_table
from rules.paths import Path
from rules.stakes import reckon_stakes
from rules.type_names import Any
from rules.wording import join_problems, tell_value, write_value
from rules.workload import FINITE_TRAINING, Workload

_SAYS = {
    "cluster-autoscaler": ("cluster-autoscaler.kubernetes.io/safe-to-evict", "false"),
    "karpenter": ("karpenter.sh/do-not-disrupt", "true"),
}
_SAVES = ("checkpoint", "ckpt", "resume")


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    scaler = workload.parameters["cluster"]["node_autoscaler"]
    seconds = workload.once(reckon_stakes).seconds
    # Nobody makes a bare pod again, so that it is not moved; trials of an experiment are short.
    moved = workload.kind.when_ended is WhenEnded.COUNTED and not workload.measured
    if scaler == "none" or workload.partial or not moved or seconds < params["min_seconds"]:
        return
    problems = [
        _judge(workload, pod, pod.metadata_at, scaler)
        for pod in workload.pods_of(FINITE_TRAINING)
        if pod.metadata_at and not (pod.inherits or _is_kept(workload, pod, pod.metadata_at))
    ]
    if problems:
        yield join_problems(problems)


def _is_kept(workload: Workload, pod: Pod, place: Path) -> bool:
    """Whether the pod says that it stays, or a budget keeps it; what is not known does."""
    for key, wanted in _SAYS.values():
        value = workload.manifest.value((*place, "annotations", key))
        if value.unknown or str(value.value).lower() == wanted:
            return True
    return workload.neighbourhood.find_disruption_budgets(pod)[0] is Answer.FOUND


def _judge(workload: Workload, pod: Pod, place: Path, scaler: str) -> Problem:
    key, wanted = _SAYS.get(scaler, _SAYS["cluster-autoscaler"])
    value = workload.manifest.value((*place, "annotations", key))
    fix = write_value(value, wanted, safe=value.absent) if scaler in _SAYS else None
    message = f"{tell_value(value)}: a node autoscaler may evict the training; expected {wanted}"
    related = tuple(_list_idle(workload, place, key))
    problem = Problem("evictable", value.path, message, fix, related, pod.path)
    return problem._replace(severity=Severity.WARNING) if _loses(workload, pod) else problem


def _list_idle(workload: Workload, place: Path, key: str) -> Iterator[Related]:
    """The same annotation where nobody reads it: on the object itself."""
    above: Value = workload.manifest.value(("metadata", "annotations", key))
    if not above.absent and above.path[:-2] != place:
        yield Related(above.path, "has no effect here: the pod's own annotations count")


def _loses(workload: Workload, pod: Pod) -> bool:
    """Whether an hour or more may be lost: the run may take as long, and shows no checkpoint."""
    seconds = workload.once(reckon_stakes).seconds
    scripts = [workload.command(main).script.lower() for main in pod.mains]
    saves = any(word in script for script in scripts for word in _SAVES)
    return 3600 <= seconds < inf and not saves


RULE = Rule(
    code="TRN010",
    name="autoscaler-may-evict-training",
    harm=Harm.LOSES_WORK,
    forms=form_table(
        "evictable  info  audit  audit  a node autoscaler may evict a training that runs"
    ),
    check=check,
    docs=__doc__ or "",
    fix="safe",
    scope="training and retraining",
    roles=FINITE_TRAINING,
    parameters=(
        Parameter("min_seconds", "deadline in seconds below which a run may be lost", default=600),
    ),
)
