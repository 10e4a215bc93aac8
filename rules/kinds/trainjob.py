"""Kubeflow Trainer's TrainJob: what it says itself, laid over the runtime that it names.

Source: kubeflow/trainer ``pkg/apis/trainer/v1alpha1/trainjob_types.go`` at v2.0 (podSpecOverrides),
v2.1 (podTemplateOverrides), v2.2 and later (runtimePatches, activeDeadlineSeconds).
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from rules.kinds.jobset import INITIALIZERS, TRAINER, Child, read_children
from rules.kinds.overlay import overlay
from rules.kinds.podspec import make_container, read_count, read_volumes
from rules.kinds.schema import (
    Answer,
    Ask,
    Container,
    ContainerUse,
    Deadlines,
    Kind,
    Mount,
    Pod,
    Reference,
    Role,
    Subrole,
    Volume,
    read_pods,
)
from rules.kinds.trainer import GROUPS, JOBSET
from rules.manifest import Manifest
from rules.paths import EACH, Path, dig, expand

_TRAINER: Path = ("spec", "trainer")
_RUNTIME: Path = ("spec", "runtimeRef")
_NODE = "node"
_OWN = ("image", "command", "args", "env")
_TEMPLATE: Path = ("template", "spec", "template", "spec")
_JOBS: Path = ("trainingRuntimeSpec", "template", "spec", "replicatedJobs")


class Patch(NamedTuple):
    """A pod spec that the TrainJob lays over one of the runtime's."""

    path: Path
    spec: Mapping[str, Any]


class Runtime(NamedTuple):
    """What is known of the runtime: its trainer's job, pod spec and container.

    ``found`` is False where the runtime is not at hand; all else is then empty.
    """

    found: bool
    job: str | None = None
    pod: Mapping[str, Any] = {}
    container: Mapping[str, Any] = {}
    nodes: int | None = None


def _pods(manifest: Manifest, ask: Ask) -> Iterator[Pod]:
    yield from _initializers(manifest)
    yield _trainer(manifest, _find_runtime(manifest, ask))


def _trainer(manifest: Manifest, runtime: Runtime) -> Pod:
    """The trainer's pod. What comes from the runtime has the path of the reference to it."""
    patches = list(_patches(manifest, runtime.job))
    nodes = manifest.dig(*_TRAINER, "numNodes")
    spec: Mapping[str, Any] = runtime.pod
    for patch in patches:
        spec = overlay(spec, patch.spec)
    return Pod(
        _TRAINER,
        patches[0].path if patches else _next_patch(manifest),
        spec,
        name=runtime.job or TRAINER,
        containers=(_container(manifest, runtime, patches),),
        volumes=tuple(_volumes(runtime, patches)),
        count=runtime.nodes if nodes is None else read_count(nodes),
        outputs_known=runtime.found,
        images=False,
    )


def _container(manifest: Manifest, runtime: Runtime, patches: list[Patch]) -> Container:
    """``spec.trainer`` over the runtime's container, the former's env first, so that its indexes
    hold."""
    trainer = manifest.mapping(*_TRAINER)
    own = {key: trainer[key] for key in _OWN if key in trainer}
    return Container(
        str(runtime.container.get("name") or _NODE),
        _TRAINER,
        overlay(runtime.container, own),
        ContainerUse.MAIN,
        tuple(_mounts(runtime, patches)),
        resources_path=(*_TRAINER, "resourcesPerNode"),
    )


def _mounts(runtime: Runtime, patches: list[Patch]) -> Iterator[Mount]:
    """The mounts of the patches and of the runtime's container."""
    named = runtime.container.get("name")
    for path, spec in patches:
        for where, body in expand(spec, ("containers", EACH), path):
            if isinstance(body, dict) and named in (None, body.get("name")):
                yield from make_container(body, where).mounts
    for mount in make_container(runtime.container, ()).mounts:
        yield mount._replace(path=_RUNTIME)


def _volumes(runtime: Runtime, patches: list[Patch]) -> Iterator[Volume]:
    for patch in patches:
        yield from read_volumes(patch.spec, patch.path)
    for volume in read_volumes(runtime.pod, ()):
        yield volume._replace(path=_RUNTIME)


def _patches(manifest: Manifest, job: str | None) -> Iterator[Patch]:
    """The pod specs laid over the trainer's, in each version's field; without a runtime at hand,
    over any job that is no initializer."""
    for path, patched in read_pods(manifest, ("spec", "runtimePatches", EACH, *_JOBS, EACH)):
        if _is_trainer(patched.get("name"), job):
            yield from _patch(manifest, (*path, *_TEMPLATE))
    for path, body in read_pods(manifest, ("spec", "podTemplateOverrides", EACH)):
        if _targets(body, job):
            yield from _patch(manifest, (*path, "spec"))
    for path, body in read_pods(manifest, ("spec", "podSpecOverrides", EACH)):
        if _targets(body, job):
            yield Patch(path, {key: body[key] for key in body if key != "targetJobs"})


def _patch(manifest: Manifest, path: Path) -> Iterator[Patch]:
    spec = manifest.dig(*path)
    if isinstance(spec, dict):
        yield Patch(path, spec)


def _targets(body: Mapping[str, Any], job: str | None) -> bool:
    """Whether an override is for the trainer: one that names no job is for all."""
    targets = body.get("targetJobs")
    if not isinstance(targets, list) or not targets:
        return True
    return any(_is_trainer(dig(target, ("name",)), job) for target in targets)


def _is_trainer(name: Any, job: str | None) -> bool:
    if job is not None:
        return bool(name == job)
    return isinstance(name, str) and name not in INITIALIZERS


def _next_patch(manifest: Manifest) -> Path:
    """Where a patch of the trainer's pod spec would go (v2.2 and later)."""
    patches = manifest.dig("spec", "runtimePatches")
    index = len(patches) if isinstance(patches, list) else 0
    return ("spec", "runtimePatches", index, *_JOBS, 0, *_TEMPLATE)


def _find_runtime(manifest: Manifest, ask: Ask) -> Runtime:
    """The runtime that ``spec.runtimeRef`` names; a ClusterTrainingRuntime by default."""
    reference = manifest.mapping(*_RUNTIME)
    name = reference.get("name")
    if not isinstance(name, str):
        return Runtime(found=False)
    kind = str(reference.get("kind") or "ClusterTrainingRuntime")
    namespace = None if kind.startswith("Cluster") else manifest.identity.namespace
    group = str(reference.get("apiGroup") or manifest.group)
    answer, spec = ask(Reference(group, (kind,), namespace, name), "spec")
    return _read_runtime(spec) if answer is Answer.FOUND else Runtime(found=False)


def _read_runtime(spec: Any) -> Runtime:
    child = _trainer_of(read_children(spec, JOBSET) if isinstance(spec, dict) else [])
    pod = dig(child.body, _TEMPLATE) if child else None
    if child is None or not isinstance(pod, dict):
        return Runtime(found=False)
    nodes = dig(spec, ("mlPolicy", "numNodes"))
    return Runtime(
        found=True,
        job=child.name,
        pod=pod,
        container=_main_container(pod),
        nodes=read_count(nodes),
    )


def _trainer_of(children: list[Child]) -> Child | None:
    """The job that says it trains, else the first that is no initializer."""
    able = [child for child in children if not child.initializes]
    return next((child for child in able if child.step == TRAINER), able[0] if able else None)


def _main_container(pod: Mapping[str, Any]) -> Mapping[str, Any]:
    """The container ``node``, else the first."""
    found = expand(pod, ("containers", EACH))
    bodies = [body for _, body in found if isinstance(body, dict)]
    named = (body for body in bodies if body.get("name") == _NODE)
    return next(named, bodies[0] if bodies else {})


def _initializers(manifest: Manifest) -> Iterator[Pod]:
    """The jobs that fetch data and model; the TrainJob gives them an environment."""
    for path, body in read_pods(manifest, ("spec", "initializer", EACH)):
        yield Pod(
            path,
            path,
            {},
            name=str(path[-1]),
            containers=(make_container(body, path),),
            subrole=Subrole.INITIALIZER,
            role=Role.DATA,
            writer=False,
            outputs_known=False,
            complete=False,
            images=False,
        )


def _deadlines(manifest: Manifest, _pods: Any) -> Deadlines:
    path = ("spec", "activeDeadlineSeconds")
    return Deadlines(
        (manifest.value(path),),
        (path,),
        counting="it counts from the TrainJob's start, and anew after a resume",
        advice="Kubeflow Trainer before v2.2 has no such field: bound the runtime's child Job",
    )


KINDS: tuple[Kind, ...] = tuple(
    Kind(
        group,
        "TrainJob",
        pods=_pods,
        role=Role.TRAINING,
        required=(_RUNTIME,),
        deadlines=_deadlines,
        immutable=True,
        plural="trainjobs",
    )
    for group in GROUPS
)
