"""Accelerators are held by a container that does not compute on them.

## What
Downloads, data preparation, launchers, routers, and the head of a Ray cluster whose workers have
accelerators must not ask for accelerators. A notebook or shell with accelerators must have an end.

## Why
An accelerator given to a pod is taken from everybody else, whether it is used or not. A download
uses none, and nobody remembers last week's shell.

## Example
```yaml
kind: Pod
metadata: {name: debug}
spec:
  containers: [{command: [sleep, infinity], resources: {limits: {nvidia.com/gpu: 8}}}]
```

## Use instead
```yaml
kind: Pod
metadata: {name: debug}
spec:
  activeDeadlineSeconds: 14400
  containers: [{command: [sleep, infinity], resources: {limits: {nvidia.com/gpu: 8}}}]
```
If something else ends idle pods, say so with the annotation `mlgate.dev/idle-culling: external` on
the object or its pod template. Conversions, compilations and quantizations are left alone.

## Fix safety
There is no fix: where the work is done, and how long it takes, is your decision.

## References
- kubeflow/kubeflow#1394, #6920 (culling of idle notebooks); NVIDIA/deepops#667
- https://docs.ray.io/en/latest/cluster/kubernetes/user-guides/config.html (num-cpus of the head)
"""

from collections.abc import Iterator, Mapping

from rules.idling import Idling, find_idling
from rules.model import Harm, Parameter, Problem, Rule, form_table
from rules.paths import dotted
from rules.stakes import reckon_held
from rules.type_names import Any
from rules.workload import Workload


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    for one in () if workload.partial else find_idling(workload, params["interactive_max_hours"]):
        yield _tell(workload, one)


def _tell(workload: Workload, one: Idling) -> Problem:
    stakes = reckon_held(workload, [one.pod])
    held = stakes.held if stakes.device else "an accelerator"
    message = f"{dotted(one.path)} holds {held}: {one.why}; expected {one.expected}"
    hours = stakes.gpu_hours
    return Problem(one.form, one.path, message, role_path=one.pod.path, gpu_hours=hours)


RULE = Rule(
    code="GPU009",
    name="accelerator-idle-holder",
    harm=Harm.WASTES_ACCELERATORS,
    forms=(
        *form_table("""
            data         warning  warn   warn   data are fetched or prepared with accelerators
            interactive  warning  warn   warn   a notebook or shell with accelerators has no end
            notebook     info     audit  audit  the same, where an operator may end it
        """),
        *form_table(
            """
            launcher     warning  warn   warn   a launcher has accelerators, as its workers have
            head         warning  warn   warn   so has a Ray head on which nothing is run
            shared       info     audit  audit  so has a Ray head on which something may be run
            router       warning  warn   warn   a router has accelerators
            """,
            role_gated=False,
        ),
    ),
    check=check,
    docs=__doc__ or "",
    scope="every pod template",
    accelerated=True,
    parameters=(
        Parameter("interactive_max_hours", "most hours of what people work in", default=12),
    ),
)
