"""A pod's requests for accelerators contradict each other.

## What
A claim (DRA) that a container uses must be declared by its pod, and a declared claim on an
accelerator must be used. A container should ask for one type of accelerator, and for one slice or
replica of a GPU.

## Why
The API server refuses a container whose claim the pod does not declare. An unused claim holds a
device for nothing. So does a second type of accelerator, or a vendor's resource beside a claim: it
is undefined which one a program sees. A process sees only one MIG slice, and a second replica of a
shared GPU gives it no more of that GPU.

## Example
```yaml
containers: [{resources: {claims: [{name: gpu}]}}]
```

## Use instead
```yaml
containers: [{resources: {claims: [{name: gpu}]}}]
resourceClaims: [{name: gpu, resourceClaimTemplateName: one-gpu}]
```

## Fix safety
There is no fix: only you know what was meant.

## References
- `pkg/apis/core/validation` (validateResourceClaimNames); NVIDIA/k8s-device-plugin README
- https://kubernetes.io/docs/concepts/scheduling-eviction/dynamic-resource-allocation/
"""

from collections.abc import Iterator, Mapping

from rules.device_claims import claims_devices, find_both, lends_device, read_claims
from rules.kinds.facts import RESOURCE_CLAIMS
from rules.kinds.pods import Pod
from rules.model import Harm, Problem, Rule, form_table
from rules.paths import dotted, shorten
from rules.quantity import parse_quantity
from rules.refusals import UNDECLARED_CLAIM, refuse_pods
from rules.type_names import Any
from rules.unusual_resources import UnusualResources, find_unusual_resources
from rules.workload import Workload

_PARTS = ("nvidia.com/mig-", "nvidia.com/gpu.shared")
_LAUNCHES = ("nproc-per-node", "num-processes", "num-gpus", "tensor-parallel-size", "tp")


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    for pod in workload.pods:
        if not claims_devices(pod):
            continue
        if not (workload.partial or pod.inherits):
            yield from _judge_claims(workload, pod)
        yield from _judge_devices(workload, pod)
    for one in workload.once(find_unusual_resources):
        yield from _judge_amounts(workload, one)


def _judge_claims(workload: Workload, pod: Pod) -> Iterator[Problem]:
    declared = read_claims(pod.spec.get("resourceClaims"))
    known = {name for value in workload.each(RESOURCE_CLAIMS) for name in read_claims(value.value)}
    used = set()
    for container in pod.containers:
        path, claims = container.place("resources", "claims"), container.get("resources", "claims")
        for name, index in read_claims(claims).items():
            used.add(name)
            if name not in declared and name not in known:
                refusal = refuse_pods(UNDECLARED_CLAIM, built_in=workload.kind.built_in)
                found = f"{dotted((*path, index))} names {shorten(name)}: {refusal}"
                message = f"{found}; expected a claim of that name in resourceClaims"
                yield Problem("undeclared", (*path, index), message)
    where = (*pod.spec_path, "resourceClaims")
    for name, index in declared.items():
        if name not in used and lends_device(workload, pod.spec["resourceClaims"][index]):
            message = f"{dotted((*where, index))} claims a device for {shorten(name)}; "
            yield Problem("unused", (*where, index), f"{message}expected a container that uses it")


def _judge_devices(workload: Workload, pod: Pod) -> Iterator[Problem]:
    for place, both in find_both(workload, pod):
        message = f"{dotted(place)} asks for {both}; expected one of them"
        yield Problem("beside", place, message, role_path=pod.path)


def _judge_amounts(workload: Workload, one: UnusualResources) -> Iterator[Problem]:
    path, held = one.path, dict(workload.accelerators.asked(one.resources, "limits"))
    if len(held) > 1:
        first, second = (shorten(name) for name in list(held)[:2])
        found = f"{dotted((*path, 'limits'))} asks for {first} and {second}"
        message = f"{found}: both are taken, and which of them is seen is not defined"
        yield Problem("double", (*path, "limits"), f"{message}; expected one of them")
    command = workload.command(one.container)
    for name, amount in held.items():
        count = parse_quantity(amount) or 0
        if name.startswith(_PARTS) and count > 1 and command.flag(*_LAUNCHES) is None:
            found = f"{dotted((*path, 'limits', name))} is {count:g}: one process uses one"
            yield Problem("several", (*path, "limits", name), f"{found}; expected 1")


RULE = Rule(
    code="GPU008",
    name="accelerator-request-coherent",
    harm=Harm.WASTES_ACCELERATORS,
    forms=form_table(
        """
        undeclared   error    deny  deny  a container's claim is not declared by its pod
        unused       warning  warn  warn  a claim holds a device that no container uses
        double       warning  warn  warn  a container asks for two sorts of accelerator
        beside       warning  warn  warn  a claim asks for what containers ask for as a resource
        several      warning  warn  warn  a process is given several parts of a GPU
        """,
        role_gated=False,
    ),
    check=check,
    docs=__doc__ or "",
    scope="every pod template",
)
