"""A model server is stopped while it still receives requests.

## What
A model server needs a `preStop` hook that waits until its address has been removed from Services,
and a grace period long enough for the hook and for running requests.

## Why
SIGTERM and the removal of the endpoint happen at the same time: for some seconds a stopping server
still receives requests. Token streams in progress are cut off when the grace period ends.

## Example
```yaml
spec:
  containers:
  - {name: server, image: "vllm/vllm-openai:v0.11.0"}
```

## Use instead
```yaml
spec:
  terminationGracePeriodSeconds: 60
  containers:
  - name: server
    image: vllm/vllm-openai:v0.11.0
    lifecycle: {preStop: {sleep: {seconds: 15}}}
```

## Fix safety
Unsafe: Kubernetes before 1.30 has no `sleep` and refuses the then empty hook; there
`exec: {command: [sleep, "15"]}` does the same, if the image contains `sleep`.

## References
- KEP-3960 (sleep action), `pkg/apis/core/validation` (validateSleepAction)
- kserve/kserve#5485, vllm-project/vllm#24885, gateway-api-inference-extension#549
"""

from collections.abc import Iterator, Mapping

from rules.kinds.facts import GRACE_PERIOD
from rules.kinds.pods import Container, Pod, Probes
from rules.kinds.roles import Subrole
from rules.model import Harm, Parameter, Problem, Rule, form_table
from rules.paths import dotted
from rules.ports import declared_ports, known_server
from rules.termination import read_wait
from rules.type_names import Any
from rules.whole_numbers import parse_whole
from rules.wording import tell_value, write_values
from rules.workload import SERVING, Workload

_DRAINS = ("shutdown-timeout", "timeout-graceful-shutdown", "graceful-timeout")
"""How long a server is told to finish what runs: vLLM, uvicorn, gunicorn."""


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    for pod in () if workload.partial else workload.pods_of(SERVING):
        if pod.probes is not Probes.OWN or pod.readiness_given or pod.subrole is Subrole.WORKER:
            continue  # somebody else drains it, or nobody asks it
        asked = [one for one in pod.mains if _is_asked(workload, one)]
        for container in asked if pod.complete and not pod.inherits else ():
            problem = _judge(workload, pod, container, params)
            if problem is not None:
                yield problem._replace(role_path=pod.path)


def _is_asked(workload: Workload, container: Container) -> bool:
    return known_server(workload.command(container)) is not None or any(declared_ports(container))


def _judge(
    workload: Workload, pod: Pod, container: Container, params: Mapping[str, Any]
) -> Problem | None:
    hook = workload.manifest.value(container.place("lifecycle", "preStop"))
    grace = workload.at(GRACE_PERIOD, pod)
    if grace is None or hook.unknown or grace.unknown:
        return None
    if hook.absent:
        changes: list[tuple[Any, Any]] = [(hook, {"sleep": {"seconds": params["sleep"]}})]
        if (grace.number or 0) < params["grace"]:
            changes.append((grace, params["grace"]))
        fix = write_values(f"wait {params['sleep']} s before the end", changes, safe=False)
        found = f"{dotted(hook.path)} is not set: a stopping server still gets requests"
        return Problem("missing", hook.path, f"{found}; expected a hook that waits", fix)
    told = parse_whole(workload.command(container).value(*_DRAINS) or "")
    drain = params["grace"] - params["sleep"] if told is None else told
    needed = read_wait(container) + drain
    if grace.number is None or grace.number >= needed:
        return None
    found = f"{tell_value(grace, f', which means {grace.value} s')}: the hook is part of it"
    return Problem("grace", grace.path, f"{found}; expected at least {needed} s")


RULE = Rule(
    code="SRV007",
    name="graceful-drain",
    harm=Harm.SERVES_ERRORS,
    forms=form_table("""
        missing  info     audit  audit  nothing waits until no more requests come
        grace    warning  audit  audit  the grace period ends while requests still run
    """),
    check=check,
    docs=__doc__ or "",
    fix="unsafe",
    scope="serving",
    roles=SERVING,
    parameters=(
        Parameter("sleep", "seconds that the hook of a fix waits", default=15),
        Parameter("grace", "seconds of the grace period beside such a hook", default=60),
    ),
)
