"""A failed rank restarts alone while its peers wait for the old one.

## What
If several pods compute together, the failure of one must restart all of them, or end the run.

## Why
The other ranks hang in a collective until it times out. Each failure wastes half an hour of every
GPU, and then the run has to start over anyway.

## Example
```yaml
kind: JobSet
spec:
  replicatedJobs:
  - name: workers
    template: {spec: {parallelism: 8, completions: 8}}    # backoffLimit is 6
```

## Use instead
```yaml
kind: JobSet
spec:
  failurePolicy: {maxRestarts: 3}
  replicatedJobs:
  - name: workers
    template: {spec: {parallelism: 8, completions: 8, backoffLimit: 0}}
```
If torchrun or Horovod re-admits ranks (`--nnodes 2:8`), a pod may restart alone.

## Fix safety
Unsafe: how often all pods may restart is your decision.

## References
- kubernetes-sigs/jobset concepts page (failure policy), keps/467; kubeflow/trainer#2000
- volcano `pkg/controllers/job/job_controller_actions.go`; lws `pkg/controllers/pod_controller.go`
"""

from collections.abc import Iterator, Mapping

from rules.kinds.pods import Pod
from rules.kinds.runs import LoneRetry
from rules.model import Fix, Harm, Problem, Rule, form_table
from rules.paths import dotted
from rules.type_names import Any
from rules.wording import join_problems, tell_value, write_values
from rules.workload import Workload


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    found = [
        retry for retry in workload.kind.lone_retries(workload.spec) if _matters(workload, retry)
    ]
    if not found:
        return
    problems = [_tell(retry) for retry in found]
    yield join_problems(problems)._replace(fix=_fix(found))


def _matters(workload: Workload, retry: LoneRetry) -> bool:
    """Whether several pods compute as one there, and none may come back alone."""
    if retry.value.unknown or (retry.value.absent and workload.partial):
        return False
    if retry.serves:
        return True
    if _count(workload.training_pods) < 2:
        return False
    from rules.rendezvous import Rendezvous, find_rendezvous  # noqa: PLC0415 - most have one pod

    rendezvous = workload.once(find_rendezvous)
    if rendezvous is Rendezvous.ELASTIC:
        return False
    return rendezvous is Rendezvous.STATIC or not retry.ranks_only


def _count(pods: tuple[Pod, ...]) -> int:
    return sum(1 if pod.replicas is None else pod.replicas for pod in pods)


def _tell(retry: LoneRetry) -> Problem:
    default = f" (the default is {retry.value.value})" if retry.value.value is not None else ""
    found = tell_value(retry.value, default)
    message = f"{found}, {retry.effect}; expected {retry.expected}"
    return Problem("serving" if retry.serves else "rank", retry.value.path, message)


def _fix(found: list[LoneRetry]) -> Fix | None:
    changes = {value.path: (value, new) for retry in found for value, new in retry.changes}
    if not changes:
        return None
    title = ", ".join(f"{dotted(path)} to {new}" for path, (_, new) in changes.items())
    return write_values(f"set {title}", changes.values(), safe=False)


RULE = Rule(
    code="DST003",
    name="failed-rank-must-restart-group",
    harm=Harm.WASTES_ACCELERATORS,
    forms=(
        *form_table("rank  warning  warn  warn  a failed rank of training comes back alone"),
        *form_table(
            "serving  warning  warn  warn  a failed pod joins a group that serves alone",
            role_gated=False,
        ),
    ),
    check=check,
    docs=__doc__ or "",
    fix="unsafe",
    scope="training of several pods, and groups that serve",
    reads=("lone_retries",),
)
