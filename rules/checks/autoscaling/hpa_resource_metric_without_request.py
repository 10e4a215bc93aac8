"""An autoscaler scales by utilization of a request that the pods do not make.

## What
If an autoscaler targets a utilization of CPU or memory, every container of the pods must request
that resource; for a metric of one container, only that one.

## Why
Utilization is usage divided by the request. If one container has no request, the controller cannot
measure, reports `missing request for cpu in container X of Pod Y`, and does not scale at all.

## Example
```yaml
kind: HorizontalPodAutoscaler
spec:
  metrics:
  - type: Resource
    resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}
---
kind: Deployment
spec:
  template:
    spec:
      containers:
      - name: main
        resources: {limits: {nvidia.com/gpu: 1}}
```

## Use instead
`resources: {requests: {cpu: "4"}, limits: {nvidia.com/gpu: 1}}`, or a `ContainerResource` metric of
a container with a request. Limits count as requests, and so do pod-level resources.

## Fix safety
There is no fix: how much to request is your decision, or a LimitRange's.

## References
- `pkg/controller/podautoscaler/metrics`, `replica_calculator.go` (calculateRequests)
- KEP-1610 (ContainerResource metrics), KEP-2837 (resources of a pod)
"""

from collections.abc import Iterator, Mapping

from rules.kinds.kept_pods import KeptContainer, KeptPod
from rules.kinds.lookups import Reference
from rules.kinds.pods import ContainerUse
from rules.kinds.schema import Measure
from rules.model import Harm, Parameter, Problem, Related, Rule, form_table
from rules.paths import shorten
from rules.type_names import Any
from rules.workload import Workload

_INJECTED = "sidecar.istio.io/inject"


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    for scaler in workload.autoscalers:
        pods = workload.neighbourhood.find_pods(scaler.target) if scaler.target else None
        # Of several templates the first is what the scale subresource selects: the leader's.
        for pod in (pods or ())[:1]:
            for measure in () if scaler.defaulted else scaler.measures:
                if scaler.target is not None and measure.shared and measure.resource:
                    yield from _judge(scaler.target, pod, measure, params)


def _judge(
    target: Reference, pod: KeptPod, measure: Measure, params: Mapping[str, Any]
) -> Iterator[Problem]:
    resource = str(measure.resource)
    told = f"utilization of {resource} is relative to the request"
    expected = f"expected resources.requests.{resource}"
    if resource in pod.requests or resource in pod.limits:
        return
    for container in _find_lacking(pod, measure):
        name = f"container '{shorten(container.name)}' of {_name(target)}"
        message = f"{told}, and {name} has none: nothing is scaled; {expected}"
        related = Related(container.path, f"requests no {resource}", target.key)
        yield Problem("missing", measure.path, message, related=(related,))
        return
    injected = str(pod.labels.get(_INJECTED)).lower() == "true" and measure.container is None
    if injected and not params["assume_sidecar_requests"]:
        message = f"{told}, and a sidecar of {_name(target)} may have none; {expected}"
        advice = " there, or a metric of one container (ContainerResource)"
        related = Related(pod.path, "a sidecar is injected here", target.key)
        yield Problem("injected", measure.path, message + advice, related=(related,))


def _find_lacking(pod: KeptPod, measure: Measure) -> Iterator[KeptContainer]:
    """The containers that run as long as the pod and request nothing of the resource."""
    for one in pod.containers:
        measured = measure.container in (None, one.name) and one.use != ContainerUse.INIT
        if measured and measure.resource not in one.requests and measure.resource not in one.limits:
            yield one


def _name(target: Reference) -> str:
    return f"{target.kinds[0]} {shorten(target.name)}"


RULE = Rule(
    code="HPA002",
    name="hpa-resource-metric-without-request",
    harm=Harm.SERVES_ERRORS,
    forms=form_table(
        """
        missing   error    warn  warn  a container of the target does not request what is measured
        injected  warning  warn  warn  a sidecar that is injected there may not request it
        """,
        role_gated=False,
    ),
    check=check,
    docs=__doc__ or "",
    scope="autoscalers",
    reads=("autoscalers",),
    parameters=(
        Parameter(
            "assume_sidecar_requests",
            "whether sidecars that are injected into pods are taken to request cpu and memory",
            default=True,
        ),
    ),
)
