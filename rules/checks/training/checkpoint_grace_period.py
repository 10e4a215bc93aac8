"""An evicted training gets no signal, or no time, to save its state.

## What
Training on capacity that can be reclaimed (spot, preemptible, low priority) must get a signal, and
the time to write a last checkpoint.

## Why
An evicted pod gets SIGTERM, and SIGKILL after `terminationGracePeriodSeconds`. The default of 30 s
is too short to write many gigabytes, and half a file is worse than none. The signal goes to the
container's first process: a shell (`sh -c "a && python train.py"`) does not pass it on, so the
training never receives it.

## Example
```yaml
spec:
  nodeSelector: {cloud.google.com/gke-spot: "true"}
  containers:
  - command: [sh, -c, "pip list && python train.py"]
```

## Use instead
```yaml
spec:
  nodeSelector: {cloud.google.com/gke-spot: "true"}
  terminationGracePeriodSeconds: 120
  containers:
  - command: [sh, -c, "pip list && exec python train.py"]
```
A cloud may reclaim its node sooner, whatever the manifest says: AWS gives two minutes, Google Cloud
and Azure about thirty seconds. `bash -c` replaces itself with its last command, and is accepted if
that command has no pipe or redirection.

## Fix safety
Safe if the field is not set: a pod that ends sooner does not wait. Unsafe if it is zero.

## References
- kubernetes.io: pod lifecycle, termination of pods
- aws/sagemaker-training-toolkit#173, skypilot-org/skypilot#5041
"""

from collections.abc import Iterator, Mapping

from rules.interruption import may_be_preempted
from rules.kinds import facts
from rules.kinds.pods import Pod
from rules.model import Harm, Parameter, Problem, Rule, Value, form_table
from rules.termination import find_deaf_shell
from rules.type_names import Any
from rules.wording import tell_value, write_value
from rules.workload import TRAINING, Workload

_EXPECTED = "expected exec before the command that trains, or a trap that ends it"


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    for pod in workload.training_pods:
        grace = workload.at(facts.GRACE_PERIOD, pod)
        if grace is None or not may_be_preempted(pod, params["spot_markers"]):
            continue
        if not workload.partial:
            yield from _judge_grace(workload, pod, grace, params["target"])
        yield from _judge_signal(workload, pod)


def _judge_grace(workload: Workload, pod: Pod, grace: Value, target: int) -> Iterator[Problem]:
    strategy = workload.at(facts.RESTART_STRATEGY, pod)
    # Agents that restart in place have nothing to save, and say 0.
    in_place = strategy is not None and strategy.value == "InPlaceRestart"
    if grace.unknown or (grace.written and (grace.number != 0 or in_place)):
        return
    found = tell_value(grace, ", which means 30 s")
    message = f"{found}: too short to write a checkpoint when the pod is evicted; expected {target}"
    fix = write_value(grace, target, safe=grace.unwritten)
    yield Problem("grace", grace.path, message, fix, role_path=pod.path)


def _judge_signal(workload: Workload, pod: Pod) -> Iterator[Problem]:
    for main in pod.mains:
        shell = find_deaf_shell(workload.command(main))
        if shell:
            found = f"{shell} -c runs container {main.name}, and keeps SIGTERM to itself"
            message = f"{found}: the training does not hear that it is evicted; {_EXPECTED}"
            yield Problem("signal", main.place("command"), message, role_path=pod.path)


RULE = Rule(
    code="TRN009",
    name="checkpoint-grace-period",
    harm=Harm.LOSES_WORK,
    forms=form_table("""
        grace   warning  audit  warn  an evicted training has no time to save its state
        signal  warning  audit  warn  a shell keeps the signal of an eviction to itself
    """),
    check=check,
    docs=__doc__ or "",
    fix="safe or unsafe",
    scope="training that may be preempted",
    reads=(facts.GRACE_PERIOD,),
    roles=TRAINING,
    parameters=(
        Parameter("target", "seconds that the fix writes", default=120),
        Parameter(
            "spot_markers",
            "further node labels and taints of capacity that is taken back: key or key=value",
            default=[],
        ),
    ),
)
