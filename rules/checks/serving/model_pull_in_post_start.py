"""A model is fetched in a postStart hook.

## What
`lifecycle.postStart` of a serving container must not download or load a model.

## Why
Until the hook ends, the container does not count as started: no probe runs, it gets no requests,
and its logs do not show the hook. If the hook fails, the container is killed and the next one
downloads everything again.

## Example
```yaml
lifecycle: {postStart: {exec: {command: [ollama, pull, "llama3.1:70b"]}}}
```

## Use instead
```yaml
initContainers: [{name: fetch, image: ollama/ollama:0.6.2, command: [...], volumeMounts: [...]}]
```
Or a claim or image volume with the model, or a server that downloads it itself, covered by a
`startupProbe`.

## Fix safety
There is no fix: where to keep the model is your decision.

## References
- https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/
- otwld/ollama-helm#68
"""

from collections.abc import Iterator, Mapping

from rules.commands import CommandLine
from rules.downloads import find_download
from rules.kinds.podspec import make_container
from rules.model import Harm, Problem, Rule, form_table
from rules.paths import dotted
from rules.type_names import Any
from rules.workload import SERVING, Workload


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    for pod in workload.pods_of(SERVING):
        for container in pod.mains:
            hook = container.get("lifecycle", "postStart", "exec")
            path = container.place("lifecycle", "postStart", "exec")
            command = CommandLine(make_container(hook, path)) if isinstance(hook, dict) else None
            fetched = find_download(command) if command else None
            if command is not None and fetched is not None:
                found = f"{dotted((*path, 'command'))} runs {fetched}: the container does not start"
                killed = "" if "||" in command.script else ", and is killed if it fails"
                message = f"{found} until it ends{killed}; expected no download"
                yield Problem("fetch", (*path, "command"), message, role_path=pod.path)


RULE = Rule(
    code="SRV010",
    name="model-pull-in-post-start",
    harm=Harm.SERVES_ERRORS,
    forms=form_table("""
        fetch  warning  warn  warn  a postStart hook fetches or loads a model
    """),
    check=check,
    docs=__doc__ or "",
    scope="serving",
    roles=SERVING,
)
