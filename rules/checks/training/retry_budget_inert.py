"""A retry budget has no effect.

## What
A retry budget must be one that the controller uses.

## Why
The manifest promises retries, or a limit on them, that do not exist. Kubeflow's v1 jobs never retry
a replica with `Never`, and do not count the pods that `ExitCode` recreates. Volcano's `maxRetry`
counts only restarts by a policy. A RayJob's `submitterConfig.backoffLimit` retries only the
submitter.

## Example
```yaml
kind: PyTorchJob
spec:
  runPolicy: {backoffLimit: 3}
  pytorchReplicaSpecs:
    Worker: {restartPolicy: Never}
```

## Use instead
```yaml
kind: PyTorchJob
spec:
  runPolicy: {backoffLimit: 3, activeDeadlineSeconds: 86400}
  pytorchReplicaSpecs:
    Worker: {restartPolicy: ExitCode}
```

## Fix safety
There is no fix: only you know whether retries were intended.

## References
- training-operator `pkg/core/job.go` (PastBackoffLimit), kubeflow/trainer#2045
- volcano `pkg/controllers/job`; kuberay `rayjob_types.go` (SubmitterConfig)
- kubernetes-sigs/jobset `pkg/controllers/failure_policy.go`
"""

from collections.abc import Iterator, Mapping

from rules.deadlines import is_bounded
from rules.kinds.runs import Retry
from rules.model import Harm, Problem, Rule, form_table
from rules.type_names import Any
from rules.wording import tell_value
from rules.workload import TRAINING, Workload


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    if not workload.training_pods:
        return
    for retry in workload.retries:
        if retry.value.written and (retry.value.number or 0) > 0:
            yield from _judge(workload, retry)


def _judge(workload: Workload, retry: Retry) -> Iterator[Problem]:
    found = tell_value(retry.value)
    if retry.inert:
        yield Problem("inert", retry.value.path, f"{found} and never consulted: {retry.inert}")
    elif retry.endless and not is_bounded(workload):
        message = f"{found} and never reached: {retry.endless}; expected a deadline beside it"
        yield Problem("uncounted", retry.value.path, message)


RULE = Rule(
    code="TRN005",
    name="retry-budget-inert",
    harm=Harm.WASTES_ACCELERATORS,
    forms=form_table("""
        inert      warning  warn  warn  a retry budget is never consulted
        uncounted  warning  warn  warn  a retry budget is never reached, and nothing else ends it
    """),
    check=check,
    docs=__doc__ or "",
    scope="training and retraining",
    reads=("retries",),
    roles=TRAINING,
)
