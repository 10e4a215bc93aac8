"""A workload runs code from a model's repository, or from anybody who can reach it.

## What
A server or trainer must not run Python code from a model's repository, or unpickle its input,
unless the model is trusted and pinned. Notebooks and Ray heads, where users can enter code, must
not be reachable from outside the cluster without a token.

## Why
`--trust-remote-code` runs whatever the repository's owner pushed last, with the pod's service
account, secrets and network. A Ray dashboard or a notebook behind a load balancer runs whatever
anybody sends: scanners find and abuse such ports within hours.

## Example
```yaml
args: [--model, some-org/model, --trust-remote-code]
```

## Use instead
```yaml
args: [--model, some-org/model, --revision, 4f2c1d0e9b8a7c6d5e4f3a2b1c0d9e8f7a6b5c4d]
```
Some architectures need the flag. Name the sources that you trust, and pin the commit:
`rules: {SEC002: {trusted_model_sources: ["some-org/*"]}}`. A model in a folder, or one named by a
variable, gets a weaker action, because its source is not known here.

## Fix safety
There is no fix: without the flag the model may not load.

## References
- https://huggingface.co/docs/transformers/models (custom models), pytorch `torch/serialization.py`
- https://docs.ray.io/en/latest/ray-security/index.html, CVE-2023-48022 (ShadowRay)
"""

from collections.abc import Iterator, Mapping

from rules.kinds.facts import HEAD_SERVICE_TYPE, OWN_HEAD_SERVICE_TYPE, SERVICE_TYPE
from rules.kinds.pods import Pod
from rules.model import Harm, Parameter, Problem, Related, Rule, form_table
from rules.remote_code import CodeSource, find_open_notebook, find_pickles, find_remote_code
from rules.type_names import Any
from rules.wording import tell_value
from rules.workload import ML_ROLES, Workload

_OPEN = ("LoadBalancer", "NodePort")
_TRUSTED = Parameter(
    "trusted_model_sources",
    "globs of models whose code may run, where a commit is pinned",
    default=(),
    like=[""],
)


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    for fact in (HEAD_SERVICE_TYPE, OWN_HEAD_SERVICE_TYPE):
        for value in workload.each(fact):
            if value.value in _OPEN:
                found = f"{tell_value(value)}: whoever reaches it runs code on the cluster"
                yield Problem("open", value.path, f"{found}; expected ClusterIP")
    for pod in workload.pods_of(ML_ROLES):
        for problem in _judge_pod(workload, pod, params[_TRUSTED.name]):
            yield problem._replace(role_path=pod.path)


def _judge_pod(workload: Workload, pod: Pod, trusted: tuple[str, ...]) -> Iterator[Problem]:
    for container in pod.containers:
        command = workload.command(container)
        for source in find_remote_code(command, trusted):
            expected = (
                "expected a model that needs no code, or a trusted one at a pinned --revision"
            )
            yield _tell("remote" if source.named else "unnamed", source, expected)
        for source in find_pickles(command):
            yield _tell("pickle", source, "expected safetensors")
        notebook = find_open_notebook(command)
        doors = _find_doors(workload, pod) if notebook is not None else ()
        if notebook is not None and doors:
            yield _tell("open", notebook, "expected a token")._replace(related=doors)


def _find_doors(workload: Workload, pod: Pod) -> tuple[Related, ...]:
    """The Services by which a pod is reached from outside the cluster."""
    _, services = workload.neighbourhood.find_services(pod)
    return tuple(
        Related((), f"its Service is a {one.get(SERVICE_TYPE)}", one.key)
        for one in services
        if one.get(SERVICE_TYPE) in _OPEN
    )


def _tell(form: str, source: CodeSource, expected: str) -> Problem:
    return Problem(form, source.path, f"{source.found}: {source.does}; {expected}")


RULE = Rule(
    code="SEC002",
    name="remote-code-execution-flags",
    harm=Harm.LEAKS,
    forms=form_table("""
        remote   warning  warn   warn   a model's repository may run code
        unnamed  info     audit  audit  a model whose origin is not named may run code
        pickle   warning  warn   warn   what is read may run code
        open     warning  warn   warn   whoever comes from outside may run code
    """),
    check=check,
    docs=__doc__ or "",
    scope="machine learning, and Ray clusters",
    reads=("pods", HEAD_SERVICE_TYPE, OWN_HEAD_SERVICE_TYPE),
    parameters=(_TRUSTED,),
)
