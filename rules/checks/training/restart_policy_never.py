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

from rules.kinds.pods import Pod, Restart
from rules.model import (
    Parameter,
    Presence,
    Problem,
    Related,
    Rule,
    Severity,
    Value,
    form_table,
)
from rules.paths import dig
from rules.refusals import ONLY_NEVER
from rules.wording import tell_value, write_value
from rules.workload import Workload

_IN_PLACE = ("OnFailure", "Always")


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    for pod in workload.training_pods:
        if pod.restart is None:
            continue
        problem = _judge_pod(workload, pod, pod.restart, params)
        if problem is not None:
            yield problem._replace(role_path=pod.path)
            continue
        for problem in _judge_containers(pod, pod.restart):
            yield problem._replace(role_path=pod.path)


def _judge_pod(
    workload: Workload, pod: Pod, restart: Restart, params: Mapping[str, Any]
) -> Problem | None:
    policy = restart.value
    allowed = params["allowed"].get(restart.family, restart.allowed)
    if policy.unknown or policy.value in allowed or (policy.absent and workload.partial):
        return None
    if restart.elastic and params["allow_elastic"] and policy.value == "OnFailure":
        return None
    safe = restart.safe and (policy.value != "OnFailure" or not _keeps_scratch(pod))
    return Problem(
        form=_form(restart),
        path=policy.path,
        message=_message(restart, allowed),
        fix=write_value(policy, restart.recommended, safe=safe),
        related=_related(restart),
        severity=Severity.ERROR if policy.value == "Always" else None,
    )


def _form(restart: Restart) -> str:
    if restart.form != "pod":
        return restart.form
    return "pod-on-failure" if restart.value.value == "OnFailure" else "batch"


def _message(restart: Restart, allowed: list[str]) -> str:
    found = tell_value(restart.value, f", which means {restart.default}")
    text = f"training pod is restarted in place: {found}; expected {' or '.join(allowed)}"
    if restart.note and (not restart.rejected or restart.value.value == "Always"):
        return f"{text}; {restart.note}"
    return text


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
            f"podFailurePolicy needs restartPolicy Never (API server: {ONLY_NEVER})",
        ),
    )


def _judge_containers(pod: Pod, restart: Restart) -> Iterator[Problem]:
    """A main container's own restartPolicy (KEP-5307, on since 1.35) defeats the pod's."""
    if restart.elastic or restart.form == "pod":
        return
    for main in pod.mains:
        policy = Value((*main.path, "restartPolicy"), main.get("restartPolicy"), Presence.WRITTEN)
        if policy.value not in _IN_PLACE:
            continue
        found = f"{tell_value(policy)}, which defeats the pod's {restart.value.value}"
        yield Problem(
            form=_form(restart),
            path=policy.path,
            message=f"training container is restarted in place: {found}; expected Never",
            fix=write_value(policy, "Never", safe=False),
        )


RULE = Rule(
    code="TRN001",
    name="training-restart-policy-never",
    forms=form_table("""
        batch           error    deny  deny  a Job, CronJob or bare Pod restarts training in place
        pod-on-failure  warning  warn  deny  a bare Pod restarts failed training in place
        operator        warning  warn  deny  an operator's job restarts its training in place
    """),
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
