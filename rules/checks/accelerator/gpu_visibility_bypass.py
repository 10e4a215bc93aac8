"""A container can use GPUs that the scheduler did not give it.

## What
A container must see only those of the node's accelerators that it asks for in its limits.

## Why
`NVIDIA_VISIBLE_DEVICES=all`, which CUDA images set themselves, gives a container every GPU of its
node, as privileged mode and device files do. Two jobs then share one, and run out of its memory.

## Example
```yaml
env: [{name: NVIDIA_VISIBLE_DEVICES, value: all}]
resources: {limits: {nvidia.com/gpu: 1}}
```

## Use instead
```yaml
resources: {limits: {nvidia.com/gpu: 1}}
```
The device plugin sets the variable; a container that needs no GPU can set it to `void`.

## Fix safety
Safe if `void` only repeats a limit of 0. Unsafe if the program may rely on the other GPUs.

## References
- NVIDIA/k8s-device-plugin#61, NVIDIA/k8s-device-plugin#195; kubelet `kubelet_pods.go`
"""

from collections.abc import Iterator, Mapping
from itertools import chain

from rules.commands import CommandLine
from rules.devices import (
    VISIBLE,
    find_working,
    may_be_agent,
    names_devices,
    sees_all,
    sees_others,
    wants_none,
)
from rules.globs import fits_glob
from rules.kinds.facts import RUNTIME_CLASS
from rules.kinds.pods import Pod
from rules.ml_pods import find_loose_files
from rules.model import Harm, Parameter, Problem, Rule, form_table
from rules.paths import dotted, shorten
from rules.resource_names import NVIDIA
from rules.type_names import Any
from rules.wording import remove_value, tell_value, write_values
from rules.workload import Workload

_LEFT = "expected it to be left to the device plugin"
_IMAGE = "the image asks for every GPU of the node; expected"
_FREE = "globs of namespaces whose pods may see every GPU of their nodes"


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    name, allowed = workload.identity.namespace or "", params["privileged_allow_namespaces"]
    for pod in () if any(fits_glob(name, one) for one in allowed) else workload.pods:
        working = find_working(workload, pod)
        if pod.mains and workload.command(pod.mains[0]) in working:  # not beside a driver
            agent = may_be_agent(workload, pod)
            each = (_judge_container(workload, command) for command in working)
            for problem in chain(_judge_pod(workload, pod, working), *each):
                yield problem._replace(form="agent") if agent else problem


def _judge_pod(workload: Workload, pod: Pod, working: list[CommandLine]) -> Iterator[Problem]:
    for path, file in find_loose_files(workload, pod):
        found = f"{dotted(path)} is {shorten(file)}, which nobody then knows to be in use"
        yield Problem("device", path, f"{found}; expected the device plugin's resource in limits")
    seen = any(map(sees_all, working)) and not workload.accelerated(pod)
    runtime = workload.at(RUNTIME_CLASS, pod) if seen else None
    if runtime is not None and runtime.value == "nvidia":
        found = f"{tell_value(runtime)}, without a limit, {_IMAGE} {NVIDIA} in limits"
        yield Problem("runtime", runtime.path, f"{found}, or {VISIBLE}=void")


def _judge_container(workload: Workload, command: CommandLine) -> Iterator[Problem]:
    container, told = command.container, command.environment.get(VISIBLE)
    if told is not None and names_devices(told.text):
        found = f"{VISIBLE} names GPUs: the container sees these of its node"
        fix = remove_value(workload.manifest.value(told.path[:-1]), f"remove {VISIBLE}", safe=False)
        yield Problem("environment", told.path, f"{found}, whatever its limits say; {_LEFT}", fix)
    elif sees_all(command) and wants_none(container.get("resources")):
        limit = (*workload.resources(container)[0], "limits", NVIDIA)
        place = workload.manifest.value(container.place("env", len(container.get("env") or ())))
        void = [(place, {"name": VISIBLE, "value": "void"})]
        fix = write_values(f"add {VISIBLE}=void", void, safe=True)
        yield Problem("zero", limit, f"{dotted(limit)} is 0, and {_IMAGE} {VISIBLE}=void", fix)
    if container.get("securityContext", "privileged") is not True:
        return
    if sees_others(command, accelerated=workload.accelerators.holds(container.get("resources"))):
        value = workload.manifest.value(container.place("securityContext", "privileged"))
        found = f"{tell_value(value)}: the container sees every GPU of its node"
        yield Problem("privileged", value.path, f"{found}; expected limits that give them")


RULE = Rule(
    code="GPU004",
    name="gpu-visibility-bypass",
    harm=Harm.WASTES_ACCELERATORS,
    forms=form_table(
        """
        environment  error    deny  deny  NVIDIA_VISIBLE_DEVICES names GPUs
        device       error    deny  deny  device files of the node are mounted
        zero         warning  warn  warn  a CUDA image that asks for no GPU sees them all
        runtime      warning  warn  warn  the same, of NVIDIA's runtime class
        privileged   warning  warn  warn  a privileged container sees every device
        agent        warning  warn  warn  any of these on each node, where it may be meant
        """,
        role_gated=False,
    ),
    check=check,
    docs=__doc__ or "",
    fix="safe or unsafe",
    scope="every pod template",
    parameters=(Parameter("privileged_allow_namespaces", _FREE, default=(), like=[""]),),
)
