"""A container with accelerators requests no CPU or memory.

## What
A container that asks for accelerators must request CPU and memory too. If it trains, it also needs
a memory limit, equal to its request.

## Why
A container without requests gets what others leave: it is placed on a node without free memory,
killed first when memory runs out, and its data loader waits for CPU while the accelerator idles.
Kueue charges requests, and Ray takes its CPUs and memory from the limits.

## Example
```yaml
resources: {limits: {nvidia.com/gpu: 2}}
```

## Use instead
```yaml
resources:
  requests: {cpu: 8, memory: 32Gi}
  limits: {memory: 32Gi, nvidia.com/gpu: 2}
```
A limit alone is enough: the request is copied from it. A CPU limit is never required. If a
LimitRange fills in requests in a namespace, turn the rule off there.

## Fix safety
There is no fix: the amounts must be measured.

## References
- https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/
- kuberay `ray-operator/controllers/ray/common/pod.go` (num-cpus, memory)
"""

from collections.abc import Iterator, Mapping

from rules.kinds.pods import Container, Pod
from rules.kinds.roles import Role
from rules.model import Harm, Parameter, Problem, Rule, form_table
from rules.paths import Path, dotted
from rules.requests import CPU, MEMORY, Asked, list_holders, read_asked, suggest_amounts, tell_lack
from rules.resource_names import TPU
from rules.stakes import read_devices
from rules.type_names import Any
from rules.wording import join_problems
from rules.workload import TRAINING, Workload


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    found = [
        problem
        for pod in (() if workload.partial else workload.pods)
        for container in list_holders(workload, pod)
        for problem in _judge(workload, pod, container, params)
    ]
    for form in dict.fromkeys(problem.form for problem in found):
        yield join_problems([problem for problem in found if problem.form == form])


def _judge(
    workload: Workload, pod: Pod, container: Container, params: Mapping[str, Any]
) -> Iterator[Problem]:
    memory, cpu = read_asked(workload, pod, container, MEMORY, CPU)
    path, role = workload.resources(container)[0], workload.judgements_by_path[pod.path].role
    held = read_devices(pod._replace(containers=(container,)), workload.accelerators)
    devices = sum(one or 0 for one in held.values()) or 1
    lacking = [name for name, one in ((MEMORY, memory), (CPU, cpu)) if one.nothing]
    small = cpu.most is not None and cpu.most < params["cpu_per_device"] * devices / 2
    if lacking:
        idle = role in (Role.OTHER, Role.NONE)
        # A pod is given all TPUs that its node has.
        form = "node" if TPU in held else "other" if idle else lacking[0]
        expected = f"expected requests such as {suggest_amounts(params, lacking, devices)}"
        yield Problem(form, path, f"{tell_lack(path, lacking)}; {expected}")
    elif small and TPU not in held and role is not Role.OTHER:
        found = f"{dotted(path)} has cpu {cpu.most:g} to feed its accelerators"
        yield Problem("few", path, f"{found}; expected {suggest_amounts(params, [CPU], devices)}")
    if role in TRAINING and not memory.nothing:
        yield from _judge_memory(pod, path, memory)


def _judge_memory(pod: Pod, path: Path, memory: Asked) -> Iterator[Problem]:
    limit, request = (*path, "limits", MEMORY), (*path, "requests", MEMORY)
    if memory.limit is None:
        found = f"{dotted(limit)} is not set: training may use up the memory of its node"
        message = f"{found}; expected {memory.request}, as requested"
        yield Problem("limit", limit, message, role_path=pod.path)
    elif memory.bursts:
        found = f"{dotted(request)} is {memory.request}, and what uses more is evicted first"
        yield Problem("burst", request, f"{found}; expected {memory.limit}", role_path=pod.path)


RULE = Rule(
    code="RES001",
    name="accelerator-pod-cpu-memory",
    harm=Harm.LOSES_WORK,
    forms=(
        *form_table(
            """
            memory  error    warn   deny   a container with accelerators asks for no memory
            cpu     warning  warn   warn   it asks for no cpu
            node    info     audit  audit  it asks for neither, and has its node for itself
            other   info     audit  audit  it lacks one, and does no machine learning
            few     info     audit  audit  its accelerators have little cpu to feed them
            """,
            role_gated=False,
        ),
        *form_table("""
            limit   warning  warn   warn   training has no limit of memory
            burst   info     audit  audit  it requests less memory than it may use
        """),
    ),
    check=check,
    docs=__doc__ or "",
    scope="every pod template",
    accelerated=True,
    parameters=(
        Parameter("cpu_per_device", "cpus that an accelerator needs; half of them pass", default=4),
        Parameter("mem_per_device", "memory that messages suggest for one", default="16Gi"),
    ),
)
