"""A rollout of an accelerated server needs accelerators that may not be there.

## What
A Deployment of up to three accelerated pods should allow a rollout to stop an old pod before the
new one runs; there should be room for the second cluster of a RayService that is upgraded.

## Why
With the default strategy (25 % for both) a rollout of up to three replicas adds one pod and removes
none. In a full GPU pool the new pod waits for a device that only an old pod could give up, so the
rollout never finishes.

## Example
```yaml
spec: {replicas: 1}
```

## Use instead
```yaml
spec:
  replicas: 1
  strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 1}}
```
If GPU nodes are added on demand, set `gpu_autoscaling`.

## Fix safety
Unsafe: a single replica does not answer while the new one loads.

## References
- https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment
- kuberay `ray-operator/apis/ray/v1/rayservice_types.go` (RayServiceUpgradeStrategy)
"""

from collections.abc import Iterator, Mapping

from rules.kinds.facts import MAX_SURGE, MAX_UNAVAILABLE, PAUSED, REPLICAS, UPDATE_STRATEGY
from rules.model import Harm, Parameter, Problem, Rule, Value, form_table
from rules.paths import dotted
from rules.type_names import Any
from rules.whole_numbers import parse_whole
from rules.wording import show_value, tell_value, write_values
from rules.workload import Workload

_MOST = 3
"""Replicas of which 25 % come to less than one."""


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    if workload.partial or params["gpu_autoscaling"]:
        return
    if any(map(workload.accelerated, workload.pods)):
        strategy = workload.at(UPDATE_STRATEGY)
        if strategy is not None and strategy.value == "NewCluster":
            found = f"{tell_value(strategy, ', that is NewCluster')}: an upgrade holds as many"
            message = f"{found} accelerators again until it serves; expected None, or room for both"
            yield Problem("cluster", strategy.path, message)
        elif strategy is not None and strategy.value == "RollingUpdate":
            yield from _judge_pods(workload)


def _judge_pods(workload: Workload) -> Iterator[Problem]:
    surge, unavailable = workload.at(MAX_SURGE), workload.at(MAX_UNAVAILABLE)
    paused = workload.at(PAUSED)
    if surge is None or unavailable is None or (paused is not None and paused.value is True):
        return
    replicas = _read_replicas(workload)
    more = _resolve(surge, replicas, up=True)
    if more and _resolve(unavailable, replicas, up=False) == 0:
        yield _judge(surge, unavailable, replicas, more)


def _read_replicas(workload: Workload) -> int:
    """0 where it is not known, or more than the rule is about."""
    value = workload.at(REPLICAS)
    number = value.number if value is not None and not value.unknown else 0
    return int(number) if number and 0 < number <= _MOST else 0


def _resolve(value: Value, replicas: int, *, up: bool) -> int | None:
    """How many pods a number or a percentage means, rounded ``up`` or down; None where it is not
    known. Source: apimachinery ``util/intstr`` (GetScaledValueFromIntOrPercent)."""
    text = str(value.value)
    number = parse_whole(text.removesuffix("%"))
    if value.unknown or not replicas or number is None:
        return None
    if not text.endswith("%"):
        return number
    hundredths = number * replicas
    return -(-hundredths // 100) if up else hundredths // 100


def _judge(surge: Value, unavailable: Value, replicas: int, more: int) -> Problem:
    found = f"{dotted(surge.path)} {show_value(surge.value)} of {replicas} adds {more} pod"
    kept = f"{dotted(unavailable.path)} {show_value(unavailable.value)} removes none"
    message = f"{found}, and {kept}: in a full pool the rollout waits for ever; expected 0 and 1"
    title = "let a rollout take one pod away before it starts another"
    fix = write_values(title, [(surge, 0), (unavailable, 1)], safe=False)
    return Problem("surge", surge.path, message, fix)


RULE = Rule(
    code="GPU006",
    name="gpu-rollout-needs-spare-device",
    harm=Harm.NEVER_STARTS,
    forms=form_table(
        """
        surge    warning  audit  warn   a rollout needs an accelerator more than it gives back
        cluster  info     audit  audit  an upgrade needs a second cluster's accelerators
        """,
        role_gated=False,
    ),
    check=check,
    docs=__doc__ or "",
    fix="unsafe",
    scope="accelerated Deployments and Ray services",
    reads=(UPDATE_STRATEGY,),
    accelerated=True,
    parameters=(
        Parameter("gpu_autoscaling", "nodes with accelerators come when asked for", default=False),
    ),
)
