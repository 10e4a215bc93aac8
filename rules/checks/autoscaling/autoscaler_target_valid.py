"""An autoscaler's target cannot be scaled, or has a second autoscaler.

## What
An autoscaler must name an existing object that can be scaled, and must be the only one to do so.

## Why
An autoscaler whose target does not exist, or has no scale subresource, reports an error and does
nothing. Two autoscalers of one target undo each other's work. Scaling training down takes ranks
away and stops the run.

## Example
```yaml
kind: HorizontalPodAutoscaler
spec:
  scaleTargetRef: {apiVersion: serving.kserve.io/v1beta1, kind: InferenceService, name: model}
```

## Use instead
Target a Deployment, StatefulSet, LeaderWorkerSet or another kind with a scale subresource, with its
group (`apps/v1`). For KServe use `minReplicas` and `maxReplicas`, for Ray its own autoscaler. Put
all metrics of one target into one autoscaler.

## Fix safety
There is no fix: only you know which object was meant.

## References
- `pkg/controller/podautoscaler/horizontal.go` (scaleForResourceMappings)
- KEDA `scaledobject_webhook.go` (verifyHpas); kuberay and kserve CRDs (no scale subresource)
"""

from collections.abc import Iterator, Mapping

from rules.kinds import KIND_INDEX, find_kind
from rules.kinds.autoscaling import WITHOUT_SCALE
from rules.kinds.kept_pods import PODS
from rules.kinds.lookups import Answer, Reference
from rules.model import Harm, ObjectKey, Problem, Related, Rule, form_table
from rules.paths import shorten
from rules.type_names import Any
from rules.workload import Workload


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    for scaler in workload.autoscalers:
        if scaler.target is not None:
            yield from _judge(workload, scaler.target)
    if workload.training_pods:
        yield from _judge_training(workload)


def _judge(workload: Workload, target: Reference) -> Iterator[Problem]:
    path, key = ("spec", "scaleTargetRef"), target.key
    reason = WITHOUT_SCALE.get((key.group, key.kind))
    if reason is not None:
        message = f"{_name(key)} cannot be scaled: {reason}; expected a kind that can"
        yield Problem("unscalable", path, message)
        return
    home = _find_group(key)
    if home is not None:
        group = f"group {shorten(key.group)}" if key.group else "the core group"
        found = f"{group} has no kind {shorten(key.kind)}"
        message = f"{found}, so that nothing is scaled; expected apiVersion {home}/v1"
        yield Problem("unscalable", (*path, "apiVersion"), message)
        return
    if workload.ask(target, PODS)[0] is Answer.ABSENT:
        message = (
            f"there is no {_name(key)} in the namespace, so that nothing is scaled; expected one"
        )
        yield Problem("nowhere", (*path, "name"), message)
    for rival in [one.key for one in workload.neighbourhood.find_rivals(key)][:1]:
        message = f"{_name(key)} is scaled by {_name(rival)} too: each undoes what the other does"
        related = Related(path, "scaled from here too", rival)
        yield Problem("rivals", path, f"{message}; expected one", related=(related,))


def _find_group(key: ObjectKey) -> str | None:
    """The group that a kind is of, where the named one has none of that name."""
    if find_kind(key.group, key.kind) is not None and key.group != "extensions":
        return None
    homes = {one.group for one in KIND_INDEX if one.name == key.kind and PODS in one.facts}
    homes -= {"extensions"}
    return homes.pop() if len(homes) == 1 else None


def _judge_training(workload: Workload) -> Iterator[Problem]:
    answer, scalers = workload.neighbourhood.find_autoscalers()
    if answer is Answer.FOUND:
        pod, key = workload.training_pods[0], scalers[0].key
        message = f"{_name(key)} scales training: a run stops when it scales down; expected none"
        related = Related(("spec", "scaleTargetRef"), "scaled from here", key)
        yield Problem("training", pod.path, message, related=(related,), role_path=pod.path)


def _name(key: ObjectKey) -> str:
    return f"{key.kind} {shorten(key.name)}"


RULE = Rule(
    code="HPA005",
    name="autoscaler-target-valid",
    harm=Harm.SERVES_ERRORS,
    forms=form_table(
        """
        unscalable  error    warn  warn  the target is of a kind that cannot be scaled, or of none
        nowhere     warning  warn  warn  the target does not exist
        rivals      error    warn  warn  two autoscalers scale one target
        """,
        role_gated=False,
    )
    + form_table("training  error  warn  warn  training is scaled"),
    check=check,
    docs=__doc__ or "",
    scope="autoscalers, and training that is scaled",
    reads=("autoscalers", "pods"),
)
