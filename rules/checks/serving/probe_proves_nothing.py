"""A probe of a model server cannot fail.

## What
A probe of a serving container must ask the server.

## Why
A command that always succeeds, or that only checks for the process, does not show whether the
server answers: a hung server stays in service, and one that is still loading counts as ready.

## Example
```yaml
livenessProbe: {exec: {command: [sh, -c, "exit 0"]}}
```

## Use instead
```yaml
livenessProbe: {httpGet: {path: /health, port: 8000}}
```

## Fix safety
There is no fix: only you know what the server answers to.

## References
- https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-probes
- ai-dynamo/dynamo#2124
"""

from collections.abc import Iterator, Mapping

from rules.model import Harm, Problem, Rule, form_table
from rules.paths import dotted, shorten
from rules.ports import listens
from rules.probes import can_fail
from rules.type_names import Any
from rules.workload import SERVING, Workload

_PROBES = {
    "startupProbe": "a server that still loads counts as started",
    "livenessProbe": "a server that hangs is never restarted",
    "readinessProbe": "a server that does not answer is sent requests",
}


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    for pod in workload.pods_of(SERVING):
        for container in pod.mains:
            if workload.kind.role is None and not listens(workload.command(container)):
                continue  # a consumer of a queue, which cannot be asked
            for name, harm in _PROBES.items():
                probe = container.get(name)
                if isinstance(probe, dict) and not can_fail(probe):
                    words = " ".join(map(str, probe["exec"]["command"]))
                    path = container.place(name, "exec", "command")
                    found = f"{dotted(path)} is {shorten(words)}, which proves nothing: {harm}"
                    message = f"{found}; expected a request to the server"
                    yield Problem("empty", path, message, role_path=pod.path)


RULE = Rule(
    code="SRV009",
    name="probe-proves-nothing",
    harm=Harm.SERVES_ERRORS,
    forms=form_table("""
        empty  warning  warn  warn  the probe cannot fail, or looks for the process alone
    """),
    check=check,
    docs=__doc__ or "",
    scope="serving",
    roles=SERVING,
)
