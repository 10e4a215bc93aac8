"""The inventory that rules see when the other objects are a cluster's."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, Protocol, TypeVar

from rules.inventory import Inventory
from rules.kinds.lookups import Neighbour
from rules.model import ObjectKey

_Answer = TypeVar("_Answer")


class ClusterObjects(Protocol):
    """The facts of a cluster's objects. The namespace is ignored for a kind of objects that have
    none."""

    def facts_of(self, key: ObjectKey) -> dict[str, Any] | None:
        """The facts of an object, None where none is known."""

    def facts_in(
        self, group: str, kind: str, namespace: str
    ) -> Iterable[tuple[str, dict[str, Any]]]:
        """The names and the facts of all objects of a kind in a namespace."""

    def all_known(self, group: str, kind: str) -> bool:
        """Whether an object of a kind that is not known does not exist."""


class ClusterInventory(Inventory):
    """An inventory that holds nothing itself: each question goes to the cluster's cache."""

    __slots__ = ("_cluster",)

    def __init__(self, cluster: ClusterObjects, namespace: str = "") -> None:
        super().__init__(namespace=namespace)
        self._cluster = cluster

    def at(self, namespace: str) -> "ClusterInventory":
        """The same objects, seen from another namespace."""
        return ClusterInventory(self._cluster, namespace)

    def find(self, key: ObjectKey) -> Sequence[Neighbour]:
        """What is kept of the object ``key``, of which there is one at most."""
        whole = key._replace(namespace=key.namespace or self.namespace)
        facts = self._cluster.facts_of(whole)
        return () if facts is None else (Neighbour(whole, facts),)

    def find_all(
        self, group: str, kind: str, namespace: str | None
    ) -> Iterable[Sequence[Neighbour]]:
        """What is kept of the objects of a kind in a namespace."""
        where = namespace or self.namespace
        for name, facts in self._cluster.facts_in(group, kind, where):
            yield (Neighbour(ObjectKey(group, kind, where, name), facts),)

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
