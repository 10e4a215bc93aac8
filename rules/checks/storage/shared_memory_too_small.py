"""Processes that share memory have only 64 MiB of it.

## What
A container that trains on several accelerators, or serves a model from several, must mount memory
at `/dev/shm`. llama.cpp and Ollama are one process on all of theirs, and need none.

## Why
A container runtime provides 64 MiB of shared memory. PyTorch's data loaders pass batches through it
and fail with `Bus error ... insufficient shared memory (shm)`; NCCL fails with `Error while
creating shared memory segment`. Both happen once training runs, or with the next larger batch.

## Example
```yaml
containers:
- name: trainer
  command: [torchrun, --nproc-per-node=8, train.py]
  resources: {limits: {nvidia.com/gpu: 8, memory: 512Gi}}
```

## Use instead
```yaml
  volumeMounts: [{name: dshm, mountPath: /dev/shm}]
volumes: [{name: dshm, emptyDir: {medium: Memory, sizeLimit: 16Gi}}]
```

## Fix safety
Safe if the memory limit is known: shared memory counts against it, as before, and gets at most half
of it. Without a limit there is no fix.

## References
- pytorch/pytorch#5040, #16979, #108861; NVIDIA/nccl#525
- kuberay `ray-operator/controllers/ray/common/pod.go`: Ray's pods get a mount of their own
"""

from collections.abc import Iterator, Mapping

from rules.kinds.pods import Container, Pod
from rules.model import Fix, Harm, Parameter, Problem, Rule, form_table
from rules.parallelism import count_devices
from rules.ports import known_server
from rules.rendezvous import Rendezvous, find_rendezvous
from rules.shared_memory import FOLDER, has_shared_memory, plan_mount
from rules.type_names import Any
from rules.wording import join_problems, write_values
from rules.workload import SERVING, TRAINING, Workload

_WORKERS = ("num-workers", "dataloader-num-workers", "num-data-workers")


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    if workload.partial:
        return
    lacking = list(_find_lacking(workload, params["min_devices"]))
    if lacking:
        problems = sorted((one for *_, one in lacking), key=lambda one: one.form != "several")
        yield join_problems(problems)._replace(fix=_mend(workload, lacking, params))


def _find_lacking(workload: Workload, least: int) -> Iterator[tuple[Pod, Container, Problem]]:
    for pod in workload.pods_of(TRAINING | SERVING):
        for container in pod.mains:
            count = count_devices(workload, container)
            server = known_server(workload.command(container))
            if server is not None and server.one_process:
                continue
            if not count or has_shared_memory(workload, pod, container) is not False:
                continue
            form = "several" if count >= least else "single"
            if form == "several" or _hands_over(workload, pod, container):
                yield pod, container, _tell(pod, container, count, form)


def _hands_over(workload: Workload, pod: Pod, container: Container) -> bool:
    """Whether a trainer on one device has ranks, or data loaders, beside it."""
    if pod.path not in {one.path for one in workload.training_pods}:
        return False
    loaders = workload.command(container).value(*_WORKERS)
    return loaders not in (None, "", "0") or workload.once(find_rendezvous) is not Rendezvous.NONE


def _tell(pod: Pod, container: Container, count: int, form: str) -> Problem:
    devices = f"{count} accelerators" if count > 1 else "an accelerator"
    found = f"{FOLDER} has 64 MiB, for processes on {devices}"
    message = f"{found}; expected a mount of an emptyDir with medium Memory there"
    return Problem(form, container.place("volumeMounts"), message, role_path=pod.path)


def _mend(
    workload: Workload, lacking: list[tuple[Pod, Container, Problem]], params: Mapping[str, Any]
) -> Fix | None:
    size = params["size_percent"], params["max_size"]
    plans = [plan_mount(workload, pod, container, *size) for pod, container, _ in lacking]
    changes = [change for plan in plans if plan is not None for change in plan.changes]
    # Two containers of a pod share its volume.
    once = {value.path: (value, new) for value, new in changes}.values()
    return write_values(f"mount memory at {FOLDER}", once, safe=True) if once else None


RULE = Rule(
    code="STO005",
    name="shared-memory-too-small",
    harm=Harm.LOSES_WORK,
    forms=form_table("""
        several  warning  warn   warn   several accelerators share 64 MiB of memory
        single   info     audit  audit  a trainer on one hands tensors over in as much
    """),
    check=check,
    docs=__doc__ or "",
    fix="safe",
    scope="training and serving on accelerators",
    roles=TRAINING | SERVING,
    accelerated=True,
    parameters=(
        Parameter("min_devices", "from how many accelerators on memory is shared", default=2),
        Parameter(
            "size_percent", "the part of the memory limit that a fix mounts, in percent", default=50
        ),
        Parameter("max_size", "the most that a fix mounts", default="16Gi"),
    ),
)
