"""A machine-learning pod requests no CPU or memory.

## What
A pod without accelerators that trains, serves, predicts, prepares data or runs a notebook must
request CPU and memory; training needs a memory limit. A training runtime may leave both to its
TrainJobs.

## Why
A pod without requests is placed on any node and is the first to be evicted there; one without a
limit takes its neighbours' memory. RES001 covers pods with accelerators, with a heavier action.

## Example
```yaml
containers: [{name: trainer, image: registry.example/train:1, command: [python, train.py]}]
```

## Use instead
```yaml
containers:
- name: trainer
  resources: {requests: {cpu: 4, memory: 16Gi}, limits: {memory: 16Gi}}
```

## Fix safety
There is no fix: the amounts must be measured.

## References
- https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/
"""

from collections.abc import Iterator, Mapping

from rules.kinds.pods import Container, Pod
from rules.kinds.roles import Role
from rules.model import Harm, Problem, Rule, form_table
from rules.paths import dotted
from rules.requests import CPU, MEMORY, find_workers, read_asked, tell_lack
from rules.type_names import Any
from rules.wording import join_problems
from rules.workload import SERVING, TRAINING, Workload

_ROLES = TRAINING | SERVING | {Role.BATCH, Role.DATA, Role.NOTEBOOK}


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    found = [
        problem
        for pod in (() if workload.partial else workload.pods_of(_ROLES))
        for container in find_workers(workload, pod)
        if pod.outputs_known and not workload.accelerated(pod)
        for problem in _judge(workload, pod, container)
    ]
    for form in dict.fromkeys(problem.form for problem in found):
        yield join_problems([problem for problem in found if problem.form == form])


def _judge(workload: Workload, pod: Pod, container: Container) -> Iterator[Problem]:
    path, _ = workload.resources(container)
    cpu, memory = read_asked(workload, pod, container, CPU, MEMORY)
    lacking = [name for name, one in ((CPU, cpu), (MEMORY, memory)) if one.nothing]
    if lacking:
        message = f"{tell_lack(path, lacking)}; expected requests of what it needs"
        yield Problem("requests", path, message, role_path=pod.path)
    elif memory.limit is None and workload.judgements_by_path[pod.path].role in TRAINING:
        limit = (*path, "limits", MEMORY)
        found = f"{dotted(limit)} is not set: training may use up the memory of its node"
        message = f"{found}; expected {memory.request}, as requested"
        yield Problem("limit", limit, message, role_path=pod.path)


RULE = Rule(
    code="RES002",
    name="ml-pod-resources",
    harm=Harm.LOSES_WORK,
    forms=form_table("""
        requests  info  audit  audit  a pod of machine learning asks for no cpu or no memory
        limit     info  audit  audit  training has no limit of memory
    """),
    check=check,
    docs=__doc__ or "",
    scope="pods of machine learning without accelerators",
    roles=_ROLES,
)
