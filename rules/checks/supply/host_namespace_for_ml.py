"""A workload uses its node's namespaces or system disk.

## What
Pods that train or serve should not share memory, network or processes with their node unless they
need to, write to the node's system disk, or have administrator rights on the node.

## Why
Namespaces separate the models and data of tenants on the same GPU node. `hostIPC` shows a pod the
shared memory of the node and of every other such pod. A model cache below the node's `/root` fills
the disk that the kubelet needs, and the node evicts its pods.

## Example
```yaml
hostIPC: true
containers:
- name: trainer
  resources: {limits: {nvidia.com/gpu: 8, memory: 512Gi}}
```

## Use instead
```yaml
containers:
- name: trainer
  resources: {limits: {nvidia.com/gpu: 8, memory: 512Gi}}
  volumeMounts: [{name: dshm, mountPath: /dev/shm}]
volumes: [{name: dshm, emptyDir: {medium: Memory, sizeLimit: 16Gi}}]
```
RDMA, EFA and TPU need the node's network: nothing is reported if a resource, an annotation, a
device file or a variable shows one. Cache models on a claim or a separate disk. RDMA needs
`IPC_LOCK`, and FUSE has CSI drivers: neither needs `SYS_ADMIN` in the pod.

## Fix safety
Unsafe: several pods that communicate through the node's shared memory no longer can.

## References
- https://kubernetes.io/docs/concepts/security/pod-security-standards/ (Host Namespaces)
- vllm-project/perf-eval#35
"""

from collections.abc import Iterator, Mapping

from rules.devices import looks_after_nodes
from rules.isolation import find_administrator, find_node_folders, needs_fabric
from rules.kinds.facts import HOST_IPC, HOST_NETWORK, HOST_PID, Fact
from rules.kinds.pods import Pod
from rules.model import Harm, Problem, Rule, Value, form_table
from rules.paths import dotted, shorten
from rules.type_names import Any
from rules.wording import tell_value
from rules.workload import ML_ROLES, Workload


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    for pod in workload.pods_of(ML_ROLES):
        commands = [workload.command(one) for one in pod.containers]
        if any(looks_after_nodes(one.image) for one in commands):
            continue
        found = [*_judge_namespaces(workload, pod), *_judge_containers(pod)]
        yield from (problem._replace(role_path=pod.path) for problem in found)


def _judge_namespaces(workload: Workload, pod: Pod) -> Iterator[Problem]:
    if (ipc := _find_true(workload, HOST_IPC, pod)) is not None:
        from rules.shared_memory import replace_host_memory, tell_memory  # noqa: PLC0415 - few do

        found = f"{tell_value(ipc)}: the pod shares memory with all that runs on the node"
        fix = replace_host_memory(workload, pod, ipc)
        yield Problem("ipc", ipc.path, f"{found}; expected {tell_memory(pod)}", fix)
    network = _find_true(workload, HOST_NETWORK, pod)
    if network is not None and not needs_fabric(pod, map(workload.command, pod.containers)):
        message = f"{tell_value(network)}, and nothing shows RDMA, EFA or TPU that would need it"
        yield Problem("network", network.path, f"{message}; expected the pod's own network")
    if (processes := _find_true(workload, HOST_PID, pod)) is not None:
        message = f"{tell_value(processes)}: the pod sees, and may stop, all that runs on the node"
        yield Problem("processes", processes.path, f"{message}; expected it to be left out")


def _find_true(workload: Workload, fact: Fact, pod: Pod) -> Value | None:
    value = workload.at(fact, pod)
    return value if value is not None and value.value is True else None


def _judge_containers(pod: Pod) -> Iterator[Problem]:
    folders = {path: name for one in pod.containers for path, name in find_node_folders(pod, one)}
    for path, folder in folders.items():
        found = f"{dotted(path)} is {shorten(folder)}, on the disk that the node runs from"
        yield Problem("disk", path, f"{found}; expected a claim, or a disk of its own")
    for container in pod.containers:
        capability = find_administrator(container)
        if capability is not None:
            found = f"{dotted(capability)} makes the container the node's administrator"
            expected = "expected IPC_LOCK for RDMA, a CSI driver for FUSE"
            yield Problem("administrator", capability, f"{found}; {expected}")


RULE = Rule(
    code="SEC003",
    name="host-namespace-for-ml",
    harm=Harm.LEAKS,
    forms=form_table("""
        ipc            warning  warn  deny  a pod shares the node's memory
        network        warning  warn  deny  a pod is in the node's network without need
        processes      warning  warn  deny  a pod sees the node's processes
        disk           warning  warn  deny  a pod writes to the disk that the node runs from
        administrator  warning  warn  deny  a container is an administrator of the node
    """),
    check=check,
    docs=__doc__ or "",
    fix="unsafe",
    scope="machine learning",
    roles=ML_ROLES,
)
