"""A probe of a model server uses a port that does not exist.

## What
A probe or `preStop` hook must use a port on which the container listens.

## Why
The API server accepts any port name or number. A startup probe of a port where nothing listens
makes every start fail; a liveness probe restarts the server again and again.

## Example
```yaml
ports: [{name: http, containerPort: 8000}]
livenessProbe: {httpGet: {path: /health, port: htttp}}
```

## Use instead
```yaml
ports: [{name: http, containerPort: 8000}]
livenessProbe: {httpGet: {path: /health, port: http}}
```
A port number is reported only for a known server, if it is not the server's default and appears
neither in the ports of the pod's containers nor in their commands and variables. A readiness probe
of an unknown port name is SRV004.

## Fix safety
Safe for a port name that is one or two letters off the only port's name. Otherwise there is no fix.

## References
- apimachinery `util/intstr`, kubelet `pkg/probe` (ResolveContainerPort)
"""

from collections.abc import Iterator, Mapping

from rules.kinds.pods import Container, Pod
from rules.model import Harm, Problem, Rule, Value, form_table
from rules.paths import dotted
from rules.ports import known_server, port_names, port_numbers, tell_lost_port
from rules.probes import PROBES
from rules.serving import find_told_ports
from rules.type_names import Any
from rules.whole_numbers import parse_whole
from rules.wording import list_names, write_value
from rules.words import count_edits
from rules.workload import SERVING, Workload

_PLACES = (*((probe,) for probe in PROBES), ("lifecycle", "preStop"))
_HANDLERS = ("httpGet", "tcpSocket", "grpc")
_LONGEST = 15
"""Letters of a port's name (IANA_SVC_NAME)."""


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    for pod in () if workload.partial else workload.pods_of(SERVING):
        for container in pod.mains if pod.complete and not pod.inherits else ():
            for value in _read_ports(workload, container):
                problem = _judge(workload, pod, container, value)
                if problem is not None:
                    yield problem._replace(role_path=pod.path)


def _read_ports(workload: Workload, container: Container) -> Iterator[Value]:
    """The ports that a container's probes and its hook ask."""
    for field, *rest in _PLACES:
        asked = container.get(field, *rest)
        for handler in _HANDLERS if isinstance(asked, dict) else ():
            keys = (*rest, handler)
            if handler in asked and container.get(field, *keys, "host") is None:
                value = workload.manifest.value(container.place(field, *keys, "port"))
                if value.written:
                    yield value


def _judge(workload: Workload, pod: Pod, container: Container, value: Value) -> Problem | None:
    if isinstance(value.value, str) and not value.value.isdecimal():
        return _judge_name(container, value)
    number = parse_whole(str(value.value)) or 0
    server, numbers = known_server(workload.command(container)), port_numbers(container)
    own = server is None or number == server.port
    if own or not numbers or number in workload.once(find_told_ports, pod.path):
        return None
    found = f"{dotted(value.path)} is {number}, a port on which nothing is told to listen"
    expected = f"expected one of its ports ({list_names([str(one) for one in numbers])})"
    return Problem("number", value.path, f"{found}; {expected}")


def _judge_name(container: Container, value: Value) -> Problem | None:
    name, names = str(value.value), port_names(container)
    if name in names or "readinessProbe" in value.path:
        return None
    near = len(names) == 1 and count_edits(name[:_LONGEST], names[0][:_LONGEST]) <= 2
    fix = write_value(value, names[0], safe=True) if near else None
    return Problem("name", value.path, "; ".join(tell_lost_port(container, value)), fix)


RULE = Rule(
    code="SRV011",
    name="probe-port-exists",
    harm=Harm.SERVES_ERRORS,
    forms=form_table("""
        name    error  warn  warn  the container has no port of that name
        number  error  warn  warn  nobody is told to listen at that port
    """),
    check=check,
    docs=__doc__ or "",
    fix="safe",
    scope="serving",
    roles=SERVING,
)
