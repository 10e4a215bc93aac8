"""A liveness probe gives a busy model server too little time.

## What
The liveness probe of a server on accelerators must wait at least `floor` seconds (failures x
period) before it restarts the container, and must allow more than a second for each answer.

## Why
A long prefill, CUDA graph capture or loading an adapter blocks the server for seconds. A restarted
server loads its weights again for minutes, while the other replicas take over its requests, and are
restarted next.

## Example
```yaml
livenessProbe: {httpGet: {path: /health, port: 8000}, periodSeconds: 5, failureThreshold: 1}
```

## Use instead
```yaml
livenessProbe:
  httpGet: {path: /health, port: 8000}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
```

## Fix safety
Safe: it raises the failures to what the policy demands, and the timeout. A hung server is restarted
that much later. No value is ever lowered.

## References
- ai-dynamo/dynamo#2124
- `pkg/apis/core/v1` (SetDefaults_Probe: 10 s, 3 failures, 1 s)
"""

from collections.abc import Iterator, Mapping

from rules.kinds.pods import Container
from rules.model import Harm, Parameter, Problem, Rule, form_table
from rules.paths import dotted
from rules.probes import read_budget
from rules.serving import find_slow_servers
from rules.type_names import Any
from rules.wording import tell_value, write_value
from rules.workload import SERVING, Workload

_ANSWER = 5


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    for server in workload.once(find_slow_servers):
        accelerated = workload.accelerated(server.pod)
        if accelerated and isinstance(server.container.get("livenessProbe"), Mapping):
            for problem in _judge(workload, server.container, params["floor"]):
                yield problem._replace(role_path=server.pod.path)


def _judge(workload: Workload, container: Container, floor: int) -> Iterator[Problem]:
    where = container.place("livenessProbe")
    budget = read_budget(container.get("livenessProbe"))
    if budget is not None and budget.period * budget.failures < floor:
        value = workload.manifest.value((*where, "failureThreshold"), 3)
        sum_ = f"{budget.failures} x {budget.period} s = {budget.failures * budget.period} s"
        found = f"{dotted(where)} restarts a server that is busy for {sum_}"
        fix = write_value(value, -(-floor // budget.period), safe=True)
        yield Problem("short", where, f"{found}; expected at least {floor} s", fix)
    value = workload.manifest.value((*where, "timeoutSeconds"), 1)
    if not value.unknown and (value.number or 1) <= 1:
        found = tell_value(value, ", which means 1 s")
        message = f"{found}: too short for a busy server; expected {_ANSWER}"
        yield Problem("timeout", value.path, message, write_value(value, _ANSWER, safe=True))


RULE = Rule(
    code="SRV006",
    name="liveness-too-tight",
    harm=Harm.SERVES_ERRORS,
    forms=form_table("""
        short    warning  warn   warn  a server that is busy for some seconds is restarted
        timeout  warning  audit  warn  a server that answers after a second counts as dead
    """),
    check=check,
    docs=__doc__ or "",
    fix="safe",
    scope="serving on accelerators",
    roles=SERVING,
    accelerated=True,
    parameters=(
        Parameter("floor", "least seconds of failed answers before a restart", default=30),
    ),
)
