"""An autoscaler states no metric.

## What
Every autoscaler states at least one metric.

## Why
An empty `spec.metrics` is not "no scaling": the API server writes CPU at 80 %. A model server on a
GPU hardly moves its CPU, so it never scales; without CPU requests the autoscaler only reports
errors.

## Example
```yaml
kind: HorizontalPodAutoscaler
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: server}
  minReplicas: 1
  maxReplicas: 10
```

## Use instead
```yaml
kind: HorizontalPodAutoscaler
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: server}
  minReplicas: 1
  maxReplicas: 10
  metrics:
  - type: Pods
    pods:
      metric: {name: "vllm:num_requests_waiting"}
      target: {type: AverageValue, averageValue: "5"}
```

## Fix safety
Safe where the target is at hand and has no accelerator: it writes down what the API server does
anyway. There is no fix for a GPU target, whose metric a person must choose.

## References
- `pkg/apis/autoscaling/v2/defaults.go`
- kserve `hpa_reconciler.go` (getHPAMetrics)
"""

from collections.abc import Iterator, Mapping
from typing import Any

from rules.inventory import Inventory
from rules.kinds.lookups import Answer
from rules.kinds.schema import Autoscaler
from rules.model import Action, Fix, Form, Parameter, Problem, Rule, Set, Severity
from rules.paths import dotted
from rules.workload import Workload

_SERVER_METRICS = (
    "a metric of the server, such as vllm:num_requests_waiting (vLLM), tgi_queue_size (TGI) or "
    "nv_inference_queue_duration_us (Triton)"
)


def check(
    workload: Workload, _inventory: Inventory, params: Mapping[str, Any]
) -> Iterator[Problem]:
    if workload.partial:
        return
    scalers = [scaler for scaler in workload.autoscalers if not scaler.defined or scaler.defaulted]
    if scalers:
        yield _judge(workload, scalers[0], params)


def _judge(workload: Workload, scaler: Autoscaler, params: Mapping[str, Any]) -> Problem:
    limits = _target_limits(workload, scaler)
    advice = _advice(workload, limits, params)
    if scaler.defaulted:
        message = f"{scaler.what} looks defaulted (cpu at 80 %); expected {advice}"
        return Problem("defaulted", scaler.metrics.path, message)
    if scaler.implicit is not None:
        message = f"{scaler.what} states no metric: {scaler.implicit}; expected {advice}"
        return Problem("implicit", scaler.metrics.path, message)
    return Problem(
        form="missing",
        path=scaler.metrics.path,
        message=f"{scaler.what} states no metric; expected {advice}",
        fix=_fix(workload, scaler, limits),
    )


def _target_limits(workload: Workload, scaler: Autoscaler) -> list[str] | None:
    """The resources that the target's containers limit; None where the target is not known."""
    if scaler.target is None:
        return None
    answer, limits = workload.ask(scaler.target, "limits")
    return limits if answer is Answer.FOUND else None


def _accelerated(workload: Workload, limits: list[str]) -> bool:
    return any(name == "claims" or workload.accelerators.match(name) for name in limits)


def _advice(workload: Workload, limits: list[str] | None, params: Mapping[str, Any]) -> str:
    if limits is not None and _accelerated(workload, limits):
        return _SERVER_METRICS
    target = params["default_cpu_target"]
    return f"at least one, such as cpu at {target} %, or for a GPU server {_SERVER_METRICS}"


def _fix(workload: Workload, scaler: Autoscaler, limits: list[str] | None) -> Fix | None:
    if scaler.preset is None or limits is None or _accelerated(workload, limits):
        return None
    return Fix(
        f"write the API server's default into {dotted(scaler.metrics.path)}",
        (Set(scaler.metrics.path, scaler.preset),),
    )


RULE = Rule(
    code="HPA001",
    name="hpa-metrics-defined",
    forms=(
        Form(
            "missing",
            Severity.ERROR,
            Action.DENY,
            Action.DENY,
            "an autoscaler states no metric",
            role_gated=False,
        ),
        Form(
            "defaulted",
            Severity.WARNING,
            Action.WARN,
            Action.WARN,
            "an admitted autoscaler's metrics look like the API server's default",
            role_gated=False,
        ),
        Form(
            "implicit",
            Severity.WARNING,
            Action.WARN,
            Action.WARN,
            "the operator picks a metric of its own",
            role_gated=False,
        ),
    ),
    check=check,
    docs=__doc__ or "",
    fix="safe",
    scope="autoscalers",
    reads=("autoscalers",),
    parameters=(
        Parameter(
            "default_cpu_target", "CPU utilization in percent that messages suggest", default=70
        ),
    ),
)
