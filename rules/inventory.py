"""The other objects at hand: the files of a run, or a cluster's cache."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import chain, groupby

from rules.kinds import GroupKind, is_namespaced
from rules.kinds.lookups import Answer, Neighbour, Reference
from rules.kinds.schema import Kind
from rules.manifest import Manifest
from rules.model import ObjectKey
from rules.record import NamedTuple
from rules.type_names import Any, TypeAlias, TypeVar

Row: TypeAlias = tuple[str, str, str, str, dict[str, Any], Any]
"""(group, kind, namespace or "", name, facts, source): plain data that another process can send."""

_Answer = TypeVar("_Answer")

Accepts: TypeAlias = Callable[[Any], bool | None]
"""Whether a fact, unpacked, is the wanted one; None where it cannot be told."""


def _read_plain(kept: Any) -> Any:
    return kept


def _find_no_key(_unpacked: Any) -> None:
    return None


class FactReading(NamedTuple):
    """How a fact is read: ``unpack`` makes of what is kept what is asked for, and ``key`` gives a
    part of that by which a search may tell that it is not the wanted one; None for what any search
    looks at. Both are functions of a module: by them what was read is kept."""

    unpack: Callable[[Any], Any] = _read_plain
    key: Callable[[Any], Hashable] = _find_no_key


AS_KEPT = FactReading()


class SaidIndex:
    """What objects say of a fact, by its key: of a thousand neighbours a search looks at few."""

    __slots__ = ("_by_key",)

    def __init__(
        self, held: Iterable[Sequence[Neighbour]], fact: str, reading: FactReading
    ) -> None:
        self._by_key: dict[Hashable, list[tuple[Neighbour, list[Any]]]] = {}
        for several in held:
            said = list(map(reading.unpack, _list_said(several, fact)))
            key = reading.key(said[0]) if len(said) == 1 else None
            self._by_key.setdefault(key, []).append((several[0], said))

    def find(self, keys: Sequence[Hashable]) -> Iterator[tuple[Neighbour, list[Any]]]:
        """The first object of each identity, and what those of it say, where that has one of
        ``keys`` or none."""
        if not self._by_key:
            return iter(())
        return chain.from_iterable([self._by_key.get(key, ()) for key in (None, *keys)])


class NamespaceSnapshot:
    """Objects of a kind as they were at one moment, those of one identity together. What they say
    of a fact is read once, however many ask."""

    __slots__ = ("_held", "_said", "mark")

    def __init__(self, held: Iterable[Sequence[Neighbour]] = ()) -> None:
        self._held = tuple(held)
        self._said: dict[tuple[str, FactReading], SaidIndex] = {}
        self.mark = object()
        """Its own: whoever keeps it can tell this snapshot again, and does not keep that."""

    def __iter__(self) -> Iterator[Sequence[Neighbour]]:
        return iter(self._held)

    def index(self, fact: str, reading: FactReading) -> SaidIndex:
        """What they say of a fact."""
        known = self._said.get((fact, reading))
        if known is None:
            known = self._said[fact, reading] = SaidIndex(self, fact, reading)
        return known


EMPTY_SNAPSHOT = NamespaceSnapshot()
"""Where there are no objects."""


class Inventory:
    """Objects by identity and by kind, with the facts that others may ask of them.

    ``namespace`` is what an object that names none is taken to live in. ``complete`` says that
    what is not here does not exist; otherwise a missing object is unknown. Two objects of one
    identity that differ in the asked fact answer unknown.
    """

    __slots__ = ("_objects", "_recalled", "complete", "namespace")

    def __init__(self, *, namespace: str | None = None, complete: bool = False) -> None:
        self._objects: dict[tuple[str, str, str], dict[str, list[Neighbour]]] = {}
        self._recalled: dict[Hashable, Any] = {}
        self.namespace = namespace or ""
        self.complete = complete

    def at(self, namespace: str) -> "Inventory":
        """The same objects, seen from another namespace."""
        view = Inventory(namespace=namespace, complete=self.complete)
        view._objects = self._objects
        view._recalled = self._recalled
        return view

    def add(self, manifest: Manifest, kind: Kind, source: Any = None) -> None:
        """Add an object. Its facts are read on demand."""
        identity = manifest.identity
        if identity.name is not None:
            key = ObjectKey(kind.group, kind.name, identity.namespace or "", identity.name)
            self._hold(Neighbour(key, {}, source, manifest, kind.facts))

    def rows(self) -> list[Row]:
        """All objects as plain data."""
        held = chain.from_iterable(names.values() for names in self._objects.values())
        return [(*one.key, one.read_all(), one.source) for several in held for one in several]

    def merge(self, rows: Iterable[Row]) -> None:
        """Take in the rows of another inventory."""
        for group, kind, namespace, name, facts, source in rows:
            self._hold(Neighbour(ObjectKey(group, kind, namespace, name), facts, source))

    def _hold(self, one: Neighbour) -> None:
        group, kind, namespace, name = one.key
        names = self._objects.setdefault(self._place(group, kind, namespace), {})
        names.setdefault(name, []).append(one)
        self._recalled.clear()

    def _place(self, group: str, kind: str, namespace: str | None) -> tuple[str, str, str]:
        """Where objects of a kind are held: together, where no namespace holds them."""
        wide = is_namespaced(group, kind) is False
        return group, kind, "" if wide else namespace or self.namespace

    def find(self, key: ObjectKey) -> Sequence[Neighbour]:
        """What is held of the object ``key``: more than one where several call themselves that."""
        group, kind, namespace, name = key
        return self._objects.get(self._place(group, kind, namespace), {}).get(name, ())

    def find_all(
        self, group: str, kind: str, namespace: str | None
    ) -> Iterable[Sequence[Neighbour]]:
        """What is held of the objects of a kind in a namespace: those of one identity together."""
        return self._objects.get(self._place(group, kind, namespace), {}).values()

    @property
    def tells_absence(self) -> bool:
        """Whether it says of anything that it does not exist: where not, what looks for nothing
        else need not ask."""
        return self.complete

    def knows(self, group: str, kind: str) -> bool:
        """Whether an object of a kind that is not held does not exist. Of kinds that nobody takes
        in that is never known, nor of objects that no namespace holds."""
        return self.complete and is_namespaced(group, kind) is True

    def ask(
        self, reference: Reference, fact: str, read: Callable[[Any], Any] | None = None
    ) -> tuple[Answer, Any]:
        """What is known of one fact of the object that ``reference`` names, or of what ``read``
        makes of it: two objects that differ in nothing else agree."""
        keys = tuple(reference.key._replace(kind=kind) for kind in reference.kinds)
        held = self.recall(("said of", keys, fact), lambda: self._find_said(keys, fact))
        held = held if read is None else list(map(read, held))
        if not held:
            absent = all(map(self._lacks, keys))
            return (Answer.ABSENT if absent else Answer.UNKNOWN), None
        return (Answer.FOUND, held[0]) if _agree(held) else (Answer.UNKNOWN, None)

    def _find_said(self, keys: Iterable[ObjectKey], fact: str) -> list[Any]:
        return _list_said((one for key in keys for one in self.find(key)), fact)

    def _lacks(self, key: ObjectKey) -> bool:
        """Whether an object is known not to be there."""
        if not self.knows(key.group, key.kind):
            return False
        return all(key.name not in names for names in self._list_unsaid(key))

    def _list_unsaid(self, key: ObjectKey) -> Iterator[dict[str, list[Neighbour]]]:
        """The objects of a kind whose namespace may be that of ``key``, because one of the two
        names none."""
        if key.namespace or self.namespace:
            names = self._objects.get((key.group, key.kind, ""))
            if names is not None:
                yield names
            return
        for (group, kind, _), names in self._objects.items():
            if (group, kind) == (key.group, key.kind):
                yield names

    def select(
        self,
        kinds: Iterable[GroupKind],
        namespace: str | None,
        fact: str,
        accepts: Accepts,
        reading: FactReading = AS_KEPT,
        keys: Sequence[Hashable] = (),
    ) -> tuple[Answer, tuple[Neighbour, ...]]:
        """The objects of some kinds in a namespace whose ``fact`` is accepted, in order. What has a
        key by ``reading`` that is none of ``keys`` is not looked at."""
        found: list[Neighbour] = []
        sure = True
        for group, name in kinds:
            sure = sure and self.knows(group, name)
            for one, said in self._index(group, name, namespace, fact, reading).find(keys):
                fits = accepts(said[0]) if len(said) == 1 else None
                sure = sure and fits is not None
                found += [one] if fits else ()
        if found:
            return Answer.FOUND, tuple(sorted(found, key=_by_key))
        unsaid = (self._index_unsaid(*kind, namespace, fact, reading) for kind in kinds if sure)
        may = any(
            accepts(one) is not False
            for index in unsaid
            for _, said in index.find(keys)
            for one in said
        )
        return (Answer.ABSENT if sure and not may else Answer.UNKNOWN), ()

    def _index(
        self, group: str, kind: str, namespace: str | None, fact: str, reading: FactReading
    ) -> SaidIndex:
        def find() -> SaidIndex:
            held = self.find_all(group, kind, namespace)
            if isinstance(held, NamespaceSnapshot):
                return held.index(fact, reading)
            return SaidIndex(held, fact, reading)

        return self.recall(("said of all", group, kind, namespace, fact, reading), find)

    def _index_unsaid(
        self, group: str, kind: str, namespace: str | None, fact: str, reading: FactReading
    ) -> SaidIndex:
        """What is said by objects that may be in a namespace after all."""

        def find() -> SaidIndex:
            names = self._list_unsaid(ObjectKey(group, kind, namespace or "", ""))
            held = chain.from_iterable(one.values() for one in names)
            return SaidIndex(held, fact, reading)

        told = bool(namespace or self.namespace)
        return self.recall(("said somewhere", group, kind, told, fact, reading), find)

    def recall(self, question: Hashable, answer: Callable[[], _Answer]) -> _Answer:
        """The answer to a question that many objects ask, found once for all of them: among many
        neighbours it would take too long to look again for each. It does not hang on who asks."""
        key = self.namespace, question
        if key not in self._recalled:
            self._recalled[key] = answer()
        known: _Answer = self._recalled[key]
        return known


def _list_said(several: Iterable[Neighbour], fact: str) -> list[Any]:
    """What several objects say of a fact. What each says as the one before it counts once: copies
    of a manifest are many, and whoever asks would read all of them."""
    return [said for said, _ in groupby(one.get(fact) for one in several)]


def _agree(values: Sequence[Any]) -> bool:
    return len(values) == 1 or all(value == values[0] for value in values)


def _by_key(one: Neighbour) -> ObjectKey:
    return one.key
