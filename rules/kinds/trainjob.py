"""Kubeflow Trainer's TrainJob: what it says itself, laid over the runtime that it names.

Source: kubeflow/trainer ``pkg/apis/trainer/v1alpha1/trainjob_types.go`` at v2.0 (podSpecOverrides),
v2.1 (podTemplateOverrides), v2.2 and later (runtimePatches, activeDeadlineSeconds).
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import reduce

from rules.kinds import facts
from rules.kinds.jobset import Child, read_children
from rules.kinds.lookups import Answer, Ask, Reference
from rules.kinds.pods import Container, ContainerUse, Mount, Pod, Volume
from rules.kinds.podspec import make_container, read_count, read_volumes
from rules.kinds.roles import INITIALIZERS, TRAINER, Role, Subrole
from rules.kinds.rows import FactRows
from rules.kinds.runs import Deadlines
from rules.kinds.schema import SPEC, Kind
from rules.kinds.strategic_merge import strategic_merge
from rules.kinds.trainer import GROUPS, JOBSET
from rules.kinds.views import SpecView, view_foreign
from rules.paths import EACH, Path, dig, expand
from rules.record import NamedTuple
from rules.type_names import Any

TRAINJOB_ROWS: FactRows = {
    facts.DEADLINE: ("activeDeadlineSeconds",),
    facts.SUSPEND: ("suspend", False),
    facts.MANAGED_BY: ("managedBy", "trainer.kubeflow.org/trainjob-controller"),
    facts.TRAINING_RUNTIME: ("runtimeRef.name",),
}
TRAINER_ROWS: FactRows = {
    facts.NODES: ("numNodes",),
    facts.PROCESSES_PER_NODE: ("numProcPerNode",),
}
PATCHED_POD_ROWS: FactRows = {
    facts.GRACE_PERIOD: ("terminationGracePeriodSeconds",),
    facts.NODE_SELECTOR: ("nodeSelector",),
    facts.TOLERATIONS: ("tolerations",),
    facts.AFFINITY: ("affinity",),
    facts.SCHEDULING_GATES: ("schedulingGates",),
    facts.SERVICE_ACCOUNT: ("serviceAccountName",),
    facts.IMAGE_PULL_SECRETS: ("imagePullSecrets",),
}
"""What a TrainJob may patch in a pod spec (``PodSpecPatch``); all else is the runtime's."""
_RUNTIME: Path = ("spec", "runtimeRef")
_TRAINER: Path = ("spec", "trainer")
_NODE = "node"
_OWN = ("image", "command", "args", "env")
_TEMPLATE: Path = ("template", "spec", "template")
_JOBS: Path = ("trainingRuntimeSpec", "template", "spec", "replicatedJobs")


class Patch(NamedTuple):
    """A pod spec that the TrainJob lays over one of the runtime's, and the metadata beside it."""

    path: Path
    spec: Mapping[str, Any]
    metadata: Mapping[str, Any] = {}


class Runtime(NamedTuple):
    """What is known of the runtime: its trainer's job, pod and container.

    ``found`` is False where the runtime is not at hand; all else is then empty. ``path`` is the
    reference to it.
    """

    found: bool
    path: Path = _RUNTIME
    job: str | None = None
    pod: Mapping[str, Any] = {}
    metadata: Mapping[str, Any] = {}
    container: Mapping[str, Any] = {}
    nodes: int | None = None


def read_trainjob_pods(spec: SpecView, ask: Ask) -> Iterator[Pod]:
    yield from _initializers(spec)
    yield _trainer(spec, _find_runtime(spec, ask))


def _trainer(spec: SpecView, runtime: Runtime) -> Pod:
    """The trainer's pod. What comes from the runtime has the path of the reference to it."""
    trainer = spec.below("trainer")
    patches = list(_patches(spec, runtime.job))
    nodes = trainer.dig("numNodes")
    own = patches[0] if patches else _next_patch(spec)
    return Pod(
        trainer.path,
        own.path,
        _lay(runtime.pod, [patch.spec for patch in patches]),
        name=runtime.job or TRAINER,
        metadata=_lay(runtime.metadata, [patch.metadata for patch in patches]),
        containers=(_container(trainer, runtime, patches, own),),
        volumes=tuple(_volumes(runtime, patches)),
        volumes_at=(*own.path, "volumes"),
        metadata_at=(*own.path[:-1], "metadata") if own.path[-1] == "spec" else None,
        replicas=runtime.nodes if nodes is None else read_count(nodes),
        outputs_known=runtime.found,
        inherits=not runtime.found,
        images=False,
    )


def _lay(base: Mapping[str, Any], patches: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    whole: Mapping[str, Any] = reduce(strategic_merge, patches, base)
    return whole


def _container(trainer: SpecView, runtime: Runtime, patches: list[Patch], own: Patch) -> Container:
    """``spec.trainer`` over the runtime's container, the former's env first, so that its indexes
    hold. It has no mounts of its own: those are the patch's, or the runtime's."""
    body, name = trainer.mapping(), str(runtime.container.get("name") or _NODE)
    said = {key: body[key] for key in _OWN if key in body}
    return Container(
        name,
        trainer.path,
        {**strategic_merge(runtime.container, said), **_resources(body)},
        ContainerUse.MAIN,
        tuple(_mounts(runtime, patches)),
        elsewhere={
            "resources": (*trainer.path, "resourcesPerNode"),
            "volumeMounts": (*own.path, "containers", _index(own, name), "volumeMounts"),
        },
    )


def _resources(trainer: Mapping[str, Any]) -> dict[str, Any]:
    """The trainer's own resources, which take the place of the runtime's as a whole."""
    own = trainer.get("resourcesPerNode")
    return {} if own is None else {"resources": own}


def _index(patch: Patch, name: str) -> int:
    """Where a patch has the container of that name, or would have it."""
    names = [dig(body, ("name",)) for _, body in expand(patch.spec, ("containers", EACH))]
    return names.index(name) if name in names else len(names)


def _mounts(runtime: Runtime, patches: list[Patch]) -> Iterator[Mount]:
    """The mounts of the patches and of the runtime's container."""
    named = runtime.container.get("name")
    for path, spec, _ in patches:
        for where, body in expand(spec, ("containers", EACH), path):
            if isinstance(body, dict) and named in (None, body.get("name")):
                yield from make_container(body, where).mounts
    for mount in make_container(runtime.container, ()).mounts:
        yield mount._replace(path=runtime.path)


def _volumes(runtime: Runtime, patches: list[Patch]) -> Iterator[Volume]:
    for patch in patches:
        yield from read_volumes(patch.spec, patch.path)
    for volume in read_volumes(runtime.pod, ()):
        yield volume._replace(path=runtime.path)


def _patches(spec: SpecView, job: str | None) -> Iterator[Patch]:
    """The pod specs laid over the trainer's, in each version's field; without a runtime at hand,
    over any job that is no initializer."""
    for patched in spec.each("runtimePatches", EACH, *_JOBS, EACH):
        if _is_trainer(patched.dig("name"), job):
            yield _patch(patched.below(*_TEMPLATE))
    for override in spec.each("podTemplateOverrides", EACH):
        if _targets(override, job):
            yield _patch(override)
    for override in spec.each("podSpecOverrides", EACH):
        if _targets(override, job):
            body = override.mapping()
            yield Patch(override.path, {key: body[key] for key in body if key != "targetJobs"})


def _patch(template: SpecView) -> Patch:
    return Patch((*template.path, "spec"), template.mapping("spec"), template.mapping("metadata"))


def _targets(override: SpecView, job: str | None) -> bool:
    """Whether an override is for the trainer: one that names no job is for all."""
    targets = override.dig("targetJobs")
    if not isinstance(targets, list) or not targets:
        return True
    return any(_is_trainer(dig(target, ("name",)), job) for target in targets)


def _is_trainer(name: Any, job: str | None) -> bool:
    if job is not None:
        return bool(name == job)
    return isinstance(name, str) and name not in INITIALIZERS


def _next_patch(spec: SpecView) -> Patch:
    """A patch of the trainer's pod spec that is not there yet (v2.2 and later)."""
    patches = spec.dig("runtimePatches")
    index = len(patches) if isinstance(patches, list) else 0
    return Patch((*spec.path, "runtimePatches", index, *_JOBS, 0, *_TEMPLATE, "spec"), {})


def _find_runtime(spec: SpecView, ask: Ask) -> Runtime:
    """The runtime that ``spec.runtimeRef`` names; a ClusterTrainingRuntime by default."""
    reference = spec.mapping("runtimeRef")
    name = reference.get("name")
    if not isinstance(name, str):
        return Runtime(found=False)
    kind = str(reference.get("kind") or "ClusterTrainingRuntime")
    namespace = None if kind.startswith("Cluster") else spec.manifest.identity.namespace
    group = str(reference.get("apiGroup") or spec.manifest.group)
    answer, found = ask(Reference(group, (kind,), namespace, name), "spec")
    if answer is not Answer.FOUND:
        return Runtime(found=False)
    return _read_runtime(view_foreign(found))._replace(path=(*spec.path, "runtimeRef"))


def _read_runtime(spec: SpecView) -> Runtime:
    child = _trainer_of(read_children(spec.below(*JOBSET)))
    pod = child.job.dig("template", "spec") if child else None
    if child is None or not isinstance(pod, dict):
        return Runtime(found=False)
    return Runtime(
        found=True,
        job=child.name,
        pod=pod,
        metadata=child.job.mapping("template", "metadata"),
        container=_main_container(pod),
        nodes=read_count(spec.dig("mlPolicy", "numNodes")),
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


def _initializers(spec: SpecView) -> Iterator[Pod]:
    """The jobs that fetch data and model; the TrainJob gives them an environment."""
    for initializer in spec.each("initializer", EACH):
        path = initializer.path
        yield Pod(
            path,
            path,
            {},
            name=str(path[-1]),
            containers=(make_container(initializer.mapping(), path),),
            subrole=Subrole.INITIALIZER,
            role=Role.DATA,
            writer=False,
            outputs_known=False,
            complete=False,
            images=False,
        )


def read_trainjob_deadlines(spec: SpecView, _pods: Any) -> Deadlines:
    value = spec.value("activeDeadlineSeconds")
    return Deadlines(
        (value,),
        (value.path,),
        counting="it counts from the TrainJob's start, and anew after a resume",
        advice="Kubeflow Trainer before v2.2 has no such field: bound the runtime's child Job",
    )


KINDS: tuple[Kind, ...] = tuple(
    Kind(
        group,
        "TrainJob",
        pods=read_trainjob_pods,
        role=Role.TRAINING,
        required=(_RUNTIME,),
        rows=((SPEC, TRAINJOB_ROWS), (_TRAINER, TRAINER_ROWS)),
        pod_rows=PATCHED_POD_ROWS,
        deferred={_TRAINER: _RUNTIME},
        deadlines=read_trainjob_deadlines,
        plural="trainjobs",
    )
    for group in GROUPS
)
