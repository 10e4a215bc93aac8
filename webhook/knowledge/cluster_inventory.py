"""The inventory that rules see when the other objects are a cluster's."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from rules.inventory import Inventory
from rules.kinds.lookups import Answer, Reference


class Lookup(NamedTuple):
    """What is known of one object: found with its facts, absent, or unknown."""

    answer: Answer
    facts: dict[str, Any]


FindObject: TypeAlias = Callable[[str, str, str, str], Lookup]
"""(group, kind, namespace, name) -> what is known. The namespace is ignored for a kind of objects
that have none."""


class ClusterInventory(Inventory):
    """An inventory that holds nothing itself: each question goes to the cluster's cache."""

    __slots__ = ("_find",)

    def __init__(self, find: FindObject, namespace: str = "") -> None:
        super().__init__(namespace=namespace)
        self._find = find

    def at(self, namespace: str) -> "ClusterInventory":
        """The same objects, seen from another namespace."""
        return ClusterInventory(self._find, namespace)

    def ask(self, reference: Reference, fact: str) -> tuple[Answer, Any]:
        """What is known of one fact of the object that ``reference`` names."""
        namespace = reference.namespace or self.namespace
        found = [
            self._find(reference.group, kind, namespace, reference.name) for kind in reference.kinds
        ]
        held = [one.facts.get(fact) for one in found if one.answer is Answer.FOUND]
        if held:
            # A reference may leave the kind open. Where objects of two kinds have the name, a fact
            # is known only if they agree on it.
            alike = all(value == held[0] for value in held[1:])
            return (Answer.FOUND, held[0]) if alike else (Answer.UNKNOWN, None)
        absent = all(one.answer is Answer.ABSENT for one in found)
        return (Answer.ABSENT if absent else Answer.UNKNOWN), None
