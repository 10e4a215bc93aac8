"""An accelerator is requested but not limited.

## What
Every accelerator that a container or init container requests must also stand under
`resources.limits`.

## Why
Extended resources cannot be overcommitted, so the API server refuses a request without a limit.
For a pod template inside a custom resource the refusal comes later, when the operator creates the
pod: the job sits there with FailedCreate events. A limit alone is enough; the request is copied
from it.

## Example
```yaml
resources:
  requests:
    nvidia.com/gpu: 1
```

## Use instead
```yaml
resources:
  limits:
    nvidia.com/gpu: 1
```

## Fix safety
Safe: the object could not run. There is no fix for a misspelt name, whose limit would be refused
as well.

## References
- `pkg/apis/core/validation` (Limit must be set for non overcommitable resources)
- https://kubernetes.io/docs/tasks/manage-gpus/scheduling-gpus/
"""

from collections.abc import Iterator, Mapping
from typing import Any

from rules.accelerators import NEAR_MISSES
from rules.inventory import Inventory
from rules.kinds.pods import Container, Pod
from rules.manifest import is_template
from rules.model import Action, Fix, Form, Parameter, Problem, Rule, Set, Severity
from rules.paths import Path, dotted
from rules.quantity import parse_quantity
from rules.workload import Workload

_SERVER = '"Limit must be set for non overcommitable resources"'
_BUILT_IN = frozenset({"", "batch", "apps"})


def check(
    workload: Workload, _inventory: Inventory, params: Mapping[str, Any]
) -> Iterator[Problem]:
    if workload.partial:
        return
    for pod in workload.pods:
        for container in pod.containers:
            yield from _judge(workload, pod, container, params)


def _judge(
    workload: Workload, pod: Pod, container: Container, params: Mapping[str, Any]
) -> Iterator[Problem]:
    path, resources = workload.resources(container)
    if not isinstance(resources, Mapping):
        return
    limits = _amounts(resources.get("limits"))
    for name, amount in _amounts(resources.get("requests")).items():
        if limits.get(name) is None and not _nothing(amount):
            yield from _unlimited(workload, path, name, amount, pod)
    if params["require_request_too"]:
        yield from _unrequested(workload, path, resources, pod)


def _unlimited(
    workload: Workload, path: Path, name: str, amount: Any, pod: Pod
) -> Iterator[Problem]:
    asked = (*path, "requests", name)
    if name in NEAR_MISSES:
        yield Problem(
            form="limits",
            path=asked,
            message=f"{dotted(asked)} is {amount} and has no limit, and {name} is no resource "
            f"name of an accelerator; expected limits of {NEAR_MISSES[name]}",
            role_path=pod.path,
        )
        return
    if not workload.accelerators.match(name):
        return
    limit = (*path, "limits", name)
    yield Problem(
        form="limits",
        path=asked,
        message=f"{name} is requested ({amount}) but not limited: {_refusal(workload)}; "
        f"expected {dotted(limit)}",
        fix=Fix(f"set {dotted(limit)} to {amount}", (Set(limit, amount),)),
        role_path=pod.path,
    )


def _unrequested(workload: Workload, path: Path, resources: Any, pod: Pod) -> Iterator[Problem]:
    requests = _amounts(resources.get("requests"))
    for name, amount in workload.accelerators.asked(resources, "limits"):
        if name in requests:
            continue
        asked = (*path, "requests", name)
        yield Problem(
            form="limits",
            path=(*path, "limits", name),
            message=f"{name} is limited ({amount}) but not requested; expected {dotted(asked)}",
            fix=Fix(f"set {dotted(asked)} to {amount}", (Set(asked, amount),)),
            role_path=pod.path,
        )


def _refusal(workload: Workload) -> str:
    if workload.kind.group in _BUILT_IN:
        return f"the API server refuses this ({_SERVER})"
    return f"the API server refuses the pods when the operator creates them ({_SERVER})"


def _amounts(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _nothing(amount: Any) -> bool:
    return amount is None or (not is_template(amount) and parse_quantity(amount) == 0)


RULE = Rule(
    code="GPU001",
    name="accelerator-in-limits",
    forms=(
        Form(
            "limits",
            Severity.ERROR,
            Action.DENY,
            Action.DENY,
            "an accelerator is requested but not limited",
            role_gated=False,
        ),
    ),
    check=check,
    docs=__doc__ or "",
    fix="safe",
    scope="every pod template",
    parameters=(
        Parameter("require_request_too", "ask for the request beside the limit", default=False),
    ),
)
