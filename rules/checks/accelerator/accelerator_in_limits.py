"""An accelerator is requested but not limited.

## What
Every accelerator, other extended resource (`rdma/*`, EFA) and hugepages that a container or init
container requests must also stand under `resources.limits`.

## Why
Extended resources cannot be overcommitted, so the API server refuses a request without a limit.
For a pod template inside a custom resource the refusal comes later, when the operator creates the
pod: the job sits there with FailedCreate events. A limit alone is enough; the request is copied
from it.

## Example
```yaml
resources: {requests: {nvidia.com/gpu: 1}}
```

## Use instead
```yaml
resources: {limits: {nvidia.com/gpu: 1}}
```

## Fix safety
Safe: the object could not run. A misspelt name has no fix: its limit would be refused as well.

## References
- `pkg/apis/core/validation` (Limit must be set for non overcommitable resources)
- https://kubernetes.io/docs/tasks/manage-gpus/scheduling-gpus/
"""

from collections.abc import Callable, Iterator, Mapping

from rules.accelerators import needs_limit, read_amounts
from rules.model import Harm, Parameter, Problem, Rule, form_table
from rules.paths import Path, dig, dotted
from rules.refusals import LIMIT_REQUIRED, refuse_pods
from rules.resource_names import find_meant
from rules.type_names import Any
from rules.unusual_resources import find_unusual_resources
from rules.wording import write_value
from rules.workload import Workload


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    for one in () if workload.partial else workload.once(find_unusual_resources):
        for problem in _judge(workload, one.path, one.resources, params):
            yield problem._replace(role_path=one.pod.path)


def _judge(
    workload: Workload, path: Path, resources: Any, params: Mapping[str, Any]
) -> Iterator[Problem]:
    yield from _misspelt(path, resources)
    yield from _unlimited(workload, path, resources)
    if params["require_request_too"]:
        yield from _unrequested(workload, path, resources)


def _misspelt(path: Path, resources: Any) -> Iterator[Problem]:
    for name, amount in _one_sided(resources, "requests", "limits", _is_misspelt):
        asked = (*path, "requests", name)
        message = (
            f"{dotted(asked)} is {amount} and has no limit, and {name} is no resource name of an "
            f"accelerator; expected limits of {find_meant(name)}"
        )
        yield Problem("limits", asked, message)


def _unlimited(workload: Workload, path: Path, resources: Any) -> Iterator[Problem]:
    refusal = refuse_pods(LIMIT_REQUIRED, built_in=workload.kind.built_in)
    for name, amount in _one_sided(resources, "requests", "limits", needs_limit):
        form = "limits" if workload.accelerators.match(name) else "extended"
        limit = workload.manifest.value((*path, "limits", name))
        found = f"{name} is requested ({amount}) but not limited: {refusal}"
        message = f"{found}; expected {dotted(limit.path)}"
        fix = write_value(limit, amount, safe=True)
        yield Problem(form, (*path, "requests", name), message, fix)


def _unrequested(workload: Workload, path: Path, resources: Any) -> Iterator[Problem]:
    for name, amount in _one_sided(resources, "limits", "requests", workload.accelerators.match):
        request = workload.manifest.value((*path, "requests", name))
        message = f"{name} is limited ({amount}) but not requested; expected {dotted(request.path)}"
        fix = write_value(request, amount, safe=True)
        yield Problem("limits", (*path, "limits", name), message, fix)


def _one_sided(
    resources: Any, here: str, there: str, wanted: Callable[[str], bool]
) -> Iterator[tuple[str, Any]]:
    """The amounts under one key of resources that have none under the other."""
    for name, amount in read_amounts(resources, here, wanted):
        if dig(resources, (there, name)) is None:
            yield name, amount


def _is_misspelt(name: str) -> bool:
    return find_meant(name) is not None


RULE = Rule(
    code="GPU001",
    name="accelerator-in-limits",
    harm=Harm.NEVER_STARTS,
    forms=form_table(
        """
        limits    error  deny  deny  an accelerator is requested but not limited
        extended  error  deny  deny  another extended resource, or hugepages, is not limited
        """,
        role_gated=False,
    ),
    check=check,
    docs=__doc__ or "",
    fix="safe",
    scope="every pod template",
    parameters=(
        Parameter("require_request_too", "ask for the request beside the limit", default=False),
    ),
)
