"""A workload asks for more accelerators than the organisation allows.

## What
A container, a pod and a whole workload must not ask for more accelerators than the policy's caps.
Replicas, parallelism, `maxReplicas` and elastic bounds multiply: what counts is the most that may
run at a time.

## Why
A quota only counts what runs: a job of 64 GPUs in a quota of 32 waits for ever, and only its events
say so. A cap tells the author of the manifest.

## Example
```yaml
# policy: rules: {ORG001: {per_workload: 16}}
kind: PyTorchJob
spec: {pytorchReplicaSpecs: {Worker: {replicas: 4, template: ...}}}   # 8 GPUs each: 32
```

## Use instead
Fewer replicas, or an exception in the policy with an owner and an expiry date.

## Fix safety
There is no fix: the size of a run is your decision.

## References
- `k8s.io/component-helpers/resource` (PodRequests: how containers add up)
- open-policy-agent/gatekeeper-library#737 (pods alone, one at a time)
"""

from collections.abc import Iterator, Mapping

from rules.holdings import Holder, count_asked, find_holders, find_scaled, find_totals, place_asked
from rules.kinds.roles import Role
from rules.model import Harm, Parameter, Problem, Rule, form_table
from rules.paths import dotted
from rules.type_names import Any
from rules.workload import Workload

_CAPS = ("per_container", "per_pod", "per_workload")
_ROLES = tuple(str(role) for role in Role if role is not Role.NONE)


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    each, pod, whole = (params[name] for name in _CAPS)
    by_role: Mapping[str, int] = params["by_role"]
    if each is pod is whole is None and not by_role:
        return
    for holder in workload.once(find_holders):
        if each is not None:
            yield from _judge_containers(workload, holder, each)
        if pod is not None and holder.each > pod:
            text = f"a pod asks for {holder.each:.10g} accelerators; expected at most {pod}"
            yield Problem("pod", holder.path, text, role_path=holder.pod.path, degree=holder.each)
    for total in (*find_totals(workload, frozenset(by_role)), *find_scaled(workload)):
        most = by_role.get(total.role, whole)
        if most is not None and total.held > most:
            found = f"{total.what} may hold {total.held:.10g} accelerators ({total.factors})"
            text = f"{found}; expected at most {most}{total.role and f' for {total.role}'}"
            form = "role" if total.role else "workload"
            yield Problem(form, total.path, text, None, total.related, total.pod, degree=total.held)


def _judge_containers(workload: Workload, holder: Holder, most: int) -> Iterator[Problem]:
    for container in holder.pod.containers:
        count = count_asked(workload, container)
        if count > most:
            path = place_asked(workload, container)
            text = f"{dotted(path)} comes to {count:.10g} accelerators; expected at most {most}"
            yield Problem("container", path, text, role_path=holder.pod.path, degree=count)


RULE = Rule(
    code="ORG001",
    name="accelerator-cap",
    harm=Harm.UNWANTED,
    forms=(
        *form_table(
            """
            container  error  warn  deny  a container asks for more accelerators than is allowed
            pod        error  warn  deny  a pod asks for more
            workload   error  warn  deny  all pods of a workload together may hold more
            """,
            role_gated=False,
        ),
        *form_table("role  error  warn  deny  they may hold more than is allowed for their role"),
    ),
    check=check,
    docs=__doc__ or "",
    scope="workloads with accelerators, and autoscalers",
    reads=("pods", "autoscalers"),
    parameters=(
        Parameter("per_container", "most accelerators of one container", default=None, like=8),
        Parameter("per_pod", "most accelerators of one pod", default=None, like=8),
        Parameter("per_workload", "most of all pods of an object", default=None, like=64),
        Parameter(
            "by_role", "the same for roles that have their own", {}, like=dict.fromkeys(_ROLES, 8)
        ),
    ),
)
