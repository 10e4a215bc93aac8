"""Evictions use up the retries of training that expects evictions.

## What
Training on capacity that can be reclaimed (spot, preemptible, low priority) must not count an
eviction as a failure.

## Why
Each preemption uses up one of a few attempts, until the run fails although nothing is wrong with
it.

## Example
```yaml
kind: Job
spec:
  backoffLimit: 3
  template: {spec: {nodeSelector: {cloud.google.com/gke-spot: "true"}, restartPolicy: Never}}
```

## Use instead
```yaml
kind: Job
spec:
  backoffLimit: 3
  podFailurePolicy:
    rules: [{action: Ignore, onPodConditions: [{type: DisruptionTarget}]}]
  template: {spec: {nodeSelector: {cloud.google.com/gke-spot: "true"}, restartPolicy: Never}}
```
Since evictions no longer bound the attempts, set a deadline (TRN003).

## Fix safety
Safe on a Job with restartPolicy Never, the only one with which the API server accepts the policy;
unsafe with another one. Existing rules are not changed: their order matters.

## References
- KEP-3329; kubernetes.io: handling retriable and non-retriable pod failures with pod failure policy
- kubernetes-sigs/jobset `failure_policy.go`; training-operator `common/pod.go`
- argo-workflows `workflow_types.go` (RetryPolicyActual); volcano `bus/v1alpha1/events.go`
"""

from collections.abc import Iterator, Mapping

from rules.interruption import may_be_preempted
from rules.kinds.runs import Disruption
from rules.model import Harm, Parameter, Problem, Rule, form_table
from rules.paths import dotted
from rules.type_names import Any
from rules.wording import join_problems, tell_value, write_values
from rules.workload import TRAINING, Workload


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    markers = params["spot_markers"]
    pods = {pod.path for pod in workload.training_pods if may_be_preempted(pod, markers)}
    if not pods or workload.partial:
        return
    problems = [
        _judge(one)
        for one in workload.kind.disruptions(workload.spec)
        if (one.pod is None or one.pod in pods) and not one.value.unknown
    ]
    if problems:
        yield join_problems(problems)


def _judge(disruption: Disruption) -> Problem:
    value, changes = disruption.value, disruption.changes
    title = f"let {dotted(value.path)} ignore evictions"
    fix = write_values(title, changes, safe=disruption.safe) if changes else None
    found = f"{tell_value(value)}, {disruption.effect}"
    message = f"training may be preempted: {found}; expected {disruption.expected}"
    return Problem("counted", value.path, message, fix)


RULE = Rule(
    code="TRN006",
    name="disruption-burns-retries",
    harm=Harm.LOSES_WORK,
    forms=form_table("counted  warning  warn  warn  an eviction counts as a failure of training"),
    check=check,
    docs=__doc__ or "",
    fix="safe or unsafe",
    scope="training that may be preempted",
    reads=("disruptions",),
    roles=TRAINING,
    parameters=(
        Parameter(
            "spot_markers",
            "further node labels and taints of capacity that is taken back: key or key=value",
            default=[],
        ),
    ),
)
