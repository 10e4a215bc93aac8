"""Training runs under a controller that restarts it, or under none.

## What
Training belongs in a workload that ends, a Job or an operator's job: not under a controller that
keeps pods running, and not in a bare Pod.

## Why
Deployments, StatefulSets and DaemonSets only allow the restart policy `Always`: finished training
starts again, overwrites its model and never frees its GPUs. A bare Pod is not recreated when its
node fails.

## Example
```yaml
kind: Deployment
spec: {template: {spec: {containers: [{name: trainer, command: [python, train.py]}]}}}
```

## Use instead
```yaml
kind: Job
spec:
  backoffLimit: 3
  template: {spec: {restartPolicy: Never, containers: [{name: trainer, command: [...]}]}}
```
For training that learns from a stream without end, set `mlgate.dev/role: streaming-training`.

## Fix safety
Unsafe: the object becomes a Job, and whatever selects its pods must be adapted. There is no fix for
several replicas, or claims per replica. Setting `Always` where the API server accepts nothing else
is safe.

## References
- `pkg/apis/apps/validation` (Unsupported value); vanvalenlab/kiosk-console#81
"""

from collections.abc import Iterator, Mapping

from rules.gangs import names_group
from rules.kinds.pods import Pod
from rules.kinds.runs import WhenEnded
from rules.model import Confidence, Fix, Harm, Presence, Problem, Rule, Severity, Value, form_table
from rules.refusals import ONLY_ALWAYS, refuse
from rules.roles.idleness import never_ends
from rules.type_names import Any
from rules.wording import tell_value, write_value
from rules.workload import FINITE_TRAINING, Workload

_AGAIN = "starts it again when it has ended, even after success (restartPolicy is Always)"
_LOST = "nothing starts it again on another node after an eviction"


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    if workload.kind.when_ended is WhenEnded.COUNTED:
        return
    training = {
        pod.path
        for pod, judgement in workload.judgements
        if judgement.role in FINITE_TRAINING and judgement.confidence is Confidence.HIGH
    }
    for pod in workload.pods:
        refused = _find_refused(workload, pod)
        if pod.path in training and not workload.partial:
            yield _misplaced(workload, pod)
        elif refused is not None:
            found = f"{tell_value(refused)}; {refuse(ONLY_ALWAYS)}; expected Always"
            fix = write_value(refused, "Always", safe=True)
            yield Problem("refused", refused.path, found, fix, role_path=pod.path)


def _find_refused(workload: Workload, pod: Pod) -> Value | None:
    """A restart policy that the API server does not take here."""
    restarted = workload.kind.when_ended is WhenEnded.RESTARTED
    policy = workload.manifest.value((*pod.spec_path, "restartPolicy"), "Always")
    wrong = policy.written and policy.value != "Always"
    return policy if restarted and workload.kind.built_in and wrong else None


def _misplaced(workload: Workload, pod: Pod) -> Problem:
    name = workload.kind.name
    if workload.kind.when_ended is WhenEnded.LOST:
        message = f"training runs in a bare {name}: {_LOST}; expected a Job"
        severity = Severity.INFO if names_group(pod) else None
        return Problem("pod", ("kind",), message, role_path=pod.path, severity=severity)
    message = f"training runs in a {name}, which {_AGAIN}; expected a Job"
    edits = workload.kind.as_run(workload.spec)
    title = f"make a Job of the {name}"
    fix = Fix(title, edits, safe=False, presence=Presence.WRITTEN) if edits else None
    # What loops by itself, a burn-in test say, is not restarted: somebody may want that.
    doubt = Confidence.MEDIUM if _loops(workload, pod) else None
    return Problem("controller", ("kind",), message, fix, role_path=pod.path, confidence=doubt)


def _loops(workload: Workload, pod: Pod) -> bool:
    commands = map(workload.command, pod.mains)
    return any(never_ends(text.lower()) for one in commands for text, _ in one.texts)


RULE = Rule(
    code="TRN007",
    name="training-in-service-controller",
    harm=Harm.LOSES_WORK,
    forms=(
        *form_table("""
            controller  error  deny  deny  a controller starts finished training again
            pod         error  warn  warn  nobody looks after a training pod
        """),
        *form_table(
            "refused  error  deny  deny  the API server takes restartPolicy Always alone",
            role_gated=False,
        ),
    ),
    check=check,
    docs=__doc__ or "",
    fix="safe or unsafe",
    scope="training and retraining",
    reads=("when_ended",),
)
