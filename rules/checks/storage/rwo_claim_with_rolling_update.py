"""A rollout waits for a volume that the old pod holds.

## What
A Deployment whose pods mount a ReadWriteOnce claim must not start a new pod beside the old one.

## Why
A rolling update starts a new pod before it stops the old one. On another node, the new pod waits
for the volume that the old pod holds, and the old pod waits for the new one to be ready: the
rollout is stuck until somebody deletes a pod. The new pod of a model server often lands on another
node, since the devices of the first are taken. Workloads that plainly have nothing to do with
machine learning, such as a database, are left to other linters.

## Example
```yaml
kind: Deployment
spec:
  replicas: 1
  template:
    spec:
      volumes:
      - {name: cache, persistentVolumeClaim: {claimName: cache}}   # ReadWriteOnce
```

## Use instead
`strategy: {type: Recreate}`, or `maxSurge: 0`. Weights that are only read belong on a ReadOnlyMany
or ReadWriteMany claim, which any number of pods can mount.

## Fix safety
Safe with one replica and no strategy set: a stuck update becomes a restart. Unsafe if a strategy is
set. There is no fix for more replicas, which share the claim all the time (STO002).

## References
- kubernetes.io, Persistent Volumes: Access Modes; Deployments: Strategy
- GoogleCloudPlatform/kubernetes-engine-samples#90, vllm-project/production-stack#107
"""

from collections.abc import Iterator, Mapping

from rules.claims import MountedClaim, find_claims
from rules.kinds import facts
from rules.kinds.lookups import Answer
from rules.model import Fix, Harm, Problem, Rule, Value, form_table
from rules.paths import dotted
from rules.relevance import is_unrelated
from rules.type_names import Any
from rules.wording import tell_value, write_values
from rules.workload import Workload


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    replicas, strategy = workload.at(facts.REPLICAS), workload.at(facts.ROLLOUT_STRATEGY)
    if replicas is None or strategy is None or replicas.number == 0 or not _surges(workload):
        return
    harmless = tuple(workload.parameters["storage"]["assume_rwx"])
    for claim in workload.once(find_claims):
        if claim.contended and not claim.is_of(harmless):
            if workload.once(is_unrelated):
                return
            fix = _recreate(workload, strategy) if replicas.value == 1 else None
            yield _judge(workload, claim, fix)
            return


def _surges(workload: Workload) -> bool:
    """Whether a rollout starts a pod before it stops one: a percentage is rounded up."""
    kind, surge = workload.at(facts.UPDATE_STRATEGY), workload.at(facts.MAX_SURGE)
    if kind is None or surge is None or kind.value != "RollingUpdate":
        return False
    return not surge.unknown and str(surge.value).removesuffix("%").lstrip("0") != ""


def _judge(workload: Workload, claim: MountedClaim, fix: Fix | None) -> Problem:
    expected = "expected type Recreate, or maxSurge 0"
    kind = workload.at(facts.UPDATE_STRATEGY)
    told = tell_value(kind, ", which means RollingUpdate") if kind is not None else ""
    message = (
        f"{claim.name}, and {told}: the new pod waits for the volume that the old one holds, and "
        f"the old one for the new; {expected}"
    )
    return Problem("rolling", claim.path, message, fix, (claim.place,))


def _recreate(workload: Workload, strategy: Value) -> Fix | None:
    if workload.neighbourhood.find_autoscalers()[0] is Answer.FOUND:
        return None
    title = f"set {dotted(strategy.path)}.type to Recreate"
    return write_values(title, [(strategy, {"type": "Recreate"})], safe=strategy.unwritten)


RULE = Rule(
    code="STO003",
    name="rwo-claim-with-rolling-update",
    harm=Harm.SERVES_ERRORS,
    forms=form_table(
        """
        rolling  warning  warn  warn  a rollout waits for a volume that the old pod holds
        """,
        role_gated=False,
    ),
    check=check,
    docs=__doc__ or "",
    fix="safe or unsafe",
    scope="Deployments",
    reads=(facts.ROLLOUT_STRATEGY,),
)
