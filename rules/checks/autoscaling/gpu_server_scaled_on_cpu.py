"""A server on an accelerator is scaled by CPU or memory alone.

## What
An autoscaler of pods with accelerators needs a metric of the server, or of the accelerator.

## Why
A model server on a GPU waits for the GPU: its CPU load hardly changes while requests queue up.
Language model servers allocate GPU memory, and often host memory, once and for good, so a memory
metric never scales down. Replicas are added too late, or never.

## Example
```yaml
kind: HorizontalPodAutoscaler
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: server}   # nvidia.com/gpu: 1
  metrics:
  - type: Resource
    resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}
```

## Use instead
```yaml
  metrics:
  - type: Pods
    pods:
      metric: {name: "vllm:num_requests_waiting"}
      target: {type: AverageValue, averageValue: "5"}
```

## Fix safety
There is no fix: the metric's target value is your decision.

## References
- cloud.google.com, Best practices for autoscaling LLM inference workloads with GPUs on GKE
- vllm-project/production-stack#891
"""

from collections.abc import Iterator, Mapping

from rules.globs import fits_glob
from rules.image import parse_image
from rules.kinds.kept_pods import KeptContainer
from rules.kinds.lookups import Reference
from rules.kinds.schema import Autoscaler
from rules.model import Harm, Parameter, Problem, Related, Rule, form_table
from rules.paths import shorten
from rules.servers import COMMON_SERVERS, find_server, name_metrics
from rules.type_names import Any
from rules.workload import Workload


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    for scaler in workload.autoscalers:
        # Without a word on metrics it is HPA001's.
        if scaler.target is None or not scaler.defined or scaler.defaulted:
            continue
        names = [measure.resource for measure in scaler.measures]
        if not names or None in names:
            continue
        for container in _find_accelerated(workload, scaler.target):
            yield _judge(scaler, scaler.target, container, params["gpu_metric_hints"])
            return


def _find_accelerated(workload: Workload, target: Reference) -> Iterator[KeptContainer]:
    for pod in workload.neighbourhood.find_pods(target) or ():
        for container in pod.containers:
            if any(map(workload.accelerators.match, container.limits)):
                yield container


def _judge(
    scaler: Autoscaler, target: Reference, container: KeptContainer, hints: Mapping[str, str]
) -> Problem:
    names = " and ".join(sorted({str(measure.resource) for measure in scaler.measures}))
    device = next(name for name in container.limits if "/" in name)
    found = f"{scaler.what} has only {names}, which says little about a server on {device}"
    message = f"{found}; expected {_suggest(container, hints)}"
    key = target.key
    related = Related(container.path, f"{key.kind} {shorten(key.name)} has {device}", key)
    return Problem("host", scaler.metrics.path, message, related=(related,))


def _suggest(container: KeptContainer, hints: Mapping[str, str]) -> str:
    """What the policy says of the image, else what is known of its server."""
    hinted = (metric for glob, metric in hints.items() if fits_glob(container.image, glob))
    metric = next(hinted, None)
    if metric is not None:
        return metric
    server = find_server(parse_image(container.image))
    known = (server,) if server is not None and server.metrics else COMMON_SERVERS
    return f"a metric of the server, such as {name_metrics(known)}"


RULE = Rule(
    code="HPA003",
    name="gpu-server-scaled-on-cpu",
    harm=Harm.SERVES_ERRORS,
    forms=form_table(
        """
        host  warning  warn  warn  pods with accelerators are scaled on cpu or memory alone
        """,
        role_gated=False,
    ),
    check=check,
    docs=__doc__ or "",
    scope="autoscalers",
    reads=("autoscalers",),
    parameters=(
        Parameter(
            "gpu_metric_hints",
            "what messages suggest to scale on, by globs of the image",
            default={},
            like={"registry.example/recs*": "recs_queue_length"},
            free_keys=True,
        ),
    ),
)
