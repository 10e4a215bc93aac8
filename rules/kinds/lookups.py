"""Questions about other objects, and what may come back."""

from collections.abc import Callable, Mapping

from rules.closed_set import StrEnum
from rules.manifest import Manifest
from rules.model import ObjectKey
from rules.record import NamedTuple
from rules.type_names import Any, TypeAlias


class Reference(NamedTuple):
    """A reference to another object. Any of ``kinds`` matches."""

    group: str
    kinds: tuple[str, ...]
    namespace: str | None
    name: str

    @property
    def key(self) -> ObjectKey:
        """The object of the first of the kinds."""
        return ObjectKey(self.group, self.kinds[0], self.namespace or "", self.name)


class Answer(StrEnum):
    """The answer of a look-up. Unknown is no evidence."""

    FOUND = "found"
    ABSENT = "absent"
    UNKNOWN = "unknown"


Ask: TypeAlias = Callable[[Reference, str], tuple[Answer, Any]]
"""(reference, fact) -> what the inventory says of that fact of that object."""

FactReader: TypeAlias = Callable[[Manifest], Any]
"""Gives a fact of an object as plain data, which another process can be sent."""


class Neighbour:
    """Another object as others may see it: its key, and its facts.

    ``source`` is where it stands, in the words of whoever put it into the inventory. A fact that
    was not sent along is read from ``manifest``, where that is at hand, when it is first asked for.
    """

    __slots__ = ("_manifest", "_readers", "facts", "key", "source")

    def __init__(
        self,
        key: ObjectKey,
        facts: dict[str, Any],
        source: Any = None,
        manifest: Manifest | None = None,
        readers: Mapping[str, FactReader] = {},
    ) -> None:
        self.key = key
        self.facts = facts
        self.source = source
        self._manifest = manifest
        self._readers = readers

    def get(self, fact: str) -> Any:
        """A fact; None if the object has none."""
        if fact not in self.facts and self._manifest is not None and fact in self._readers:
            self.facts[fact] = self._readers[fact](self._manifest)
        return self.facts.get(fact)

    def read_all(self) -> dict[str, Any]:
        """All facts of the object."""
        found = {fact: self.get(fact) for fact in (*self._readers, *self.facts)}
        return {fact: value for fact, value in found.items() if value is not None}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Neighbour):
            return NotImplemented
        return self.key == other.key and self.read_all() == other.read_all()

    __hash__ = None  # type: ignore[assignment]
