"""A training pod is restarted in place.

## What
A training or retraining pod must not be restarted in place: a failed attempt leaves a dead pod
behind and is retried as a fresh pod by its controller.

## Why
With `restartPolicy: OnFailure` the Job controller counts container restarts and, when the limit is
hit, deletes the pod and its logs. An in-place restart also reuses a possibly broken node or GPU
and, for coupled ranks, restarts one rank while its peers sit in a collective's timeout. A bare
Pod's default, `Always`, restarts successful training for ever.

## Example
```yaml
kind: Job
spec:
  template:
    spec:
      restartPolicy: OnFailure
```

## Use instead
```yaml
kind: Job
spec:
  template:
    spec:
      restartPolicy: Never
```
For Kubeflow's v1 jobs the replica's own field counts, and `ExitCode` is the counterpart of a Job
with `Never`: the operator recreates the pod on exit codes 128 to 255. `Never` there means no retry.

## Fix safety
Safe on a Job or CronJob where the field is missing, since the API server refuses the object as it
is, and where no main container mounts an emptyDir on disk, whose contents a new pod would not
have. Unsafe elsewhere: an operator's semantics are for a person to choose.

## References
- kubernetes/kubernetes#74848, kubernetes/website#14709
- kubeflow/trainer#2000, kubeflow/trainer#2127
- `pkg/apis/batch/validation` (Required value: valid values: OnFailure, Never)
"""

from collections.abc import Iterator, Mapping
from typing import Any

from rules.inventory import Inventory
from rules.kinds.pods import Pod, Restart
from rules.model import Action, Fix, Form, Parameter, Problem, Related, Rule, Set, Severity
from rules.paths import dig, dotted
from rules.workload import Workload

_IN_PLACE = ("OnFailure", "Always")


def check(
    workload: Workload, _inventory: Inventory, params: Mapping[str, Any]
) -> Iterator[Problem]:
    for pod in workload.training_pods:
        if pod.restart is None:
            continue
        problem = _judge_pod(workload, pod, pod.restart, params)
        if problem is not None:
            yield problem
            continue
        yield from _judge_containers(pod, pod.restart)


def _judge_pod(
    workload: Workload, pod: Pod, restart: Restart, params: Mapping[str, Any]
) -> Problem | None:
    policy = restart.value
    allowed = params["allowed"].get(restart.family, restart.allowed)
    if policy.unknown or policy.value in allowed:
        return None
    if policy.absent and workload.partial:
        return None
    if restart.elastic and params["allow_elastic"] and policy.value == "OnFailure":
        return None
    return Problem(
        form=_form(restart),
        path=policy.path,
        message=_message(restart, allowed),
        fix=_fix(pod, restart),
        related=_related(restart),
        role_path=pod.path,
        severity=Severity.ERROR if policy.value == "Always" else None,
    )


def _form(restart: Restart) -> str:
    if restart.form != "pod":
        return restart.form
    return "pod-on-failure" if restart.value.value == "OnFailure" else "batch"


def _message(restart: Restart, allowed: list[str]) -> str:
    policy = restart.value
    field = dotted(policy.path)
    if policy.absent:
        found = f"{field} is not set, which means {restart.default}"
    elif policy.defaulted:
        found = f"{field} is unset or left at the default {policy.value}"
    else:
        found = f"{field} is {policy.value}"
    text = f"training pod is restarted in place: {found}; expected {' or '.join(allowed)}"
    if restart.note and (not restart.rejected or policy.value == "Always"):
        return f"{text}; {restart.note}"
    return text


def _fix(pod: Pod, restart: Restart) -> Fix:
    policy = restart.value
    safe = restart.safe and (policy.value != "OnFailure" or not _keeps_scratch(pod))
    return Fix(
        f"set {dotted(policy.path)} to {restart.recommended}",
        (Set(policy.path, restart.recommended),),
        safe=safe,
        absent=policy.absent,
        unwritten=policy.unwritten,
    )


def _keeps_scratch(pod: Pod) -> bool:
    """Whether a main container mounts an emptyDir on disk, which a new pod would find empty."""
    scratch = {
        volume.name
        for volume in pod.volumes
        if "emptyDir" in volume.body and dig(volume.body, ("emptyDir", "medium")) != "Memory"
    }
    return any(mount.volume in scratch for main in pod.mains for mount in main.mounts)


def _related(restart: Restart) -> tuple[Related, ...]:
    if restart.needs_never is None:
        return ()
    return (
        Related(
            restart.needs_never,
            'podFailurePolicy needs restartPolicy Never (API server: only "Never" is supported)',
        ),
    )


def _judge_containers(pod: Pod, restart: Restart) -> Iterator[Problem]:
    """A main container's own restartPolicy (KEP-5307, on since 1.35) defeats the pod's."""
    if restart.elastic or restart.form == "pod":
        return
    for main in pod.mains:
        policy = main.get("restartPolicy")
        if policy not in _IN_PLACE:
            continue
        path = (*main.path, "restartPolicy")
        yield Problem(
            form=_form(restart),
            path=path,
            message=f"training container is restarted in place: {dotted(path)} is {policy}, which "
            f"defeats the pod's {restart.value.value}; expected Never",
            role_path=pod.path,
            fix=Fix(
                f"set {dotted(path)} to Never",
                (Set(path, "Never"),),
                safe=False,
                absent=False,
                unwritten=False,
            ),
        )


RULE = Rule(
    code="TRN001",
    name="training-restart-policy-never",
    forms=(
        Form(
            "batch",
            Severity.ERROR,
            Action.DENY,
            Action.DENY,
            "a Job, CronJob or bare Pod restarts its training in place",
        ),
        Form(
            "pod-on-failure",
            Severity.WARNING,
            Action.WARN,
            Action.DENY,
            "a bare Pod restarts failed training in place",
        ),
        Form(
            "operator",
            Severity.WARNING,
            Action.WARN,
            Action.DENY,
            "an operator's job restarts its training in place",
        ),
    ),
    check=check,
    docs=__doc__ or "",
    fix="safe or unsafe",
    scope="training and retraining",
    parameters=(
        Parameter(
            "allowed",
            "restart policies that pass, by family of kinds",
            default={"batch": ["Never"], "kubeflow": ["Never", "ExitCode"]},
        ),
        Parameter(
            "allow_elastic", "accept OnFailure where torchrun re-admits agents", default=True
        ),
    ),
)
