"""What is kept of a cluster's objects: UIDs, and the facts that rules ask for. Never an object."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeAlias

from rules.kinds.schema import Kind
from rules.manifest import Manifest

Facts: TypeAlias = dict[str, Any]

LABELS = "labels"


class Wanted(NamedTuple):
    """A kind to watch. ``facts`` reads what is kept of an object besides its UID; ``whole`` says
    that it needs more than the metadata."""

    group: str
    kind: str
    facts: Callable[[Facts], Facts] | None = None
    whole: bool = False


class Objects:
    """All objects of a kind. One thread writes and any may read: each step is one operation on
    one dictionary or set, and what is in them is replaced, never changed."""

    __slots__ = ("_facts", "_read", "_uids")

    def __init__(self, read: Callable[[Facts], Facts] | None) -> None:
        self._read = read
        self._uids: set[str] = set()
        self._facts: dict[tuple[str, str], Facts] = {}

    def put(self, item: Facts) -> None:
        """Take in an object as it is now."""
        metadata = item["metadata"]
        self._uids.add(metadata["uid"])
        if self._read is not None:
            self._facts[_key(metadata)] = self._read(item)

    def drop(self, item: Facts) -> None:
        """An object is gone."""
        metadata = item["metadata"]
        self._uids.discard(metadata["uid"])
        self._facts.pop(_key(metadata), None)

    def has(self, uid: str) -> bool:
        """Whether there is an object of that UID."""
        return uid in self._uids

    def find(self, namespace: str, name: str) -> Facts | None:
        """The facts of an object, None where there is none."""
        return self._facts.get((namespace, name))

    def __len__(self) -> int:
        return len(self._uids)


def wanted_of(kinds: Iterable[Kind]) -> tuple[Wanted, ...]:
    """Namespaces, and every kind of which an object may be an owner or have facts."""
    return (Wanted("", "Namespace", _labels), *map(_want, kinds))


def _want(kind: Kind) -> Wanted:
    if not kind.has("facts"):
        return Wanted(kind.group, kind.name)
    return Wanted(kind.group, kind.name, lambda body: kind.facts(Manifest(body)), whole=True)


def _labels(item: Facts) -> Facts:
    return {LABELS: item["metadata"].get("labels") or {}}


def _key(metadata: Facts) -> tuple[str, str]:
    return metadata.get("namespace") or "", metadata["name"]
