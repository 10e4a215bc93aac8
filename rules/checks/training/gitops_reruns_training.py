"""A GitOps tool makes a training job again when it is gone.

## What
A training job that Argo CD, Flux or Helm's controller keeps in the cluster must not be deleted by a
ttl, and must have a name.

## Why
What the ttl deletes is out of sync, and made again: the training runs anew, on the same GPUs, and
writes over its last model. A job with `generateName` is another one at each sync.

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
Or no ttl: the finished job then stands for itself until it is changed.

## Fix safety
There is no fix: whether the job is a hook is for its owner to say.

## References
- argoproj/argo-cd#8586 and #13851, airbytehq/airbyte#15202, loculus-project/loculus#6567
"""

from collections.abc import Iterator, Mapping
from typing import Any

from rules.kinds.facts import SHUTDOWN_WHEN_FINISHED, TTL, TTL_STRATEGY
from rules.model import Harm, Problem, Rule, Value, form_table
from rules.stakes import reckon_stakes
from rules.wording import tell_value
from rules.workload import FINITE_TRAINING, Workload

_TRACKERS = {
    "argocd.argoproj.io/": "Argo CD",
    "kustomize.toolkit.fluxcd.io/": "Flux",
    "helm.toolkit.fluxcd.io/": "Flux",
}
_HOOKS = ("argocd.argoproj.io/hook", "helm.sh/hook")


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    tracker = _find_tracker(workload)
    # What a schedule makes is not tracked: its owner is.
    scheduled = workload.schedule is not None
    if not tracker or scheduled or not workload.pods_of(FINITE_TRAINING):
        return
    problem = _judge(workload, tracker)
    if problem is not None:
        yield workload.once(reckon_stakes).add_to(problem)


def _judge(workload: Workload, tracker: str) -> Problem | None:
    name = workload.manifest.value(("metadata", "generateName"))
    ttl = _find_ttl(workload)
    if ttl is not None:
        found = f"{tell_value(ttl)}, and {tracker} makes again what it deletes"
        message = f"training runs anew: {found}; expected a hook, or no ttl"
        return Problem("deleted", ttl.path, message)
    if name.written and workload.manifest.value(("metadata", "name")).absent:
        found = f"{tell_value(name)}, which {tracker} makes anew at each sync"
        return Problem("generated", name.path, f"{found}; expected metadata.name, or a hook")
    return None


def _find_ttl(workload: Workload) -> Value | None:
    """What deletes the finished job itself; a RayJob's takes its cluster alone."""
    if workload.at(SHUTDOWN_WHEN_FINISHED) is not None:
        return None
    found = (workload.at(TTL), workload.at(TTL_STRATEGY))
    return next((ttl for ttl in found if ttl is not None and not ttl.absent), None)


def _find_tracker(workload: Workload) -> str:
    """The tool that keeps the object in the cluster; empty where none does, or it is a hook."""
    places = ("labels", "annotations")
    marks = [str(key) for one in places for key in workload.manifest.mapping("metadata", one)]
    if any(mark in _HOOKS for mark in marks):
        return ""
    found = (name for mark in marks for start, name in _TRACKERS.items() if mark.startswith(start))
    return next(found, "")


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
