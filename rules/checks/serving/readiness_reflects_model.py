"""A readiness probe passes before the model can answer.

## What
The readiness probe of a model server must check whether the model is ready, not just an open port,
the metrics, the root path or whether the process is alive.

## Why
A pod that is ready but cannot answer gets its share of the requests: each rollout and each added
replica causes errors.

## Example
```yaml
readinessProbe: {httpGet: {path: /v2/health/live, port: 8000}}
```

## Use instead
```yaml
readinessProbe: {httpGet: {path: /v2/health/ready, port: 8000}}
```

## Fix safety
Unsafe: the path is that of the image's server, and a proxy may be in front of it.

## References
- gateway-api-inference-extension#550; llm-d's guide on readiness probes
- https://github.com/open-inference/open-inference-protocol (health)
"""

from collections.abc import Iterator, Mapping

from rules.commands import CommandLine
from rules.model import Fix, Harm, Presence, Problem, Remove, Rule, Set, form_table
from rules.paths import dotted, shorten
from rules.ports import find_port, known_server, port_names
from rules.probes import known_handler
from rules.servers import Server
from rules.type_names import Any
from rules.wording import write_value
from rules.workload import SERVING, Workload

_SHALLOW = {"": "the root", "/metrics": "for metrics"}
"""Paths that say nothing of a model, without a slash at the end."""


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    for pod in workload.pods_of(SERVING):
        for container in pod.mains if pod.complete else ():
            command = workload.command(container)
            server = known_server(command)
            if server is None or server.ready is None or not container.get("readinessProbe"):
                continue
            problem = _judge_path(workload, command, server) or _judge_port(command, server)
            if problem is not None:
                yield problem._replace(role_path=pod.path)


def _judge_path(workload: Workload, command: CommandLine, server: Server) -> Problem | None:
    where = command.container.place("readinessProbe", "httpGet", "path")
    value = workload.manifest.value(where)
    if not value.written or not isinstance(value.value, str):
        return None
    path = value.value.partition("?")[0].rstrip("/")
    if path == (server.ready or "").rstrip("/"):
        return None
    lives = path == server.live
    asked = "whether the server lives" if lives else _SHALLOW.get(path)
    if asked is None:
        return None
    found = f"{dotted(where)} is {shorten(value.value)}, which asks {asked}, and not for the model"
    fix = write_value(value, server.ready, safe=False)
    return Problem("path", where, f"{found}; expected {server.ready}", fix)


def _judge_port(command: CommandLine, server: Server) -> Problem | None:
    container = command.container
    where = container.place("readinessProbe", "tcpSocket")
    port = container.get("readinessProbe", "tcpSocket", "port")
    # Of gRPC, on a port of its own or instead of HTTP, nobody can ask more.
    talks_grpc = "grpc" in command.script or "grpc" in port_names(container)
    if port is None or talks_grpc or port != find_port(command, server):
        return None
    found = f"{dotted(where)} asks for an open port, and not for the model"
    handler = known_handler(command)
    fix = None
    if handler is not None:
        edits = (Remove(where), Set((*where[:-1], "httpGet"), handler["httpGet"]))
        title = f"ask for {server.ready} instead"
        fix = Fix(title, edits, safe=False, presence=Presence.WRITTEN)
    return Problem("port", where, f"{found}; expected httpGet of {server.ready}", fix)


RULE = Rule(
    code="SRV005",
    name="readiness-reflects-model",
    harm=Harm.SERVES_ERRORS,
    forms=form_table("""
        path  warning  audit  audit  the readiness probe asks a path that says nothing of the model
        port  warning  audit  audit  the readiness probe asks for an open port
    """),
    check=check,
    docs=__doc__ or "",
    fix="unsafe",
    scope="serving",
    roles=SERVING,
)
