"""A workload made for GPUs asks for none.

## What
A trainer or model server that needs a GPU, as its image or flags show, must ask for one.

## Why
It fails at startup (`no CUDA-capable device is detected`), or runs on the CPU and silently takes a
hundred times as long.

## Example
```yaml
containers:
- name: server
  image: vllm/vllm-openai:v0.11.0
  args: [--model=/models, --tensor-parallel-size=2]
```

## Use instead
```yaml
  resources: {limits: {nvidia.com/gpu: 2}}
```
CPU builds, containers that get at the node's devices in other ways, and unknown resource names are
left alone.

## Fix safety
There is no fix: the number and type of accelerators is your decision.

## References
- https://kubernetes.io/docs/tasks/manage-gpus/scheduling-gpus/
- vllm-project/vllm `docs/getting_started/installation/cpu.md` (its image for the cpu is another)
"""

from collections.abc import Iterator, Mapping

from rules.devices import find_device_files, find_gpu_sign, sees_devices
from rules.kinds.facts import NODE_NAME, RUNTIME_CLASS
from rules.kinds.pods import Pod
from rules.kinds.roles import Subrole
from rules.model import Confidence, Harm, Problem, Rule, form_table
from rules.paths import dotted
from rules.type_names import Any
from rules.wording import join_problems
from rules.workload import SERVING, TRAINING, Workload

_BESIDE = frozenset(Subrole) - {Subrole.WORKER, Subrole.MASTER}
"""Pods that start, route or follow what others compute."""


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    if workload.partial or any(map(workload.accelerated, workload.pods)):
        return
    problems = [
        problem
        for pod, judgement in workload.judgements
        if judgement.role in TRAINING | SERVING and judgement.confidence is Confidence.HIGH
        for problem in _judge(workload, pod)
    ]
    if problems:
        yield join_problems(problems)


def _judge(workload: Workload, pod: Pod) -> Iterator[Problem]:
    # What a training runtime asks for is often its TrainJobs' to say, as outputs are.
    told = pod.complete and pod.outputs_known and not pod.inherits and pod.subrole not in _BESIDE
    places = [workload.at(fact, pod) for fact in (NODE_NAME, RUNTIME_CLASS)]
    if not told or any(one is None or not one.absent for one in places):
        return
    if any(find_device_files(pod)) or any(map(sees_devices, map(workload.command, pod.containers))):
        return
    for main in pod.mains:
        sign = find_gpu_sign(workload.command(main))
        if sign is not None:
            path, _ = workload.resources(main)
            found = f"{dotted(path)} asks for no accelerator, but {sign}"
            message = f"{found}; expected a limit such as nvidia.com/gpu: 1"
            yield Problem("none", path, message, role_path=pod.path)


RULE = Rule(
    code="GPU007",
    name="accelerated-role-without-accelerator",
    harm=Harm.NEVER_STARTS,
    forms=form_table("none  warning  warn  warn  what runs on GPUs asks for none"),
    check=check,
    docs=__doc__ or "",
    scope="training and serving",
    roles=TRAINING | SERVING,
)
