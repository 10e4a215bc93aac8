"""Several pods mount a claim that only one node can mount.

## What
A claim that is only ReadWriteOnce must be mounted by one pod, or by pods on one node.

## Why
The volume is attached to one node. Pods on other nodes stay in ContainerCreating with `Multi-Attach
error`, or are never scheduled. Some ranks of a training run start and wait for the rest while
holding their accelerators. Databases and web pages are left to other linters.

## Example
```yaml
kind: PyTorchJob
spec:
  pytorchReplicaSpecs:
    Worker:
      replicas: 4
      template: {spec: {volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]}}
---
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce]}
```

## Use instead
A ReadWriteMany claim (a file share), or a ReadOnlyMany claim for weights; one claim for each pod
(`volumeClaimTemplates`); an object store; or a pod affinity on `kubernetes.io/hostname`.

## Fix safety
There is no fix: the cluster's storage is not known here.

## References
- kubernetes.io, Persistent Volumes: Access Modes
- kserve/kserve#3409, GoogleCloudPlatform/kubernetes-engine-samples#90
"""

from collections.abc import Iterator, Mapping

from rules.claims import MountedClaim, find_claims
from rules.kinds import facts
from rules.kinds.autoscaling import SCALING, unpack_scaling
from rules.kinds.kept_pods import PODS, unpack_pods
from rules.kinds.lookups import Answer, Neighbour
from rules.kinds.roles import Subrole
from rules.model import Harm, Problem, Related, Rule, form_table
from rules.paths import shorten
from rules.relevance import is_unrelated
from rules.type_names import Any
from rules.workload import Workload

_BEFORE = frozenset({None, Subrole.INITIALIZER, Subrole.SUBMITTER})
"""Templates of which nobody knows that their pods run together with others."""


def check(workload: Workload, _params: Mapping[str, Any]) -> Iterator[Problem]:
    shared = tuple(workload.parameters["storage"]["assume_rwx"])
    found = [
        claim for claim in workload.once(find_claims) if claim.contended and not claim.is_of(shared)
    ]
    if found and not workload.once(is_unrelated):
        for key in dict.fromkeys(claim.key for claim in found):
            yield from _judge(workload, [claim for claim in found if claim.key == key])


def _judge(workload: Workload, mounted: list[MountedClaim]) -> Iterator[Problem]:
    first = mounted[0]
    count = _count_pods(workload, mounted)
    if count > 1:
        found = f"{first.name}, and {count} pods mount it: those that come too late wait"
        message = f"{found}; expected ReadWriteMany, or a claim for each pod"
        yield Problem("many-pods", first.path, message, related=(first.place,), degree=count)
        return
    answer, users = workload.neighbourhood.find_claim_users(first.key.name)
    keeps = PODS in workload.kind.facts and count > 0
    others = [user for user in users if _runs(user)] if answer is Answer.FOUND and keeps else []
    if others:
        other = others[0].key
        found = f"{first.name}, and {other.kind} {shorten(other.name)} mounts it too"
        related = Related(_place_of_use(others[0], first.key.name), "mounted here too", other)
        message = f"{found}: on another node it waits; expected ReadWriteMany, or one node for both"
        yield Problem("shared", first.path, message, related=(first.place, related))


def _count_pods(workload: Workload, mounted: list[MountedClaim]) -> int:
    """How many pods of the object mount a claim at the same time, as far as is known."""
    counts = [(claim.pod, claim.pod.replicas or 0) for claim in mounted]
    together = sum(count for pod, count in counts if pod.subrole not in _BEFORE)
    grown = [workload.at(facts.MAX_REPLICAS, pod) for pod, _ in counts]
    most = [value.number for value in grown if value is not None and value.written]
    answer, scalers = workload.neighbourhood.find_autoscalers()
    kept = (one.get(SCALING) for one in scalers if answer is Answer.FOUND)
    most += [scaling.most for one in kept if (scaling := unpack_scaling(one)) is not None]
    numbers = [number for number in most if isinstance(number, int)]
    return max([together, *(count for _, count in counts), *numbers])


def _runs(user: Neighbour) -> bool:
    return any(pod.replicas != 0 for pod in unpack_pods(user.get(PODS)))


def _place_of_use(user: Neighbour, claim: str) -> tuple[str | int, ...]:
    pods = unpack_pods(user.get(PODS))
    return next(path for pod in pods for path, name in pod.claims if name == claim)


RULE = Rule(
    code="STO002",
    name="rwo-claim-shared-by-many-pods",
    harm=Harm.NEVER_STARTS,
    forms=form_table(
        """
        many-pods  error    warn  deny  several pods of an object mount a claim of one node
        shared     warning  warn  warn  two objects whose pods run on mount a claim of one node
        """,
        role_gated=False,
    ),
    check=check,
    docs=__doc__ or "",
    scope="pods with claims",
)
