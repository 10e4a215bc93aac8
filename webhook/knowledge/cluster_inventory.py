"""The inventory that rules see when the other objects are a cluster's."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

from rules.inventory import EMPTY_SNAPSHOT, Inventory, NamespaceSnapshot
from rules.kinds.lookups import Neighbour
from rules.model import ObjectKey

NamedFacts: TypeAlias = Sequence[tuple[str, dict[str, Any]]]

_MAX_SNAPSHOTS = 4096
"""Of kinds in namespaces. When there are more, all are made anew."""
_Answer = TypeVar("_Answer")


class ClusterObjects(Protocol):
    """The facts of a cluster's objects. The namespace is ignored for a kind of objects that have
    none."""

    def facts_of(self, key: ObjectKey) -> dict[str, Any] | None:
        """The facts of an object, None where none is known."""

    def facts_in(self, group: str, kind: str, namespace: str) -> NamedFacts:
        """The names and the facts of all objects of a kind in a namespace: the same sequence again
        where nothing has changed."""

    def all_known(self, group: str, kind: str) -> bool:
        """Whether an object of a kind that is not known does not exist."""


class ClusterInventory(Inventory):
    """An inventory that holds nothing itself: each question goes to the cluster's cache."""

    __slots__ = ("_cluster", "_snapshots")

    def __init__(self, cluster: ClusterObjects, namespace: str = "") -> None:
        super().__init__(namespace=namespace)
        self._cluster = cluster
        self._snapshots: dict[tuple[str, str, str], tuple[NamedFacts, NamespaceSnapshot]] = {}

    def at(self, namespace: str) -> "ClusterInventory":
        """The same objects, seen from another namespace."""
        other = ClusterInventory(self._cluster, namespace)
        other._snapshots = self._snapshots
        return other

    def find(self, key: ObjectKey) -> Sequence[Neighbour]:
        """What is kept of the object ``key``, of which there is one at most."""
        whole = key._replace(namespace=key.namespace or self.namespace)
        facts = self._cluster.facts_of(whole)
        return () if facts is None else (Neighbour(whole, facts),)

    def find_all(self, group: str, kind: str, namespace: str | None) -> NamespaceSnapshot:
        """What is kept of the objects of a kind in a namespace: the same snapshot until one
        changes, for a namespace may have hundreds, of which each review asks several times."""
        key = group, kind, namespace or self.namespace
        facts = self._cluster.facts_in(*key)
        if not facts:
            # Whoever asks may make up any number of namespaces.
            self._snapshots.pop(key, None)
            return EMPTY_SNAPSHOT
        known = self._snapshots.get(key)
        if known is None or known[0] is not facts:
            if len(self._snapshots) >= _MAX_SNAPSHOTS:
                self._snapshots.clear()
            made = NamespaceSnapshot(
                [(Neighbour(ObjectKey(*key, name), one),) for name, one in facts]
            )
            known = self._snapshots[key] = facts, made
        return known[1]

    def recall(
        self,
        question: Hashable,  # noqa: ARG002 - what a run over files keeps answers by
        answer: Callable[[], _Answer],
    ) -> _Answer:
        """The answer as it is now: the cluster changes all the time."""
        return answer()

    @property
    def tells_absence(self) -> bool:
        """Of the kinds that are listed."""
        return True

    def knows(self, group: str, kind: str) -> bool:
        """Whether all objects of a kind are listed, and the list is fresh."""
        return self._cluster.all_known(group, kind)
