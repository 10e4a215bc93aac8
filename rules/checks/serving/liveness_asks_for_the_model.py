"""A liveness probe checks whether a model is ready.

## What
A `livenessProbe` must check whether the server is alive, and nothing else.

## Why
While a model is loaded, reloaded or unloaded, the server is not ready, but healthy. A liveness
probe that checks the model restarts it, and with it all other models that it serves.

## Example
```yaml
livenessProbe: {httpGet: {path: /v2/health/ready, port: 8000}}
```

## Use instead
```yaml
livenessProbe: {httpGet: {path: /v2/health/live, port: 8000}}
readinessProbe: {httpGet: {path: /v2/health/ready, port: 8000}}
```

## Fix safety
Unsafe: the path is that of the image's server, and a proxy may be in front of it.

## References
- triton-inference-server/server#7014, triton-inference-server/server#5940
- https://github.com/open-inference/open-inference-protocol (health)
"""

from collections.abc import Iterator, Mapping

from rules.commands import CommandLine
from rules.model import Harm, Problem, Rule, form_table
from rules.paths import dotted, shorten
from rules.ports import known_server
from rules.type_names import Any
from rules.wording import write_value
from rules.workload import SERVING, Workload

_READY = "/health/ready"
_MODELS = ("/v1/models", "/v2/models/", "/v2/repository/")
_ANSWERS = (
    *("/v1/completions", "/v1/chat/completions", "/v1/embeddings", "/generate", "/predict"),
    *("/predictions/", "/invocations", "/infer", "/score"),
)
"""Paths that have the model work."""


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    for pod in workload.pods_of(SERVING):
        for container in pod.mains:
            path = container.get("livenessProbe", "httpGet", "path")
            command = workload.command(container)
            asked = _find_question(path, command) if isinstance(path, str) else None
            if asked is not None:
                problem = _judge(workload, command, asked)
                yield problem._replace(role_path=pod.path)


def _find_question(path: str, command: CommandLine) -> str | None:
    """What a path asks for beside the server's life; None where it asks for nothing more."""
    server = known_server(command)
    path = path.partition("?")[0].rstrip("/")
    if server is not None and path == server.live:
        return None
    if path.endswith(_READY) or (server is not None and path == server.ready):
        return "whether its models are ready"
    if path.startswith(_MODELS):
        return "for its models"
    return "for an answer of its model" if path.startswith(_ANSWERS) else None


def _judge(workload: Workload, command: CommandLine, asked: str) -> Problem:
    value = workload.manifest.value(command.container.place("livenessProbe", "httpGet", "path"))
    server = known_server(command)
    live = server.live if server else None
    found = f"{dotted(value.path)} is {shorten(str(value.value))}, which asks {asked}"
    expected = (
        f"expected {live}" if live else "expected a check of the server alone, such as tcpSocket"
    )
    message = f"{found}: the server is restarted while one loads; {expected}"
    fix = write_value(value, live, safe=False) if live else None
    return Problem("model", value.path, message, fix)


RULE = Rule(
    code="SRV008",
    name="liveness-asks-for-the-model",
    harm=Harm.SERVES_ERRORS,
    forms=form_table("""
        model  warning  warn  warn  the liveness probe fails while a model loads
    """),
    check=check,
    docs=__doc__ or "",
    fix="unsafe",
    scope="serving",
    roles=SERVING,
)
