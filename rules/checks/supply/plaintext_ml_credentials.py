"""A manifest contains a credential.

## What
Tokens and keys must come from a Secret, not from an `env` value, an argument, script or ConfigMap.

## Why
A manifest is in Git, in the object's `last-applied` annotation, and readable to everybody who may
view pods. A model hub's token gives away models and data, a cloud key even more.

## Example
```yaml
env: [{name: HF_TOKEN, value: <the token itself>}]
```

## Use instead
```yaml
env: [{name: HF_TOKEN, valueFrom: {secretKeyRef: {name: hf-token, key: HF_TOKEN}}}]
```
Revoke the credential: others have seen it. Placeholders are not reported: `changeme`, `<token>`,
`minio123`, `EMPTY`. No report, log or patch shows the credential.

## Fix safety
Unsafe: you have to create the Secret.

## References
- https://kubernetes.io/docs/concepts/configuration/secret/
- https://huggingface.co/docs/hub/security-tokens
"""

from collections.abc import Iterator, Mapping

from rules.commands import CommandLine
from rules.credentials import find_credential, find_token, holds_credential, may_name
from rules.kinds.facts import RUNTIME_ENV, SERVE_CONFIG, WORKFLOW_PARAMETERS
from rules.kinds.pods import Pod
from rules.leaks import find_config_leaks, may_leak, read_fields
from rules.model import Fix, Harm, Problem, Related, Remove, Rule, Set, form_table
from rules.paths import Path, dotted, shorten
from rules.type_names import Any
from rules.workload import Workload


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    for pod in workload.pods:
        for container in pod.containers:
            command = workload.command(container)
            if may_leak(command):
                found = (*_judge_environment(workload, command), *_judge_command(command))
                yield from (problem._replace(role_path=pod.path) for problem in found)
        yield from _judge_config(workload, pod)
    for text, path in read_fields(workload):
        yield from _judge_text(text, path)


def _judge_environment(workload: Workload, command: CommandLine) -> Iterator[Problem]:
    for name, (value, path) in command.environment.items():
        token = find_token(value)
        if token is None and not holds_credential(name, value):
            continue
        what = token.what if token else "a credential"
        secret = shorten(name).lower().replace("_", "-")
        source = {"secretKeyRef": {"name": secret, "key": name}}
        edits = (Remove(path), Set((*path[:-1], "valueFrom"), source))
        presence = workload.manifest.value(path).presence
        fix = Fix(
            f"read {shorten(name)} from the Secret {secret}", edits, safe=False, presence=presence
        )
        message = f"{shorten(name)} holds {what}, written out; expected valueFrom.secretKeyRef"
        yield Problem("environment", path, message, fix)


def _judge_command(command: CommandLine) -> Iterator[Problem]:
    told: set[Path] = set()
    for text, path in command.texts:
        for problem in _judge_text(text, path):
            told.add(path)
            yield problem
    for flag in command.flags if may_name(command.script) else ():
        if flag.path not in told and holds_credential(flag.name, flag.value):
            yield _in_text(f"the value of {flag.name}", flag.path)


def _judge_text(text: str, path: Path) -> Iterator[Problem]:
    found = find_credential(text)
    if found is not None:
        yield _in_text(found.what, path)


def _in_text(what: str, path: Path) -> Problem:
    expected = "expected a variable that comes from a Secret"
    return Problem("text", path, f"{dotted(path)} holds {shorten(what)}, written out; {expected}")


def _judge_config(workload: Workload, pod: Pod) -> Iterator[Problem]:
    for leak in find_config_leaks(workload, pod):
        name = shorten(leak.object.name)
        found = f"{dotted(leak.path)} names ConfigMap {name}, whose {shorten(leak.key)} holds "
        message = f"{found}{shorten(leak.what)}, written out; expected a Secret"
        related = Related(("data", leak.key), "it is written out here", leak.object)
        yield Problem("config", leak.path, message, related=(related,), role_path=pod.path)


RULE = Rule(
    code="SEC001",
    name="plaintext-ml-credentials",
    harm=Harm.LEAKS,
    forms=form_table(
        """
        environment  error  deny  deny  a variable holds a credential
        text         error  deny  deny  an argument, a script or a field holds one
        config       error  warn  deny  a ConfigMap that a pod reads holds one
        """,
        role_gated=False,
    ),
    check=check,
    docs=__doc__ or "",
    fix="unsafe",
    scope="every pod template",
    reads=("pods", RUNTIME_ENV, SERVE_CONFIG, WORKFLOW_PARAMETERS),
)
