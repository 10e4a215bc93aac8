"""A startup probe gives a model server too little time.

## What
A `startupProbe` must wait as long as the model may take to load: `initialDelaySeconds` +
`periodSeconds` x `failureThreshold`.

## Why
The kubelet kills a container whose startup probe has failed for good, so a probe that is too short
is worse than none: the server is restarted while it loads, again and again. The defaults amount to
30 seconds.

## Example
```yaml
startupProbe: {httpGet: {path: /health, port: 8000}, periodSeconds: 10, failureThreshold: 3}
```

## Use instead
```yaml
startupProbe: {httpGet: {path: /health, port: 8000}, periodSeconds: 10, failureThreshold: 60}
```
The time to load is estimated from the model's size in the arguments; the annotation
`mlgate.dev/model-load-seconds: "900"` on the pod template states it, for example for weights in the
image or on a local disk.

## Fix safety
Safe: the probe only waits longer.

## References
- https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-probes
- vllm-project/vllm#19377, opendatahub-io/kserve#1161
"""

from collections.abc import Iterator, Mapping

from rules.kinds.pods import Probes
from rules.model import Harm, Problem, Rule, form_table
from rules.paths import dotted
from rules.probes import Budget, can_fail, read_budget
from rules.serving import SlowServer, find_slow_servers, lower_confidence
from rules.type_names import Any
from rules.wording import write_value
from rules.workload import SERVING, Workload

_MERGED = ("periodSeconds", "failureThreshold")


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    for server in () if workload.partial else workload.once(find_slow_servers):
        probe = server.container.get("startupProbe")
        if not isinstance(probe, dict) or not _is_known(server, probe):
            continue
        budget = read_budget(probe)
        if budget is not None and server.load.surely_exceeds(budget.seconds):
            doubt = None if server.load.sure else lower_confidence(workload, server.pod)
            problem = _judge(workload, server, budget)
            yield problem._replace(role_path=server.pod.path, confidence=doubt)


def _is_known(server: SlowServer, probe: Mapping[str, Any]) -> bool:
    """Whether the probe's numbers are all its own (another object's may be merged with them), and
    it ever fails."""
    whole = server.pod.probes is not Probes.GIVEN or all(probe.get(key) for key in _MERGED)
    return whole and can_fail(probe)


def _judge(workload: Workload, server: SlowServer, budget: Budget) -> Problem:
    load, path = server.load, server.container.place("startupProbe")
    needed = -(-(load.seconds - budget.delay) // budget.period)
    place = workload.manifest.value((*path, "failureThreshold"), 3)
    sum_up = f"{budget.delay} + {budget.period} x {budget.failures} = {budget.seconds} s"
    message = (
        f"{dotted(path)} waits for {sum_up} and then kills the server, but the model may load for "
        f"{load.seconds} s ({load.reason}); expected failureThreshold {needed}"
    )
    form = "half" if budget.seconds * 2 < load.seconds else "short"
    fix = write_value(place, needed, safe=True)
    return Problem(form, path, message, fix, degree=load.seconds / max(budget.seconds, 1))


RULE = Rule(
    code="SRV002",
    name="startup-budget-sufficient",
    harm=Harm.SERVES_ERRORS,
    forms=form_table("""
        half   error    warn  warn  the startup probe waits for less than half of the load
        short  warning  audit  warn  it waits for less than the load
    """),
    check=check,
    docs=__doc__ or "",
    fix="safe",
    scope="serving",
    roles=SERVING,
)
