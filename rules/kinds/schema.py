"""What is known of a kind, and the parts of an object that rules see through it.

A ``Kind`` is data and small readers. It tells where things stand and what absence means there;
what is right or wrong is for the rules to say.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

from rules.manifest import Manifest
from rules.model import Value
from rules.paths import Path, dig, expand


class Role(StrEnum):
    """What a workload is for."""

    RETRAINING = "retraining"
    TRAINING = "training"
    SERVING = "serving"
    BATCH = "batch-inference"
    DATA = "data"
    NOTEBOOK = "notebook"
    UNKNOWN_ML = "unknown-ml"
    OTHER = "other"
    NONE = "none"
    STREAMING = "streaming-training"


class Subrole(StrEnum):
    """What one pod template does inside its workload."""

    LAUNCHER = "launcher"
    WORKER = "worker"
    MASTER = "master"
    PS = "ps"
    EVALUATOR = "evaluator"
    INITIALIZER = "initializer"
    RAY_HEAD = "ray-head"
    ROUTER = "router"
    SUBMITTER = "submitter"
    TRANSFORMER = "transformer"
    EXPLAINER = "explainer"


class Probes(StrEnum):
    """Who answers for a container's probes.

    ``OWN``: what is written is all there is. ``GIVEN``: the operator or a runtime brings its own,
    so that absence is fine. ``INJECTED``: the operator adds a liveness probe where there is none
    (Seldon: TCP, 60 s + 3 x 5 s). ``NONE``: no model is loaded in this pod.
    """

    OWN = "own"
    GIVEN = "given"
    INJECTED = "injected"
    NONE = "none"


class ContainerUse(StrEnum):
    """What a container is in its pod."""

    MAIN = "main"
    SIDECAR = "sidecar"
    INIT = "init"


class Mount(NamedTuple):
    """Where a volume appears in a container. ``path`` is where that is written."""

    volume: str
    mount_path: str
    read_only: bool
    path: Path


class Volume(NamedTuple):
    """A volume that a pod can mount; ``body`` in the shape of core/v1 Volume.

    ``body`` has one source key (``persistentVolumeClaim``, ``emptyDir``, ...); the key
    ``volumeClaimTemplate`` stands for a claim that a controller makes from a template.
    """

    name: str
    path: Path
    body: Mapping[str, Any]


class Container(NamedTuple):
    """One container, or a mapping that the operator makes one of. ``body`` as written."""

    name: str
    path: Path
    body: Mapping[str, Any]
    use: ContainerUse
    mounts: tuple[Mount, ...] = ()
    resources_path: Path | None = None
    """Where ``limits`` and ``requests`` stand if not in ``<path>.resources``."""

    def get(self, *keys: str | int) -> Any:
        return dig(self.body, keys)


class Restart(NamedTuple):
    """A pod template's restart policy.

    ``value.value`` is the effective policy, ``default`` what absence means, ``family`` the key of
    TRN001's parameter ``allowed``, ``form`` the rule's form. ``rejected``: the API server refuses
    absence and Always. ``recommended`` is what the fix writes and ``safe`` whether writing it
    where nothing is written is safe. ``note`` is a sentence on the operator's semantics.
    """

    value: Value
    default: str
    allowed: tuple[str, ...] = ("Never",)
    family: str = "batch"
    form: str = "batch"
    rejected: bool = False
    recommended: str = "Never"
    safe: bool = False
    elastic: bool = False
    needs_never: bool = False
    note: str = ""


class Retry(NamedTuple):
    """One retry budget. ``unset`` says what absence means; ``unset_passes`` that it is harmless.

    ``bound`` names the parameter of TRN002 that it must not exceed; ``least`` is the smallest
    value that is taken for what it says (Volcano rewrites 0 to 3). ``preset`` is what a fix writes
    where the budget is absent, None for no fix. ``pod`` is the path of the one pod template that
    it retries, None for all of them.
    """

    value: Value
    unset: str
    form: str = "operator"
    unset_passes: bool = False
    bound: str = "max"
    preset: int | None = None
    safe: bool = True
    pod: Path | None = None


class Deadlines(NamedTuple):
    """Where a wall-clock bound can stand: any one of ``places`` that is set bounds the workload.

    ``fix_at`` are the paths that a fix writes. ``pod_only`` is a bound of the pod alone, which the
    controller retries. ``counting`` says what the clock counts.
    """

    places: tuple[Value, ...]
    fix_at: tuple[Path, ...] = ()
    pod_only: Value | None = None
    counting: str = ""
    field: str = "activeDeadlineSeconds"
    advice: str = ""


class Schedule(NamedTuple):
    """How a scheduled kind starts its runs.

    ``concurrency`` is None where the kind has no such field (``advice`` then says what to do).
    ``exclusive``: a mutex or semaphore keeps runs apart. ``suspended``: no run starts.
    """

    path: Path
    concurrency: Value | None
    suspended: bool = False
    exclusive: bool = False
    advice: str = ""


class Reference(NamedTuple):
    """Another object, by what the referring one says of it. Any of ``kinds`` will do."""

    group: str
    kinds: tuple[str, ...]
    namespace: str | None
    name: str


class Autoscaler(NamedTuple):
    """An autoscaler, or the autoscaling part of an object.

    ``metrics`` is where they are, or would go; ``defined`` whether at least one stands there.
    ``defaulted``: they look as the API server's default does. ``implicit`` says what the
    controller does without any, None where it does nothing sensible. ``target`` is what it scales,
    ``preset`` what a fix writes where the target runs on CPU alone.
    """

    metrics: Value
    defined: bool
    what: str
    defaulted: bool = False
    implicit: str | None = None
    target: Reference | None = None
    preset: Any = None


class Pod:
    """One pod template of an object.

    ``path`` is the template (or, for a bare pod spec, the spec itself), ``spec_path`` the pod
    spec; ``metadata`` the template's own. ``volumes`` and the containers' mounts are merged with
    what the object adds to every pod. ``writer``: the template may hold the training's outputs.
    ``artifacts`` are paths that a controller copies away; ``durable`` says that outputs are kept
    by other means. ``outputs_known`` is False where another object decides. ``text`` is what else
    tells what the pod does. ``role`` fixes the role; ``complete`` is False for a template that is
    merged over another and may lack anything, ``images`` is False where containers without
    an image are whole. ``nodes`` is how many pods load one model together.
    """

    __slots__ = (
        "artifacts",
        "complete",
        "containers",
        "count",
        "durable",
        "images",
        "metadata",
        "name",
        "nodes",
        "outputs_known",
        "path",
        "probes",
        "restart",
        "role",
        "spec",
        "spec_path",
        "subrole",
        "text",
        "volumes",
        "writer",
    )

    def __init__(  # noqa: PLR0913 - a record, written by keyword
        self,
        path: Path,
        spec_path: Path,
        spec: Mapping[str, Any],
        *,
        name: str = "",
        metadata: Mapping[str, Any] | None = None,
        containers: tuple[Container, ...] = (),
        volumes: tuple[Volume, ...] = (),
        subrole: Subrole | None = None,
        restart: Restart | None = None,
        probes: Probes = Probes.OWN,
        count: int | None = 1,
        writer: bool = True,
        artifacts: tuple[str, ...] = (),
        durable: bool = False,
        outputs_known: bool = True,
        text: str = "",
        role: Role | None = None,
        complete: bool = True,
        images: bool = True,
        nodes: int = 1,
    ) -> None:
        self.path = path
        self.spec_path = spec_path
        self.spec = spec
        self.name = name
        self.metadata = metadata or {}
        self.containers = containers
        self.volumes = volumes
        self.subrole = subrole
        self.restart = restart
        self.probes = probes
        self.count = count
        self.writer = writer
        self.artifacts = artifacts
        self.durable = durable
        self.outputs_known = outputs_known
        self.text = text
        self.role = role
        self.complete = complete
        self.images = images
        self.nodes = nodes

    @property
    def mains(self) -> tuple[Container, ...]:
        """The containers that do the work."""
        return tuple(one for one in self.containers if one.use is ContainerUse.MAIN)


class Answer(StrEnum):
    """What a look-up says. Unknown is no evidence."""

    FOUND = "found"
    ABSENT = "absent"
    UNKNOWN = "unknown"


Ask: TypeAlias = Callable[[Reference, str], tuple[Answer, Any]]
"""(reference, fact) -> what the inventory says of that fact of that object."""

PodReader: TypeAlias = Callable[[Manifest, Ask], Iterable[Pod]]


class Inner(NamedTuple):
    """A manifest inside the object: text in a string, or an object in a mapping, at ``path``."""

    path: Path
    role: Role | None = None


def _none(_manifest: Manifest, *_rest: Any) -> tuple[()]:
    return ()


def _nothing(_manifest: Manifest, *_rest: Any) -> None:
    return None


def _no_facts(_manifest: Manifest) -> dict[str, Any]:
    return {}


def _no_weights(_manifest: Manifest) -> dict[Role, int]:
    return {}


class Kind(NamedTuple):
    """What is known of a group and kind, whatever its version.

    ``role`` is the role of every such object, ``priors`` the weights that scored roles start
    with. ``required`` are the paths without which a document is a fragment (a kustomize patch).
    ``facts`` are what other objects' look-ups may ask of this one.
    """

    group: str
    name: str
    pods: PodReader = _none
    role: Role | None = None
    priors: Mapping[Role, int] = {}
    required: tuple[Path, ...] = ()
    retries: Callable[[Manifest], Iterable[Retry]] = _none
    deadlines: Callable[[Manifest, Iterable[Pod]], Deadlines | None] = _nothing
    schedule: Callable[[Manifest], Schedule | None] = _nothing
    autoscalers: Callable[[Manifest], Iterable[Autoscaler]] = _none
    inner: Callable[[Manifest], Iterable[Inner]] = _none
    facts: Callable[[Manifest], dict[str, Any]] = _no_facts
    outputs_in_code: bool = False
    """Its programs name outputs in code (Ray's ``storage_path``): none in sight says little."""
    immutable: bool = False
    """The template cannot change after creation: judged on CREATE only."""
    plural: str = ""
    """The resource name, for the webhook's registration."""
    namespaced: bool = True
    weights: Callable[[Manifest], Mapping[Role, int]] = _no_weights
    """What the object itself adds to ``priors`` (a Volcano Job: its framework plugins)."""


def read_pods(manifest: Manifest, pattern: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every mapping that ``pattern`` selects, with its path."""
    for path, body in expand(manifest.object, pattern):
        if isinstance(body, dict):
            yield path, body
