"""Training outputs do not outlive the pod.

## What
At least one writing rank of a training workload must put its outputs and checkpoints on storage
that outlives the pod: a claim, a network file system, or an object store.

## Why
A container's file system and an emptyDir are deleted with the pod. Without a durable checkpoint,
each retry starts again from step 0; without a durable output, a successful run loses its model.

## Example
```yaml
containers: [{args: [--output_dir, /out], volumeMounts: [{name: out, mountPath: /out}]}]
volumes: [{name: out, emptyDir: {}}]
```

## Use instead
```yaml
volumes: [{name: out, persistentVolumeClaim: {claimName: models}}]
```

## Fix safety
There is no fix: where to keep the model is your decision.

## References
- https://kubernetes.io/docs/concepts/storage/volumes/#emptydir
- https://kubernetes.io/docs/concepts/storage/ephemeral-volumes/
"""

from collections.abc import Iterator, Mapping

from rules.destinations import Destination, find_destinations
from rules.kinds.pods import Pod
from rules.kinds.roles import Role
from rules.model import Confidence, Harm, Problem, Related, Rule, form_table
from rules.outputs import PARAMETERS, naming_of
from rules.roles.vocabulary import sounds_like_ml
from rules.storage import Keeping, Place, find_scratched_data, suggest_claim
from rules.type_names import Any
from rules.wording import join_problems
from rules.workload import TRAINING, Workload

_ORDER = ("ephemeral", "weak", "nowhere")
_UNSURE = frozenset({Role.OTHER, Role.UNKNOWN_ML})
_ELSEWHERE = "expected a path on a persistentVolumeClaim, or an object-store URI"


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    if not workload.training_pods:
        yield from _hint(workload)
        return
    destinations = workload.once(find_destinations, naming_of(params))
    losses = [loss for one in destinations if (loss := _judge(workload, one)) is not None]
    if len(losses) == len(destinations):
        worst_first = sorted(losses, key=lambda loss: _ORDER.index(loss.form))
        doubt = Confidence.LOW if workload.kind.outputs_in_code else None
        yield join_problems(worst_first)._replace(confidence=doubt)


def _judge(workload: Workload, destination: Destination) -> Problem | None:
    """How a pod's outputs are lost; None where they are kept or nothing is known of them."""
    pod, output, place = destination
    if workload.measured or place.keeping in (Keeping.DURABLE, Keeping.UNKNOWN):
        return None
    if output is None:
        return None if workload.partial else _judge_unnamed(pod, place)
    if place.keeping is Keeping.WEAK:
        message = f"outputs go to {output.written}, on {place.what}; {_ELSEWHERE}"
        return Problem("weak", output.path, message)
    message = f"outputs are lost with the pod: {output.shown} on {place.what}; {_ELSEWHERE}"
    related = () if place.path is None else (Related(place.path, f"this is {place.what}"),)
    return Problem("ephemeral", output.path, message, related=related)


def _judge_unnamed(pod: Pod, best: Place) -> Problem:
    path = pod.volumes_at or pod.path
    if best.keeping is Keeping.WEAK:
        only = "the only place that outlives the pod is a hostPath of one node"
        return Problem("weak", path, f"{only}; {_ELSEWHERE}")
    lost = "nothing that training writes outlives the pod"
    found = "found no claim, network volume or object-store URI"
    return Problem("nowhere", path, f"{lost}: {found}; {suggest_claim(pod)}")


def _hint(workload: Workload) -> Iterator[Problem]:
    """Something that is called ML and keeps its data in an emptyDir."""
    pods = workload.pods_of(_UNSURE)
    scratch = any("emptyDir" in volume.body for pod in pods for volume in pod.volumes)
    called = [
        (pod, main)
        for pod in (pods if scratch else ())
        for main in pod.mains
        if sounds_like_ml(workload.identity.name, main.name, main.get("image"))
    ]
    for mount, volume in filter(None, [find_scratched_data(*one) for one in called[:1]]):
        lost = f"{mount.mount_path} is an emptyDir, deleted with the pod"
        kept = "a persistentVolumeClaim if data, models or checkpoints are to be kept"
        related = (Related((*mount.path, "mountPath"), "mounted here"),)
        yield Problem("hint", (*volume.path, "emptyDir"), f"{lost}; expected {kept}", None, related)


RULE = Rule(
    code="STO001",
    name="training-output-durable",
    harm=Harm.LOSES_WORK,
    forms=form_table("""
        ephemeral  error    warn  deny  an output path is known to die with the pod
        nowhere    warning  warn  deny  nothing that the pod can write to outlives it
        weak       warning  warn  warn  outputs go to one node's disk
    """)
    + form_table(
        "hint  warning  warn  warn  something called ML keeps data or models in an emptyDir",
        role_gated=False,
    ),
    check=check,
    docs=__doc__ or "",
    scope="training and retraining",
    roles=TRAINING | _UNSURE,
    parameters=PARAMETERS,
)
