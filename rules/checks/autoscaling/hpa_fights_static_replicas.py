"""An autoscaled object sets its own replica count.

## What
An object that an autoscaler scales must not set `spec.replicas`.

## Why
Two writers fight over one field. Each `kubectl apply`, Helm upgrade or GitOps sync resets the count
to the manifest's, and the autoscaler changes it again: replicas that took minutes to load their
model are dropped under load. Kubernetes' documentation says to leave the field out. Workloads that
plainly have nothing to do with machine learning, such as a web page, are left to other linters.

## Example
```yaml
kind: Deployment
metadata: {name: server}
spec:
  replicas: 3
---
kind: HorizontalPodAutoscaler
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: server}
  minReplicas: 2
  maxReplicas: 10
```

## Use instead
Leave `replicas` out; the autoscaler's `minReplicas` is the lower bound. If a GitOps tool compares
the field, have it ignored (Argo CD: `ignoreDifferences` for `/spec/replicas`).

## Fix safety
Unsafe: on an object that was applied with the field, removing it sets the count to 1 once, until
the autoscaler reacts.

## References
- kubernetes.io, Horizontal Pod Autoscaling: Migrating Deployments and StatefulSets to horizontal
  autoscaling
- argoproj/argo-cd#5105, vllm-project/production-stack#891
"""

from collections.abc import Iterator, Mapping

from rules.kinds import facts
from rules.kinds.autoscaling import SCALING, Scaling, unpack_scaling
from rules.kinds.lookups import Answer
from rules.model import Fix, Harm, ObjectKey, Presence, Problem, Related, Remove, Rule, form_table
from rules.paths import dotted, shorten
from rules.relevance import is_unrelated
from rules.type_names import Any
from rules.wording import tell_value
from rules.workload import Workload


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    replicas = workload.at(facts.REPLICAS)
    # A count of 0 switches autoscaling off, which is what whoever wrote it wanted.
    if replicas is None or not replicas.written or not replicas.number:
        return
    if not workload.manifest.is_own(replicas.path):
        return
    answer, scalers = workload.neighbourhood.find_autoscalers()
    scaling = unpack_scaling(scalers[0].get(SCALING)) if answer is Answer.FOUND else None
    if scaling is None or workload.once(is_unrelated) or _is_pinned(scaling, replicas.value):
        return
    form = "minimum" if replicas.value == scaling.least else "fixed"
    key, path = scalers[0].key, replicas.path
    found = f"{tell_value(replicas)}, but {_name(key)} sets it{_tell_bounds(scaling)}"
    message = f"{found}: each apply resets it; expected no {dotted(path)}"
    fix = Fix(f"remove {dotted(path)}", (Remove(path),), safe=False, presence=Presence.WRITTEN)
    yield Problem(form, path, message, fix, (Related(scaling.path, "scaled from here", key),))


def _is_pinned(scaling: Scaling, count: Any) -> bool:
    """Whether the autoscaler has but one number, and that is it: nothing is set back."""
    return bool(count == scaling.least == scaling.most)


def _name(key: ObjectKey) -> str:
    return f"{key.kind} {shorten(key.name)}"


def _tell_bounds(scaling: Scaling) -> str:
    numbers = isinstance(scaling.least, int) and isinstance(scaling.most, int)
    return f" ({scaling.least} to {scaling.most})" if numbers else ""


RULE = Rule(
    code="HPA004",
    name="hpa-fights-static-replicas",
    harm=Harm.SERVES_ERRORS,
    forms=form_table(
        """
        fixed    warning  warn   warn  an object that is autoscaled sets its replicas
        minimum  info     audit  warn  it sets them to the least that its autoscaler keeps
        """,
        role_gated=False,
    ),
    check=check,
    docs=__doc__ or "",
    fix="unsafe",
    scope="what an autoscaler scales",
    reads=(facts.REPLICAS,),
)
