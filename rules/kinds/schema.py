"""What is known of a kind.

A ``Kind`` is data and small readers. It tells where things stand and what absence means there;
what is right or wrong is for the rules to say.
"""

from collections.abc import Callable, Iterable, Mapping

from rules.kinds.lookups import Ask, FactReader, Reference
from rules.kinds.pods import Pod
from rules.kinds.roles import Role
from rules.kinds.rows import OBJECT_PLACES, POD_ROWS, FactPlaces, FactRows, facts_of
from rules.kinds.runs import Deadlines, Disruption, Leftover, LoneRetry, Retry, Schedule, WhenEnded
from rules.kinds.views import SpecView
from rules.manifest import Manifest
from rules.model import Edit, Value
from rules.paths import Path
from rules.record import NamedTuple
from rules.type_names import Any, TypeAlias

SPEC: Path = ("spec",)


class Measure(NamedTuple):
    """One of the metrics of an autoscaler, at ``path``.

    ``resource``: it is what pods use of that (cpu, memory), in ``container`` alone where one is
    named; None for any other metric. ``shared``: it is told as a share of what they request.
    """

    path: Path
    resource: str | None = None
    container: str | None = None
    shared: bool = False


class Autoscaler(NamedTuple):
    """An autoscaler, or the autoscaling part of an object.

    ``metrics`` is where they are, or would go; ``defined`` whether at least one stands there.
    ``defaulted``: they look as the API server's default does. ``implicit`` says what the
    controller does without any, None where it does nothing sensible. ``target`` is what it scales,
    ``preset`` what a fix writes where the target runs on CPU alone. ``measures`` are its metrics.
    """

    metrics: Value
    defined: bool
    what: str
    defaulted: bool = False
    implicit: str | None = None
    target: Reference | None = None
    preset: Any = None
    measures: tuple[Measure, ...] = ()


PodReader: TypeAlias = Callable[[SpecView, Ask], Iterable[Pod]]


class Inner(NamedTuple):
    """A manifest inside the object: text in a string, or an object in a mapping, at ``path``.

    ``measured``: its product is a metric that somebody reads, and no file that it writes.
    ``assured`` is False where nobody knows that an object is made of it as it stands. ``queued``:
    what holds it waits in a queue, and it with it.
    """

    path: Path
    role: Role | None = None
    measured: bool = False
    assured: bool = True
    queued: bool = False


def _none(_spec: SpecView, *_rest: Any) -> tuple[()]:
    return ()


def _nothing(_of: Any, *_rest: Any) -> None:
    return None


def _no_weights(_spec: SpecView) -> dict[Role, int]:
    return {}


class Kind(NamedTuple):
    """What is known of a group and kind, whatever its version.

    ``root`` is where the spec stands that the readers are given a view of: for a CronJob that of
    its Jobs. ``role`` is the role of every such object, ``priors`` the weights that scored roles
    start with. ``required`` are the paths without which a document is a fragment (a kustomize
    patch). ``rows`` say where the facts of an object and of its parts stand, ``pod_rows`` those of
    a pod below its spec; ``deferred`` are the roots whose facts another object may say, each with
    the path that names it. ``facts`` are what other objects may ask of this one, each with its
    reader.
    """

    group: str
    name: str
    root: Path = SPEC
    pods: PodReader = _none
    role: Role | None = None
    priors: Mapping[Role, int] = {}
    required: tuple[Path, ...] = ()
    rows: FactPlaces = ()
    pod_rows: FactRows = POD_ROWS
    deferred: Mapping[Path, Path] = {}
    retries: Callable[[SpecView], Iterable[Retry]] = _none
    deadlines: Callable[[SpecView, Iterable[Pod]], Deadlines | None] = _nothing
    schedule: Callable[[Manifest], Schedule | None] = _nothing
    leftovers: Callable[[SpecView], Iterable[Leftover]] = _none
    disruptions: Callable[[SpecView], Iterable[Disruption]] = _none
    lone_retries: Callable[[SpecView], Iterable[LoneRetry]] = _none
    when_ended: WhenEnded = WhenEnded.COUNTED
    awaits_sidecars: bool = False
    """A run is over when every container of its pods has ended, and not the main one alone."""
    on_each_node: bool = False
    """It keeps a pod on each node, as agents of nodes do."""
    as_run: Callable[[SpecView], tuple[Edit, ...]] = _none
    """The edits that make a Job of it, none where that takes a person."""
    autoscalers: Callable[[SpecView], Iterable[Autoscaler]] = _none
    inner: Callable[[SpecView], Iterable[Inner]] = _none
    facts: Mapping[str, FactReader] = {}
    outputs_in_code: bool = False
    """Its programs name outputs in code (Ray's ``storage_path``): none in sight says little."""
    plural: str = ""
    """The resource name, for the webhook's registration."""
    namespaced: bool = True
    dormant: bool = False
    """It runs nothing until another object names it."""
    subresources: tuple[str, ...] = ()
    """Those by which an object changes that rules read."""
    weights: Callable[[SpecView], Mapping[Role, int]] = _no_weights
    """What the object itself adds to ``priors`` (a Volcano Job: its framework plugins)."""

    def view(self, manifest: Manifest) -> SpecView:
        """What the readers are given of an object of this kind."""
        return SpecView(manifest, self.root, manifest.dig(*self.root))

    def read_facts(self, manifest: Manifest) -> dict[str, Any]:
        """All that other objects may ask of one, as plain data."""
        found = ((fact, read(manifest)) for fact, read in self.facts.items())
        return {fact: value for fact, value in found if value is not None}

    @property
    def places(self) -> FactPlaces:
        """Where the facts of an object stand, those that every object has as well."""
        return (*self.rows, *OBJECT_PLACES)

    @property
    def built_in(self) -> bool:
        """Whether the API server itself checks and defaults such an object: the group of a custom
        resource is a domain (apiextensions ``ValidateCustomResourceDefinition``)."""
        return "." not in self.group

    def has(self, part: str) -> bool:
        """Whether an object of this kind can have that part: a reader or a row reads it."""
        if part in self._fields:
            return getattr(self, part) is not self._field_defaults[part]
        return part in facts_of(self.places) or (part in self.pod_rows and self.has("pods"))
