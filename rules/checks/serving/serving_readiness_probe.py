"""A model server has no readiness probe.

## What
The container that serves a model needs a `readinessProbe`, on a port that it has.

## Why
Without one, a pod counts as ready as soon as its process starts. At each start, scale-up and
rollout, its share of the requests fails until the model is loaded. A probe of a port name that the
container does not declare never succeeds, and the pod gets no requests at all.

## Example
```yaml
containers: [{name: server, image: vllm/vllm-openai:v0.11.0, ports: [{containerPort: 8000}]}]
```

## Use instead
```yaml
readinessProbe: {httpGet: {path: /health, port: 8000}, periodSeconds: 10, timeoutSeconds: 5}
```
No probe is needed if an operator checks the port itself (Knative, KServe, Seldon), or if an unknown
server declares no port: it probably takes its work from a queue.

## Fix safety
Safe if the health path is known from the image, the image's own server runs and the port is
certain, and if the probe can only mean the only port. Unsafe if it copies another probe.

## References
- https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-probes
- vllm-project/aibrix#2264
"""

from collections.abc import Iterator, Mapping

from rules.commands import CommandLine
from rules.kinds.pods import Container, Pod, Probes
from rules.kinds.roles import Subrole
from rules.model import Fix, Harm, Problem, Rule, form_table
from rules.paths import dotted
from rules.ports import (
    is_asked,
    known_server,
    names_no_port,
    port_names,
    runs_own_server,
    tell_lost_port,
    work_ports,
)
from rules.probes import can_fail, known_handler, own_handler, probes_of, serves_unloaded
from rules.serving import lower_confidence
from rules.type_names import Any
from rules.wording import write_value, write_values
from rules.workload import SERVING, Workload


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    for pod in () if workload.partial else workload.pods_of(SERVING):
        found = [_judge_port(workload, container) for container in pod.mains]
        for problem in (*found, _judge_absence(workload, pod)):
            if problem is not None and pod.complete:
                yield problem._replace(role_path=pod.path)


def _judge_absence(workload: Workload, pod: Pod) -> Problem | None:
    """One container that is asked is enough: a pod is ready when all its containers are. Workers of
    a group are sent nothing, nor is what a run starts on no declared port; few ask a run at all."""
    given = pod.readiness_given or pod.probes is not Probes.OWN or pod.subrole is Subrole.WORKER
    if given or any(one.get("readinessProbe") for one in pod.containers):
        return None
    loads = workload.accelerated(pod)
    commands = [one for one in map(workload.command, pod.mains) if is_asked(one, accelerated=loads)]
    known = [one for one in commands if known_server(one) is not None]
    declared = [one for one in commands if any(work_ports(one.container))]
    listening = declared if workload.retries else known or declared
    if not listening or not all(map(can_fail, probes_of(listening[0].container))):
        return None  # SRV009 says that whoever wrote that probe does not know what to ask
    path = listening[0].container.place("readinessProbe")
    until = "it can answer" if serves_unloaded(listening[0]) else "the model is loaded"
    message = f"{dotted(path)} is not set: the pod gets requests before {until}; expected one"
    doubt = lower_confidence(workload, pod) if workload.retries else None
    return Problem("missing", path, message, _fix(workload, listening[0]), confidence=doubt)


def _fix(workload: Workload, command: CommandLine) -> Fix | None:
    known = known_handler(command)
    if not (handler := known or own_handler(command.container)):
        return None
    place = workload.manifest.value(command.container.place("readinessProbe"))
    probe = {**handler, "periodSeconds": 10, "timeoutSeconds": 5}
    safe = known is not None and runs_own_server(command)
    return write_values(f"add {dotted(place.path)}", [(place, probe)], safe=safe)


def _judge_port(workload: Workload, container: Container) -> Problem | None:
    handler = "httpGet" if container.get("readinessProbe", "httpGet") else "tcpSocket"
    value = workload.manifest.value(container.place("readinessProbe", handler, "port"))
    if not value.written or not names_no_port(container, value.value):
        return None
    if container.elsewhere or container.get("readinessProbe", handler, "host"):
        return None
    names = port_names(container)
    found, expected = tell_lost_port(container, value)
    fix = write_value(value, names[0], safe=True) if len(names) == 1 else None
    message = f"{found}: the pod never becomes ready; {expected}"
    return Problem("port", value.path, message, fix)


RULE = Rule(
    code="SRV004",
    name="serving-readiness-probe",
    harm=Harm.SERVES_ERRORS,
    forms=form_table("""
        missing  error  deny  deny  nothing holds requests back until the model is loaded
        port     error  deny  deny  the probe names a port that the container does not have
    """),
    check=check,
    docs=__doc__ or "",
    fix="safe or unsafe",
    scope="serving",
    roles=SERVING,
)
