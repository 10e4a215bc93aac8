"""A workload has a kind that the organisation does not allow for it.

## What
Only kinds that the policy allows may use accelerators or train. Objects that a controller creates
are judged with their owner.

## Why
A bare Pod with a GPU is in no queue, is not recreated when its node fails, and outlives its
author's interest. A kind without a queue, a dashboard or a quota on the platform is one that nobody
looks after.

## Example
```yaml
# policy: rules: {ORG005: {deny: [Pod]}}
kind: Pod
spec: {containers: [{resources: {limits: {nvidia.com/gpu: 1}}}]}
```

## Use instead
A Job, or the job of an operator that the platform runs.

## Fix safety
There is no fix: TRN007 turns training into a Job where possible.

## References
- kyverno.io, Prevent Bare Pods
"""

from collections.abc import Iterator, Mapping

from rules.holdings import holds_accelerators
from rules.kinds.schema import Kind
from rules.model import Harm, Parameter, Problem, Rule, form_table
from rules.type_names import Any
from rules.workload import TRAINING, Workload


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    kind = workload.kind
    if kind.dormant or not any(params[one.name] for one in RULE.parameters):
        return
    accelerated = any(holds_accelerators(workload, pod) for pod in workload.pods)
    if accelerated and _is_one_of(kind, params["deny"]):
        text = f"{kind.name} asks for accelerators; expected another kind"
        yield Problem("denied", ("kind",), text)
    elif accelerated and params["accelerated"] and not _is_one_of(kind, params["accelerated"]):
        text = f"{kind.name} asks for accelerators; expected {_tell(params['accelerated'])}"
        yield Problem("accelerated", ("kind",), text)
    trains = workload.pods_of(TRAINING) if params["training"] else ()
    if trains and not _is_one_of(kind, params["training"]):
        text = f"{kind.name} trains; expected {_tell(params['training'])}"
        yield Problem("training", ("kind",), text, role_path=trains[0].path)


def _is_one_of(kind: Kind, names: tuple[str, ...]) -> bool:
    """Whether a kind is listed, by its name or by ``Name.group``."""
    return kind.name in names or f"{kind.name}.{kind.group}" in names


def _tell(names: tuple[str, ...]) -> str:
    return " or ".join(names)


RULE = Rule(
    code="ORG005",
    name="workload-kind",
    harm=Harm.UNWANTED,
    forms=(
        *form_table(
            """
            denied       error  warn  deny  such a kind may not ask for accelerators
            accelerated  error  warn  deny  it is none of those that may ask for accelerators
            """,
            role_gated=False,
        ),
        *form_table("training  error  warn  deny  it is none of those that may train"),
    ),
    check=check,
    docs=__doc__ or "",
    scope="training, and pods with accelerators",
    parameters=(
        Parameter("accelerated", "the kinds that may ask for accelerators", default=(), kinds=True),
        Parameter("training", "the kinds that may train", default=(), kinds=True),
        Parameter("deny", "kinds that may not ask for accelerators", default=(), kinds=True),
    ),
)
