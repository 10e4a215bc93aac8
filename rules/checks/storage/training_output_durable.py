"""Training outputs do not outlive the pod.

## What
At least one writing rank of a training workload puts its outputs and checkpoints on storage that
outlives the pod: a claim, a network file system, or an object store.

## Why
The container's file system and an emptyDir die with the pod. Every retry is a new pod, so without
a durable checkpoint training starts again from step 0, and without a durable output the model is
lost when it succeeds.

## Example
```yaml
containers:
- name: trainer
  args: [--output_dir, /out]
  volumeMounts: [{name: out, mountPath: /out}]
volumes: [{name: out, emptyDir: {}}]
```

## Use instead
```yaml
containers:
- name: trainer
  args: [--output_dir, /out/run1]
  volumeMounts: [{name: out, mountPath: /out}]
volumes: [{name: out, persistentVolumeClaim: {claimName: models}}]
```

## Fix safety
There is no fix: which claim or bucket holds the model is a person's decision.

## References
- https://kubernetes.io/docs/concepts/storage/volumes/#emptydir
- https://kubernetes.io/docs/concepts/storage/ephemeral-volumes/
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from rules.kinds.pods import Container, Pod
from rules.kinds.roles import Role
from rules.model import Confidence, Parameter, Problem, Related, Rule, form_table
from rules.outputs import (
    INPUT_FLAG,
    OUTPUT_ENV,
    OUTPUT_FLAG,
    Keeping,
    Naming,
    Output,
    Place,
    Storage,
    find_store,
    find_tracker,
    naming_of,
    read_environment,
    read_outputs,
    read_texts,
)
from rules.paths import Path, dotted
from rules.workload import Workload

_ML_TOKEN = re.compile(
    r"(?:^|[-_/.])(?:ml|ai|models?|train(?:er|ing)?|bert|llm|gpt|llama|mnist|pytorch|tensorflow)"
    r"(?:$|[-_/.:])",
    re.IGNORECASE,
)
_HINT_MOUNT = re.compile(r"/(?:data|models?|outputs?|checkpoints?)(?:/|\Z)", re.IGNORECASE)
_ORDER = ("ephemeral", "weak", "nowhere")


class Loss(NamedTuple):
    """How one pod's outputs are lost."""

    form: str
    path: Path
    message: str
    related: tuple[Related, ...] = ()


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    if workload.training_pods:
        yield from _judge_training(workload, params)
        return
    yield from _hint(workload)


def _judge_training(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    pods = workload.training_pods
    writers = [pod for pod in pods if pod.writer] or list(pods)
    schemes = frozenset(params["storage"]["durable_schemes"])
    naming = naming_of(params["output_flag"], params["input_flag"], params["output_env"])
    losses = [_judge_pod(workload, pod, schemes, naming) for pod in writers]
    if any(loss is None for loss in losses):
        return
    found = sorted(filter(None, losses), key=lambda loss: _ORDER.index(loss.form))
    first, rest = found[0], found[1:]
    yield Problem(
        form=first.form,
        path=first.path,
        message=first.message,
        related=(*first.related, *(Related(loss.path, loss.message) for loss in rest)),
        confidence=Confidence.LOW if workload.kind.outputs_in_code else None,
    )


def _judge_pod(
    workload: Workload, pod: Pod, schemes: frozenset[str], naming: Naming
) -> Loss | None:
    """How the pod's outputs are lost; None where they are kept or nothing is known of them."""
    if pod.durable or not pod.mains:
        return None
    storage = Storage(pod, schemes)
    placed: list[tuple[Output, Place]] = []
    for container in pod.mains:
        outputs = read_outputs(container, naming)
        placed += zip(outputs, storage.locate(outputs, container), strict=True)
    if any(place.keeping is Keeping.DURABLE for _, place in placed):
        return None
    known = [(output, place) for output, place in placed if output.main]
    if known:
        return _judge_known(known)
    return _judge_unnamed(workload, pod, storage, schemes)


def _judge_known(known: list[tuple[Output, Place]]) -> Loss | None:
    """Outputs are named, and none is durable."""
    if any(place.keeping is Keeping.UNKNOWN for _, place in known):
        return None
    for output, place in known:
        if place.keeping is Keeping.WEAK:
            return Loss("weak", output.path, f"outputs go to {output.target}, on {place.what}")
    output, place = known[0]
    related = () if place.path is None else (Related(place.path, f"this is {place.what}"),)
    return Loss(
        "ephemeral",
        output.path,
        f"outputs are lost with the pod: {output.name} is {output.target}, on {place.what}; "
        f"expected a path on a persistentVolumeClaim, or an object-store URI",
        related,
    )


def _judge_unnamed(
    workload: Workload, pod: Pod, storage: Storage, schemes: frozenset[str]
) -> Loss | None:
    """No output is named: some durable mount or some object store will do."""
    if not pod.outputs_known or not pod.complete or workload.partial or pod.artifacts:
        return None
    if any(find_tracker(main) for main in pod.mains) or find_store(_texts(pod), schemes):
        return None
    keepings = {storage.classify(mount).keeping for main in pod.mains for mount in main.mounts}
    if keepings & {Keeping.DURABLE, Keeping.UNKNOWN}:
        return None
    path = (*pod.spec_path, "volumes")
    if Keeping.WEAK in keepings:
        return Loss("weak", path, "the only place that outlives the pod is a hostPath of one node")
    return Loss("nowhere", path, _advice(pod))


def _advice(pod: Pod) -> str:
    main = pod.mains[0]
    return (
        "nothing that training writes outlives the pod: no claim, network volume or object-store "
        f"URI is in sight; mount one, such as {dotted((*pod.spec_path, 'volumes'))}: "
        "[{name: output, persistentVolumeClaim: {claimName: ...}}] and "
        f"{dotted((*main.path, 'volumeMounts'))}: [{{name: output, mountPath: /output}}]"
    )


def _texts(pod: Pod) -> list[str]:
    texts = [pod.text]
    for container in pod.containers:
        texts += [text for _, text in read_texts(container)]
        texts += [value for value, _ in read_environment(container).values()]
    return texts


def _hint(workload: Workload) -> Iterator[Problem]:
    """Something that is called ML and keeps its data in an emptyDir."""
    for pod, judgement in workload.judgements:
        if judgement.role not in (Role.OTHER, Role.UNKNOWN_ML):
            continue
        for main in pod.mains:
            if _ML_TOKEN.search(_names(workload, main)):
                yield from _hint_mounts(pod, main)
                return


def _hint_mounts(pod: Pod, main: Container) -> Iterator[Problem]:
    volumes = {volume.name: volume for volume in reversed(pod.volumes)}
    for mount in main.mounts:
        volume = volumes.get(mount.volume)
        scratch = volume.body.get("emptyDir") if volume else None
        if volume is None or not isinstance(scratch, dict) or scratch.get("medium") == "Memory":
            continue
        if not _HINT_MOUNT.match(mount.mount_path):
            continue
        yield Problem(
            form="hint",
            path=(*volume.path, "emptyDir"),
            message=f"{mount.mount_path} is an emptyDir, deleted with the pod; expected a "
            "persistentVolumeClaim if data, models or checkpoints are to be kept",
            related=(Related((*mount.path, "mountPath"), "mounted here"),),
        )
        return


def _names(workload: Workload, container: Container) -> str:
    image = str(container.get("image") or "")
    return f"{workload.identity.name or ''}/{container.name}/{image}"


RULE = Rule(
    code="STO001",
    name="training-output-durable",
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
    fix="none",
    scope="training and retraining",
    parameters=(
        Parameter("output_flag", "flags that name an output", default=OUTPUT_FLAG, regex=True),
        Parameter("input_flag", "flags that do not, after all", default=INPUT_FLAG, regex=True),
        Parameter("output_env", "environment names of an output", default=OUTPUT_ENV, regex=True),
    ),
)
