"""What was found in the last objects.

The API server shows a new object to ``/mutate`` and, unless that changed it, the same again to
``/validate``; an update shows the old object, which was new not long ago.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence
from threading import Lock
from typing import Any, NamedTuple, TypeAlias

from rules.evaluation import Evaluation
from rules.inventory import Inventory, NamespaceSnapshot
from rules.kinds.lookups import Neighbour
from rules.model import ObjectKey

Question: TypeAlias = tuple[Any, ...]
"""A method of an inventory, and its arguments."""

Given: TypeAlias = tuple[Hashable, ...]
"""All besides the object that an evaluation depends on."""

Serialize: TypeAlias = Callable[[Any], bytes]
"""A value as bytes: equal values of JSON have equal bytes, in whatever order their keys stand. The
API server shows what a patch has added where its types have it."""

_VOLATILE = frozenset({"uid", "creationTimestamp", "generation", "resourceVersion", "selfLink"})
"""What the API server writes into ``metadata`` between two reviews, and no rule reads."""
# Few objects are large, and few have many findings. Those that do may be hostile: they are judged
# each time, instead of pushing everybody else's out of the cache.
_MAX_ENTRIES = 256
_MAX_OBJECT_BYTES = 64 * 1024
_MAX_BYTES = 4 * 1024 * 1024
_MAX_FINDINGS = 20
_MAX_QUESTIONS = 100
"""Questions to other objects: to ask them again costs a tenth of what it takes to judge again. Who
else mounts a claim is asked of each kind that has pods."""


class CachedEvaluation(NamedTuple):
    """An evaluation with the questions to other objects that it rests on, and what tells their
    answers again."""

    evaluation: Evaluation
    asked: tuple[tuple[Question, Any], ...]


class FindingCache:
    """The evaluations of the last objects, each under all that it depends on. Safe for threads."""

    def __init__(self, serialize: Serialize) -> None:
        self._serialize = serialize
        self._entries: OrderedDict[tuple[bytes, Given], CachedEvaluation] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def recall(
        self, body: dict[str, Any], given: Given, inventory: "TrackedInventory"
    ) -> Evaluation | None:
        """What was found in ``body``, if it was asked with the same ``given`` not long ago."""
        key = self._key_of(body, given)
        return None if key is None else self._find(key, inventory)

    def get_or_evaluate(
        self,
        body: dict[str, Any],
        given: Given,
        inventory: "TrackedInventory",
        evaluate: Callable[[], Evaluation],
    ) -> Evaluation:
        """What ``evaluate`` finds in ``body``; the cached evaluation if the same was asked with the
        same ``given`` before."""
        key = self._key_of(body, given)
        if key is None:
            return evaluate()
        known = self._find(key, inventory)
        if known is not None:
            return known
        # Outside of the lock: two threads may evaluate the same object, and find the same.
        inventory.forget()
        found = evaluate()._replace(workloads=())
        few = len(found.findings) + len(found.suppressed) <= _MAX_FINDINGS
        # What was not finished is not known.
        if few and len(inventory.asked) <= _MAX_QUESTIONS and not found.unfinished:
            self._store(key, CachedEvaluation(found, inventory.list_asked()))
        return found

    def _key_of(self, body: dict[str, Any], given: Given) -> tuple[bytes, Given] | None:
        # The whole text is the key, not its hash: a made collision would lend one object the
        # verdict of another.
        text = self._serialize(_without_volatile(body))
        return None if len(text) > _MAX_OBJECT_BYTES else (text, given)

    def _find(self, key: tuple[bytes, Given], inventory: "TrackedInventory") -> Evaluation | None:
        with self._lock:
            known = self._entries.get(key)
            if known is not None:
                self._entries.move_to_end(key)
        # What depends on other objects changes with them.
        if known is None or not inventory.answers_as(known.asked):
            return None
        return known.evaluation

    def _store(self, key: tuple[bytes, Given], found: CachedEvaluation) -> None:
        text, given = key
        # What orjson wrote may stand in seventeen times the memory that it takes.
        exact = bytes(memoryview(text))
        with self._lock:
            if key not in self._entries:
                self._bytes += len(text)
            self._entries[exact, given] = found
            while len(self._entries) > _MAX_ENTRIES or self._bytes > _MAX_BYTES:
                (gone, _), _ = self._entries.popitem(last=False)
                self._bytes -= len(gone)


class TrackedInventory(Inventory):
    """An inventory that notes what it was asked, and what it answered: the same again for the same
    question."""

    __slots__ = ("_inner", "asked")

    def __init__(self, inner: Inventory) -> None:
        super().__init__(namespace=inner.namespace)
        self._inner = inner
        self.asked: dict[Question, Any] = {}

    def find(self, key: ObjectKey) -> Sequence[Neighbour]:
        """What the inventory inside holds."""
        found: Sequence[Neighbour] = self._note(("find", key))
        return found

    def find_all(
        self, group: str, kind: str, namespace: str | None
    ) -> Iterable[Sequence[Neighbour]]:
        """What the inventory inside holds."""
        found: Iterable[Sequence[Neighbour]] = self._note(("find_all", group, kind, namespace))
        return found

    def forget(self) -> None:
        """Ask anew whatever is asked from now on."""
        self.asked.clear()
        self._recalled.clear()

    @property
    def tells_absence(self) -> bool:
        """As in the wrapped inventory."""
        return self._inner.tells_absence

    def knows(self, group: str, kind: str) -> bool:
        """What the inventory inside knows."""
        return bool(self._note(("knows", group, kind)))

    def answers_as(self, asked: Iterable[tuple[Question, Any]]) -> bool:
        """Whether all that was asked is still answered in the same way."""
        return all(
            getattr(answer := self._answer(question), "mark", answer) == told
            for question, told in asked
        )

    def list_asked(self) -> tuple[tuple[Question, Any], ...]:
        """What was asked, each with what tells its answer again: no snapshot of a namespace, which
        many evaluations would hold after it has changed."""
        asked = self.asked.items()
        return tuple([(question, getattr(answer, "mark", answer)) for question, answer in asked])

    def _note(self, question: Question) -> Any:
        if question not in self.asked:
            self.asked[question] = self._answer(question)
        return self.asked[question]

    def _answer(self, question: Question) -> Any:
        asked, *about = question
        if asked == "find":
            return self._inner.find(*about)
        if asked == "find_all":
            found = self._inner.find_all(*about)
            return found if isinstance(found, NamespaceSnapshot) else tuple(found)
        return self._inner.knows(*about)


def _without_volatile(body: dict[str, Any]) -> dict[str, Any]:
    metadata = body.get("metadata")
    if not isinstance(metadata, dict):
        return body
    kept = {key: value for key, value in metadata.items() if key not in _VOLATILE}
    return {**body, "metadata": kept}
