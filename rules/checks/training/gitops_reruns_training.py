"""A GitOps tool recreates a training job that is gone.

## What
A training job that Argo CD, Flux or Helm's controller keeps in the cluster must not be deleted by a
TTL, and must have a fixed name.

## Why
A job deleted by its TTL is out of sync, so the tool creates it again: the training runs again, on
the same GPUs, and overwrites its last model. A job with `generateName` is a new one at each sync.

## Example
```yaml
kind: Job
metadata: {labels: {argocd.argoproj.io/instance: ml-jobs}}
spec: {ttlSecondsAfterFinished: 600}
```

## Use instead
```yaml
kind: Job
metadata:
  annotations:
    argocd.argoproj.io/hook: Sync
    argocd.argoproj.io/hook-delete-policy: BeforeHookCreation
```
Or no TTL: the finished job then stays, and does not run again until it is changed.

## Fix safety
There is no fix: whether the job is a hook is your decision.

## References
- argoproj/argo-cd#8586 and #13851, airbytehq/airbyte#15202, loculus-project/loculus#6567
"""

from collections.abc import Iterator, Mapping

from rules.cleanup import find_gitops_tool, find_ttl
from rules.model import Harm, Problem, Rule, form_table
from rules.stakes import reckon_stakes
from rules.type_names import Any
from rules.wording import tell_value
from rules.workload import FINITE_TRAINING, Workload


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    tracker = find_gitops_tool(workload)
    # What a schedule makes is not tracked: its owner is.
    scheduled = workload.schedule is not None
    if not tracker or scheduled or not workload.pods_of(FINITE_TRAINING):
        return
    problem = _judge(workload, tracker)
    if problem is not None:
        yield workload.once(reckon_stakes).add_to(problem)


def _judge(workload: Workload, tracker: str) -> Problem | None:
    name = workload.manifest.value(("metadata", "generateName"))
    ttl = find_ttl(workload)
    if ttl is not None and not ttl.absent:
        found = f"{tell_value(ttl)}, and {tracker} makes again what it deletes"
        message = f"training runs anew: {found}; expected a hook, or no ttl"
        return Problem("deleted", ttl.path, message)
    if name.written and workload.manifest.value(("metadata", "name")).absent:
        found = f"{tell_value(name)}, which {tracker} makes anew at each sync"
        return Problem("generated", name.path, f"{found}; expected metadata.name, or a hook")
    return None


RULE = Rule(
    code="TRN012",
    name="gitops-reruns-training",
    harm=Harm.LOSES_WORK,
    forms=form_table("""
        deleted    warning  warn  warn  a ttl deletes training that a tool makes again
        generated  warning  warn  warn  training has another name at each sync
    """),
    check=check,
    docs=__doc__ or "",
    scope="training and retraining",
    roles=FINITE_TRAINING,
)
