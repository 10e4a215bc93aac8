"""A training pod is restarted in place.

## What
A training or retraining pod must not be restarted in place. A failed attempt should leave its dead
pod behind, and the controller should retry with a fresh one.

## Why
With `restartPolicy: OnFailure` the Job controller counts container restarts and, at the limit,
deletes the pod and its logs. An in-place restart reuses a possibly broken node or GPU, and restarts
one of several ranks while its peers wait for a collective to time out. A bare Pod's default,
`Always`, restarts successful training for ever.

## Example
```yaml
kind: Job
spec: {template: {spec: {restartPolicy: OnFailure}}}
```

## Use instead
```yaml
spec: {template: {spec: {restartPolicy: Never}}}
```
For Kubeflow's v1 jobs the replica's own field counts: `ExitCode` is their `Never` (the operator
recreates the pod on exit codes 128 to 255), and `Never` means no retry.

## Fix safety
Safe on a Job or CronJob (the API server refuses it unset), unless a main container mounts an
emptyDir on disk, which is empty in a new pod. Safe everywhere if only the case is wrong, as in
`never`: the pod could not be created. Unsafe elsewhere: the policy is your decision.

## References
- kubernetes/kubernetes#74848, kubernetes/website#14709, kubeflow/trainer#2000 and #2127
- `pkg/apis/batch/validation` (Required value: valid values: OnFailure, Never)
"""

from collections.abc import Iterator, Mapping

from rules.kinds.pods import Pod, Restart
from rules.model import Harm, Parameter, Problem, Related, Rule, Severity, form_table
from rules.refusals import ONLY_NEVER
from rules.restarts import choose_policy, recognize_policy, tell_restart, write_restart
from rules.storage import keeps_scratch
from rules.type_names import Any
from rules.wording import tell_value, write_value
from rules.workload import TRAINING, Workload

_ALLOWED = {"batch": ["Never"], "kubeflow": ["Never", "ExitCode"]}
_NEEDS_NEVER = f"podFailurePolicy needs restartPolicy Never (API server: {ONLY_NEVER})"


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    for pod in workload.training_pods:
        for problem in _judge(workload, pod, pod.restart, params) if pod.restart else ():
            yield problem._replace(role_path=pod.path)


def _judge(
    workload: Workload, pod: Pod, restart: Restart, params: Mapping[str, Any]
) -> Iterator[Problem]:
    policy = restart.value
    allowed = params["allowed"].get(restart.family, restart.allowed)
    if restart.elastic and params["allow_elastic"]:
        allowed = [*allowed, "OnFailure"]
    if policy.unknown or (policy.absent and workload.partial) or policy.value in allowed:
        yield from _judge_containers(workload, pod, restart)
    else:
        yield _restarted(workload, pod, restart, allowed)


def _restarted(workload: Workload, pod: Pod, restart: Restart, allowed: list[str]) -> Problem:
    policy, broken = restart.value, restart.needs_never
    meant, wanted = recognize_policy(restart), choose_policy(restart, allowed)
    # A patch does not show the volumes that the rest of the object may have.
    scratch = meant == "OnFailure" and (workload.partial or keeps_scratch(pod))
    safe = restart.safe and not scratch and wanted == restart.recommended
    return Problem(
        form=_form(restart),
        path=policy.path,
        message=tell_restart(restart, " or ".join(allowed)),
        fix=write_restart(workload, pod, restart, wanted, safe=safe or wanted == meant),
        related=() if broken is None else (Related(broken, _NEEDS_NEVER),),
        severity=Severity.ERROR if policy.value == "Always" else None,
    )


def _form(restart: Restart) -> str:
    if restart.form != "pod":
        return restart.form
    return "pod-on-failure" if restart.value.value == "OnFailure" else "batch"


def _judge_containers(workload: Workload, pod: Pod, restart: Restart) -> Iterator[Problem]:
    """A main container's own restartPolicy (KEP-5307, on since 1.35) defeats the pod's."""
    for main in () if restart.elastic or restart.form == "pod" else pod.mains:
        own = workload.manifest.value((*main.path, "restartPolicy"))
        if own.value in ("OnFailure", "Always"):
            found = f"{tell_value(own)}, which defeats the pod's {restart.value.value}"
            text = f"training container is restarted in place: {found}; expected Never"
            yield Problem(_form(restart), own.path, text, write_value(own, "Never", safe=False))


RULE = Rule(
    code="TRN001",
    name="training-restart-policy-never",
    harm=Harm.LOSES_WORK,
    forms=form_table("""
        batch           error    deny  deny  a Job, CronJob or bare Pod restarts training in place
        pod-on-failure  warning  warn  deny  a bare Pod restarts failed training in place
        operator        warning  warn  deny  an operator's job restarts its training in place
    """),
    check=check,
    docs=__doc__ or "",
    fix="safe or unsafe",
    scope="training and retraining",
    roles=TRAINING,
    parameters=(
        Parameter("allowed", "restart policies that pass, by family of kinds", default=_ALLOWED),
        Parameter("allow_elastic", "pass OnFailure where torchrun re-admits agents", default=True),
    ),
)
