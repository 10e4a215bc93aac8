"""The API server refuses the amount of an accelerator.

## What
The amount of an accelerator, or of any other extended resource, must be a whole number, and its
request must equal its limit.

## Why
Extended resources are counted and cannot be overcommitted, so the API server refuses fractions, and
requests that differ from their limits. For a pod template inside a custom resource the refusal
comes later, when the operator creates the pod: the job sits there with FailedCreate events.

## Example
```yaml
resources: {limits: {nvidia.com/gpu: 0.5}}
```

## Use instead
```yaml
resources: {limits: {nvidia.com/gpu: 1}}
```
Part of a GPU has a name of its own: a MIG slice (`nvidia.com/mig-1g.5gb`), a replica of a shared
GPU (`nvidia.com/gpu.shared`), GPU memory (`nvidia.com/gpumem`, HAMi), or a claim (DRA).

## Fix safety
Safe if request and limit differ: the object could not run. There is no fix for fractions.

## References
- `pkg/apis/core/validation` (ValidateResourceRequirements, ValidateResourceQuantityValue)
- kubeflow/trainer#2900
"""

from collections.abc import Iterator, Mapping

from rules.accelerators import is_counted, needs_limit
from rules.model import Harm, Problem, Related, Rule, form_table
from rules.paths import Path, dig, dotted
from rules.quantity import parse_quantity
from rules.refusals import NOT_NEGATIVE, UNEQUAL, WHOLE_NUMBER, refuse_pods
from rules.resource_names import NVIDIA
from rules.type_names import Any
from rules.unusual_resources import find_unusual_resources
from rules.wording import show_value, write_value
from rules.workload import Workload

_PARTS = (
    "a part of a GPU is a MIG slice (nvidia.com/mig-1g.5gb), a shared GPU (nvidia.com/gpu.shared), "
    "memory of one (nvidia.com/gpumem), or a claim (DRA)"
)


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    for one in workload.once(find_unusual_resources):
        for problem in _judge(workload, one.path, one.resources):
            yield problem._replace(role_path=one.pod.path)


def _judge(workload: Workload, path: Path, resources: Any) -> Iterator[Problem]:
    limits, requests = _numbers(resources, "limits"), _numbers(resources, "requests")
    for name, amount in limits.items():
        yield from _judge_count(workload, (*path, "limits", name), amount)
    for name, amount in requests.items():
        if limits.get(name) == amount:
            continue
        yield from _judge_count(workload, (*path, "requests", name), amount)
        if name in limits and needs_limit(name):
            yield _unequal(workload, path, name)


def _numbers(resources: Any, key: str) -> dict[str, float]:
    """The amounts under ``limits`` or ``requests`` that are numbers, by name."""
    amounts = dig(resources, (key,))
    known = amounts.items() if isinstance(amounts, dict) else ()
    numbers = {str(name): parse_quantity(amount) for name, amount in known}
    return {name: number for name, number in numbers.items() if number is not None}


def _judge_count(workload: Workload, path: Path, amount: float) -> Iterator[Problem]:
    name = str(path[-1])
    if not is_counted(name) or (amount.is_integer() and amount >= 0):
        return
    words = NOT_NEGATIVE if amount.is_integer() else WHOLE_NUMBER
    found = f"{dotted(path)} is {show_value(workload.manifest.dig(*path))}"
    refusal = refuse_pods(words, built_in=workload.kind.built_in)
    part = f"; {_PARTS}" if words == WHOLE_NUMBER and name == NVIDIA else ""
    yield Problem("count", path, f"{found}: {refusal}; expected a whole number{part}")


def _unequal(workload: Workload, path: Path, name: str) -> Problem:
    request = workload.manifest.value((*path, "requests", name))
    limit = workload.manifest.value((*path, "limits", name))
    said = UNEQUAL.format(name=name, limit=show_value(limit.value))
    found = f"{dotted(request.path)} is {show_value(request.value)}"
    refusal = refuse_pods(said, built_in=workload.kind.built_in)
    message = f"{found}: {refusal}; expected {show_value(limit.value)}, as in the limit"
    fix = write_value(request, limit.value, safe=True)
    return Problem(
        "unequal", request.path, message, fix, related=(Related(limit.path, "the limit"),)
    )


RULE = Rule(
    code="GPU002",
    name="accelerator-quantity-valid",
    harm=Harm.NEVER_STARTS,
    forms=form_table(
        """
        count    error  deny  deny  an amount is no whole number
        unequal  error  deny  deny  a request differs from its limit
        """,
        role_gated=False,
    ),
    check=check,
    docs=__doc__ or "",
    fix="safe",
    scope="every pod template",
)
