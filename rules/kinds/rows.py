"""Rows: where a kind's facts stand, and what their absence means there."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from rules.kinds import facts
from rules.kinds.facts import Fact
from rules.kinds.field_types import FieldType, UntypedKey, shape_of
from rules.kinds.lookups import FactReader
from rules.manifest import Manifest
from rules.model import Value
from rules.paths import EACH, Path, dig, expand, split_dotted
from rules.record import NamedTuple
from rules.type_names import Any, TypeAlias

CONTROLLER = "controller"

FactRows: TypeAlias = Mapping[Fact, tuple[Any, ...]]
"""For each fact: where it stands below a root, what absence means, and who says so.

The place is written as messages write it. The default, where there is one, is written into an
object that the API server admits (by itself, by the CRD, by the operator's webhook), so that one
who reads the object later cannot tell it from a user's word; with ``CONTROLLER`` nobody writes it,
and whatever stands there was written by the user.
"""

FactPlaces: TypeAlias = tuple[tuple[Path, FactRows], ...]
"""Roots, with EACH for every item of a list, and the rows below each."""


class FactPlace(NamedTuple):
    """A fact's place in an object: its root, which may be an item of a list, and its row."""

    root: Path
    row: tuple[Any, ...]

    @property
    def path(self) -> Path:
        return (*self.root, *split_dotted(self.row[0]))

    def read(self, manifest: Manifest) -> Value:
        """The value there."""
        return read_row(self.row, manifest, self.path)


def read_row(row: tuple[Any, ...], manifest: Manifest, path: Path, *, raw: bool = False) -> Value:
    """What stands where a row says; ``raw``: no default is ever written into such an object."""
    if len(row) == 1:
        return manifest.value(path)
    read = manifest.raw if raw or len(row) > 2 else manifest.value
    return read(path, row[1])


def find_own(places: FactPlaces, fact: Fact) -> FactPlace | None:
    """Where an object has a fact of its own; the first place that says so counts."""
    for root, rows in places:
        if fact in rows and EACH not in root:
            return FactPlace(root, rows[fact])
    return None


def find_around(places: FactPlaces, fact: Fact, path: Path) -> FactPlace | None:
    """Where the fact stands that holds for what is at ``path``: in the innermost item around it,
    else in the object."""
    inner: FactPlace | None = None
    for root, rows in places:
        if fact in rows and _leads(root, path) and len(root) > (len(inner.root) if inner else -1):
            inner = FactPlace(path[: len(root)], rows[fact])
    return inner or find_own(places, fact)


def find_every(places: FactPlaces, fact: Fact, whole: Any) -> list[FactPlace]:
    """The fact in the object ``whole`` and in each item of it that can say it."""
    found = []
    for root, rows in places:
        if fact in rows:
            held = [path for path, body in expand(whole, root) if isinstance(body, dict)]
            found += [FactPlace(path, rows[fact]) for path in held]
    return found


def find_untold(places: FactPlaces, whole: Any) -> Iterator[UntypedKey]:
    """The keys beside the rows' fields that no row knows. What those fields are called in labels
    and annotations has a domain, and aliases."""
    for root, types, _ in _digest(places):
        for path, item in expand(whole, root) if types else ():
            for below, known in types:
                body = dig(item, below)
                if isinstance(body, dict) and not body.keys() <= known.shapes.keys():
                    unknown = (key for key in body if key not in known.shapes)
                    yield from (UntypedKey((*path, *below), key, body, known) for key in unknown)


def find_numbers(places: FactPlaces, whole: Any) -> Iterator[tuple[Fact, Path, Any]]:
    """What stands in an object, and in each item of it, where rows have whole numbers."""
    for root, _, numbers in _digest(places):
        for path, item in expand(whole, root) if numbers else ():
            for fact, below in numbers:
                found = dig(item, below)
                if found is not None:
                    yield fact, (*path, *below), found


class _Digest(NamedTuple):
    """What is read of the rows below a root once: the type of each mapping there, as far as it is
    known, and where whole numbers stand."""

    root: Path
    types: tuple[tuple[Path, FieldType], ...]
    numbers: tuple[tuple[Fact, Path], ...]


_KNOWN: dict[int, tuple[FactPlaces, list[_Digest]]] = {}
"""What has been read, with the rows that it was read from: a mapping has no hash."""


def _digest(places: FactPlaces) -> list[_Digest]:
    known = _KNOWN.get(id(places))
    if known is None or known[0] is not places:
        digests = [
            _Digest(root, tuple(_read_types(rows).items()), tuple(_read_numbers(rows)))
            for root, rows in places
        ]
        known = _KNOWN[id(places)] = places, [one for one in digests if one.types or one.numbers]
    return known[1]


def _read_numbers(rows: FactRows) -> Iterator[tuple[Fact, Path]]:
    """In an annotation a number is a text."""
    for fact in facts.WHOLE_NUMBERS:
        path = split_dotted(rows[fact][0]) if fact in rows else ()
        if path and "annotations" not in path and "labels" not in path:
            yield fact, path


def _read_types(rows: FactRows) -> dict[Path, FieldType]:
    types: dict[Path, dict[str, str]] = {}
    for fact, (place, *default) in rows.items():
        if "[" in place:
            continue
        keys = place.split(".")
        for depth, key in enumerate(keys[:-1]):
            types.setdefault(tuple(keys[:depth]), {})[key] = "mapping"
        known = "number" if fact in facts.WHOLE_NUMBERS else shape_of(*default[:1] or [None])
        types.setdefault(tuple(keys[:-1]), {}).setdefault(keys[-1], known)
    return {below: FieldType(shapes) for below, shapes in types.items()}


def _leads(root: Path, path: Path) -> bool:
    """Whether ``path`` begins with ``root``."""
    return len(root) <= len(path) and all(
        key in (EACH, own) for key, own in zip(root, path, strict=False)
    )


def left_to_controller(rows: FactRows) -> dict[Fact, tuple[Any, ...]]:
    """The rows of a spec whose defaults nothing writes into the object."""
    return {fact: (*row[:2], CONTROLLER) if len(row) > 1 else row for fact, row in rows.items()}


def facts_of(places: Iterable[tuple[Path, FactRows]]) -> set[Fact]:
    """Every fact that has a row."""
    return {fact for _, rows in places for fact in rows}


def plain_facts(root: Path, rows: FactRows) -> dict[str, FactReader]:
    """For each row a reader of what stands there, for kinds that are only looked up."""
    return {fact: partial(_dig_plain, (*root, *split_dotted(row[0]))) for fact, row in rows.items()}


def _dig_plain(path: Path, manifest: Manifest) -> Any:
    return manifest.dig(*path)


OBJECT_PLACES: FactPlaces = (
    ((), {facts.QUEUE: ('metadata.labels["kueue.x-k8s.io/queue-name"]',)}),
)
"""What every object can say, unless its kind has another place for it."""

POD_ROWS: FactRows = {
    facts.POD_DEADLINE: ("activeDeadlineSeconds",),
    facts.POD_RESTART_POLICY: ("restartPolicy", "Always"),
    facts.GRACE_PERIOD: ("terminationGracePeriodSeconds", 30),
    facts.SCHEDULER: ("schedulerName", "default-scheduler"),
    facts.PRIORITY_CLASS: ("priorityClassName",),
    facts.RUNTIME_CLASS: ("runtimeClassName",),
    facts.NODE_NAME: ("nodeName",),
    facts.NODE_SELECTOR: ("nodeSelector",),
    facts.TOLERATIONS: ("tolerations",),
    facts.AFFINITY: ("affinity",),
    facts.RESOURCE_CLAIMS: ("resourceClaims",),
    facts.POD_RESOURCES: ("resources",),
    facts.SCHEDULING_GATES: ("schedulingGates",),
    facts.SCHEDULING_GROUP: ("schedulingGroup",),
    facts.SERVICE_ACCOUNT: ("serviceAccountName",),
    facts.IMAGE_PULL_SECRETS: ("imagePullSecrets",),
    facts.HOSTNAME: ("hostname",),
    facts.SUBDOMAIN: ("subdomain",),
    facts.DNS_POLICY: ("dnsPolicy", "ClusterFirst"),
    facts.HOST_IPC: ("hostIPC", False),
    facts.HOST_NETWORK: ("hostNetwork", False),
    facts.HOST_PID: ("hostPID", False),
}
"""core/v1 PodSpec. Its defaults are written into the templates of the API server's own kinds; in
a custom resource they hold only once there is a pod."""
