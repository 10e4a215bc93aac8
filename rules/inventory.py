"""The other objects at hand: the files of a run, or a cluster's cache."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

from rules.kinds.lookups import Answer, Reference
from rules.kinds.schema import Kind
from rules.manifest import Manifest

Row: TypeAlias = tuple[str, str, str, str, dict[str, Any]]
"""(group, kind, namespace or "", name, facts): plain data that another process can send."""


class Inventory:
    """Facts of objects by identity.

    ``namespace`` is what an object that names none is taken to live in. ``complete`` says that
    what is not here does not exist; otherwise a missing object is unknown. Two objects of one
    identity that differ in the asked fact answer unknown.
    """

    __slots__ = ("_facts", "complete", "namespace")

    def __init__(self, *, namespace: str | None = None, complete: bool = False) -> None:
        self._facts: dict[tuple[str, str, str, str], list[dict[str, Any]]] = {}
        self.namespace = namespace or ""
        self.complete = complete

    def at(self, namespace: str) -> Inventory:
        """The same facts, seen from another namespace."""
        view = Inventory(namespace=namespace, complete=self.complete)
        view._facts = self._facts
        return view

    def add(self, manifest: Manifest, kind: Kind) -> None:
        """Remember what other objects may ask of this one."""
        facts = kind.facts(manifest)
        name = manifest.identity.name
        if facts and name is not None:
            self.merge([(kind.group, kind.name, manifest.identity.namespace or "", name, facts)])

    def rows(self) -> list[Row]:
        """All facts as plain data."""
        return [(*identity, facts) for identity, held in self._facts.items() for facts in held]

    def merge(self, rows: Iterable[Row]) -> None:
        """Take in the rows of another inventory."""
        for group, kind, namespace, name, facts in rows:
            key = (group, kind, namespace or self.namespace, name)
            self._facts.setdefault(key, []).append(facts)

    def ask(self, reference: Reference, fact: str) -> tuple[Answer, Any]:
        """What is known of one fact of the object that ``reference`` names."""
        held = [
            facts.get(fact)
            for kind in reference.kinds
            for facts in self._facts.get(
                (reference.group, kind, reference.namespace or self.namespace, reference.name), ()
            )
        ]
        if not held:
            return (Answer.ABSENT if self.complete else Answer.UNKNOWN), None
        if any(one != held[0] for one in held[1:]):
            return Answer.UNKNOWN, None
        return Answer.FOUND, held[0]
