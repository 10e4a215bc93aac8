"""Pods, containers, volumes and mounts, as rules see them in every kind."""

from collections.abc import Mapping

from rules.closed_set import StrEnum
from rules.kinds.roles import Role, Subrole
from rules.model import Value
from rules.paths import Path, dig
from rules.record import NamedTuple
from rules.type_names import Any


class Probes(StrEnum):
    """Who answers for a container's probes.

    ``OWN``: what is written is all there is. ``GIVEN``: the operator or a runtime brings its own,
    so that absence is fine. ``INJECTED``: the operator adds a liveness probe where there is none.
    ``NONE``: no model is loaded in this pod, or nobody waits for it.
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


class Removal(NamedTuple):
    """How a controller deletes a claim that it has made: ``when`` in words. ``said`` is the field
    that says so, and ``keep`` what keeps the claim; None where there is no such field."""

    when: str
    said: Value | None = None
    keep: Any = None


class Volume(NamedTuple):
    """A volume that a pod can mount; ``body`` in the shape of core/v1 Volume.

    ``body`` has one source key (``persistentVolumeClaim``, ``emptyDir``, ...); the key
    ``volumeClaimTemplate`` stands for a claim that a controller makes from a template, and
    ``removal`` for its end, where the controller sees to that too.
    """

    name: str
    path: Path
    body: Mapping[str, Any]
    removal: Removal | None = None


class Container(NamedTuple):
    """One container, or a mapping that the operator makes one of.

    ``body`` is in the shape of core/v1 Container. ``elsewhere`` are the fields of it that the kind
    has in other places than below ``path``: arguments, resources, mounts; ``made`` those that the
    operator makes of settings of its own, so that they are written nowhere as core/v1 has them.
    ``plain`` is False where the mapping at ``path`` has fields that no Container has.
    """

    name: str
    path: Path
    body: Mapping[str, Any]
    use: ContainerUse
    mounts: tuple[Mount, ...] = ()
    elsewhere: Mapping[str, Path] = {}
    made: frozenset[str] = frozenset()
    plain: bool = True

    def get(self, key: str, *below: str | int) -> Any:
        found = self.body.get(key)
        return dig(found, below) if below else found

    def place(self, field: str, *keys: str | int) -> Path:
        """Where a field of the body stands in the object, or would be written."""
        return (*self.elsewhere.get(field, (*self.path, field)), *keys)


class Restart(NamedTuple):
    """A pod template's restart policy.

    ``value.value`` is the effective policy, ``default`` what absence means, ``family`` the key of
    TRN001's parameter ``allowed``, ``form`` the rule's form. ``recommended`` is what the fix
    writes and ``safe`` whether writing it where nothing is written is safe. ``note`` is a sentence
    on what the API server or the operator makes of the value.
    """

    value: Value
    default: str
    allowed: tuple[str, ...] = ("Never",)
    family: str = "batch"
    form: str = "batch"
    recommended: str = "Never"
    safe: bool = False
    elastic: bool = False
    needs_never: Path | None = None
    note: str = ""


class Pod(NamedTuple):
    """One pod template of an object.

    ``path`` is the template (or, for a bare pod spec, the spec itself), ``spec_path`` the pod
    spec; ``metadata`` the template's own. ``volumes`` and the containers' mounts are merged with
    what the object adds to every pod. ``writer``: the template may hold the training's outputs.
    ``artifacts`` are paths that a controller copies away; ``durable`` says that outputs are kept
    by other means. ``outputs_known`` is False where another object decides. ``text`` is what else
    tells what the pod does. ``role`` fixes the role; ``complete`` is False for a template that is
    merged over another and may lack anything, ``images`` is False where containers without
    an image are whole. ``nodes`` is how many pods load one model together. ``volumes_at`` is where
    a volume may be written, None where the object has no pod spec to write in; ``metadata_at`` the
    same for labels and annotations. ``injected`` is the liveness probe that the operator adds to a
    container without one; ``readiness_given``: it adds a readiness probe. ``inherits``: what is
    absent may come from another object.
    """

    path: Path
    spec_path: Path
    spec: Mapping[str, Any]
    name: str = ""
    metadata: Mapping[str, Any] = {}
    containers: tuple[Container, ...] = ()
    volumes: tuple[Volume, ...] = ()
    subrole: Subrole | None = None
    restart: Restart | None = None
    probes: Probes = Probes.OWN
    replicas: int | None = 1
    """How many such pods there are; None where that is not known."""
    writer: bool = True
    artifacts: tuple[str, ...] = ()
    durable: bool = False
    outputs_known: bool = True
    text: str = ""
    role: Role | None = None
    complete: bool = True
    images: bool = True
    nodes: int = 1
    volumes_at: Path | None = None
    metadata_at: Path | None = None
    inherits: bool = False
    injected: Mapping[str, Any] | None = None
    readiness_given: bool = False
    shared_memory: bool = False
    """The operator mounts memory at /dev/shm itself."""
    requests_given: bool = False
    """It writes requests of cpu and memory where there are none."""

    @property
    def mains(self) -> tuple[Container, ...]:
        """The containers that do the work."""
        return tuple([one for one in self.containers if one.use is ContainerUse.MAIN])
