"""What was found in the last objects.

The API server shows a new object to ``/mutate`` and, unless that changed it, the same again to
``/validate``; an update shows the old object, which was new not long ago.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeAlias

from rules.engine import Evaluation
from rules.inventory import Inventory
from rules.kinds.lookups import Answer, Reference

Dump: TypeAlias = Callable[[Any], bytes]
"""A value as bytes: equal values of JSON have equal bytes."""

_VOLATILE = frozenset({"uid", "creationTimestamp", "generation", "resourceVersion", "selfLink"})
"""What the API server writes into ``metadata`` between two reviews, and no rule reads."""
_SIZE = 256
_LONGEST = 64 * 1024
"""Bytes of an object that is remembered."""
_ROOM = 4 * 1024 * 1024
"""Bytes of all of them."""
_FINDINGS = 20
"""Findings of an object that is remembered: a hostile one has thousands."""


class Memory:
    """The evaluations of the last objects, each with all that it hangs on. Safe for threads."""

    def __init__(self, dump: Dump) -> None:
        self._dump = dump
        self._kept: OrderedDict[tuple[bytes, Hashable], Evaluation] = OrderedDict()
        self._held = 0
        self._lock = Lock()

    def recall(
        self,
        body: dict[str, Any],
        given: tuple[Hashable, ...],
        inventory: "Witness",
        evaluate: Callable[[], Evaluation],
    ) -> Evaluation:
        """What ``evaluate`` finds in ``body``, by memory if it was asked before with the same
        ``given``. Nothing is kept that hangs on other objects, or that was not finished."""
        text = self._dump(_settled(body))
        if len(text) > _LONGEST:
            return evaluate()
        key = (text, given)
        with self._lock:
            known = self._kept.get(key)
            if known is not None:
                self._kept.move_to_end(key)
                return known
        found = evaluate()._replace(workloads=())
        few = len(found.findings) + len(found.suppressed) <= _FINDINGS
        if few and not inventory.asked and not found.unfinished:
            self._keep(key, found)
        return found

    def _keep(self, key: tuple[bytes, Hashable], found: Evaluation) -> None:
        with self._lock:
            if key not in self._kept:
                self._held += len(key[0])
            self._kept[key] = found
            while len(self._kept) > _SIZE or self._held > _ROOM:
                (text, _), _ = self._kept.popitem(last=False)
                self._held -= len(text)


class Witness(Inventory):
    """An inventory that remembers whether it was asked anything."""

    __slots__ = ("_inner", "asked")

    def __init__(self, inner: Inventory) -> None:
        super().__init__(namespace=inner.namespace)
        self._inner = inner
        self.asked = False

    def ask(self, reference: Reference, fact: str) -> tuple[Answer, Any]:
        """What the inventory inside knows."""
        self.asked = True
        return self._inner.ask(reference, fact)


def _settled(body: dict[str, Any]) -> dict[str, Any]:
    metadata = body.get("metadata")
    if not isinstance(metadata, dict):
        return body
    kept = {key: value for key, value in metadata.items() if key not in _VOLATILE}
    return {**body, "metadata": kept}
