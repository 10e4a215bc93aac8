"""An autoscaler has no metric.

## What
Every autoscaler must state at least one metric.

## Why
An empty `spec.metrics` does not mean "no scaling": the API server fills in CPU at 80 %. A model
server on a GPU hardly uses its CPU, so it never scales; without CPU requests the autoscaler only
reports errors.

## Example
```yaml
kind: HorizontalPodAutoscaler
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: server}
  maxReplicas: 10
```

## Use instead
```yaml
kind: HorizontalPodAutoscaler
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: server}
  maxReplicas: 10
  metrics:
  - type: Pods
    pods:
      metric: {name: "vllm:num_requests_waiting"}
      target: {type: AverageValue, averageValue: "5"}
```

## Fix safety
Safe if the target is known and has no accelerator: the fix writes down what the API server does
anyway. There is no fix for a GPU target, whose metric is your decision.

## References
- `pkg/apis/autoscaling/v2/defaults.go`
- kserve `hpa_reconciler.go` (getHPAMetrics)
"""

from collections.abc import Iterator, Mapping

from rules.kinds.schema import Autoscaler
from rules.model import Fix, Harm, Parameter, Problem, Rule, form_table
from rules.paths import dotted
from rules.servers import COMMON_SERVERS, has_server, name_metrics
from rules.type_names import Any
from rules.wording import write_values
from rules.workload import Workload

_SERVER_METRICS = f"a metric of the server, such as {name_metrics(COMMON_SERVERS)}"


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    for scaler in () if workload.partial else workload.autoscalers:
        if not scaler.defined or scaler.defaulted:
            yield _judge(workload, scaler, params)
            return


def _judge(workload: Workload, scaler: Autoscaler, params: Mapping[str, Any]) -> Problem:
    on_cpu = _runs_on_cpu(workload, scaler)
    advice = _SERVER_METRICS if on_cpu is False else _suggest(workload, scaler, params)
    form, found, fix = "missing", "has no metric", None
    if scaler.defaulted:
        form, found = "defaulted", "looks defaulted (cpu at 80 %)"
    elif scaler.implicit is not None:
        form, found = "implicit", f"has no metric: {scaler.implicit}"
    elif on_cpu:
        fix = _write_default(scaler)
    return Problem(form, scaler.metrics.path, f"{scaler.what} {found}; expected {advice}", fix)


def _runs_on_cpu(workload: Workload, scaler: Autoscaler) -> bool | None:
    """Whether the target has no accelerator; None where it is not known."""
    if scaler.target is None:
        return None
    held = workload.neighbourhood.ask_pods(scaler.target, workload.accelerators.held_by)
    return None if held is None else not held


def _suggest(workload: Workload, scaler: Autoscaler, params: Mapping[str, Any]) -> str:
    """The metrics of model servers are none of a gateway's or a web application's."""
    advice = f"at least one, such as cpu at {params['default_cpu_target']} %"
    serves = scaler.target is None or workload.neighbourhood.ask_pods(scaler.target, has_server)
    return f"{advice}, or for a GPU server {_SERVER_METRICS}" if serves else advice


def _write_default(scaler: Autoscaler) -> Fix | None:
    if scaler.preset is None:
        return None
    title = f"write the API server's default into {dotted(scaler.metrics.path)}"
    return write_values(title, [(scaler.metrics, scaler.preset)], safe=True)


RULE = Rule(
    code="HPA001",
    name="hpa-metrics-defined",
    harm=Harm.SERVES_ERRORS,
    forms=form_table(
        """
        missing    error    deny  deny  an autoscaler has no metric
        defaulted  warning  warn  warn  admitted metrics look like the API server's default
        implicit   warning  warn  warn  the operator picks a metric of its own
        """,
        role_gated=False,
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
