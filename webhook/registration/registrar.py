"""The webhook configurations in the cluster: applied, kept as they should be, and removed."""

import base64
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from cluster.client import Client, Tree
from webhook.identity.authority import read_bundle
from webhook.registration.configurations import DISABLED, GROUP, MUTATING, VALIDATING

OWNER = "mlgate"
"""The field manager of what is applied here."""

BASE = f"/apis/{GROUP}/v1"
PATHS = {
    "ValidatingWebhookConfiguration": f"{BASE}/validatingwebhookconfigurations/{VALIDATING}",
    "MutatingWebhookConfiguration": f"{BASE}/mutatingwebhookconfigurations/{MUTATING}",
}

_OURS = ".mlgate.dev"
"""How the names of our webhooks end. Others in the same configuration are none of our business."""

_ATOMIC = {"namespaceSelector", "objectSelector"}
"""Mappings in which one key more changes what all the rest means (``structType=atomic``)."""


class Truce(NamedTuple):
    """How long to leave a configuration alone that others keep changing back: the pause doubles
    with each write that follows the last one closely. Seconds; ``at`` is when it was written."""

    pause: float = 0.0
    at: float = -1e9

    def may_write(self, now: float) -> bool:
        return now - self.at >= self.pause

    def written(self, now: float) -> "Truce":
        """After a write: the first ones in a while cost nothing."""
        if now - self.at > 600.0:
            return Truce(0.0, now)
        return Truce(min(max(self.pause * 2, 1.0), 300.0), now)


class Registrar:
    """Keeps both configurations as ``wanted`` says.

    Only the leader calls it; ``may_write`` is asked once more before each write, since it may lead
    no longer.
    """

    def __init__(
        self,
        client: Client,
        wanted: Callable[[], Iterable[Tree]],
        clock: Callable[[], float] = time.monotonic,
        may_write: Callable[[], bool] = lambda: True,
    ) -> None:
        self._client = client
        self._wanted = wanted
        self._clock = clock
        self._may_write = may_write
        self._truces: dict[str, Truce] = {}
        self._last: dict[str, Tree] = {}
        self.disabled = False
        self.pause: float | None = None
        """Seconds after which what was left alone may be written; None where nothing was."""

    def reconcile(self) -> list[str]:
        """Write what differs, at most once each; returns the kinds written. Raises ApiError."""
        self.pause = None
        live = {kind: self._client.get(path) for kind, path in PATHS.items()}
        self.disabled = _is_disabled(live["ValidatingWebhookConfiguration"])
        if self.disabled:  # whatever else is wrong
            return [kind for kind in PATHS if self._empty(kind, live[kind])]
        return [
            wanted["kind"]
            for wanted in self._wanted()
            if self._settle(wanted, live[wanted["kind"]])
        ]

    def trusts(self, bundle: str) -> bool:
        """Whether every webhook in the cluster trusts all of a bundle. Raises ApiError."""
        sought = read_bundle(bundle).keys()
        live = [self._client.get(path) for path in PATHS.values()]
        hooks = [hook for one in live for hook in _ours(one).values()]
        return all(sought <= _trusted(hook) for hook in hooks)

    def _settle(self, wanted: Tree, live: Tree | None) -> bool:
        if live is not None and _holds(live, wanted) and _prune(live, wanted) == live:
            return False
        return self._write(wanted["kind"], wanted)

    def _empty(self, kind: str, live: Tree | None) -> bool:
        if not live or not live.get("webhooks") or not self._may_write():
            return False
        self._client.empty(PATHS[kind], "webhooks")
        return True

    def _write(self, kind: str, wanted: Tree) -> bool:
        """Apply, unless the same was written before and others keep undoing it."""
        now = self._clock()
        again = self._last.get(kind) == wanted
        truce = self._truces[kind] if again else Truce()
        if not truce.may_write(now):
            due = truce.at + truce.pause - now
            self.pause = due if self.pause is None else min(self.pause, due)
            return False
        if not self._may_write():
            return False
        applied = self._client.apply(PATHS[kind], wanted, OWNER)
        self._truces[kind] = truce.written(now)
        self._last[kind] = wanted
        self._cut(kind, applied, _prune(applied, wanted))
        return True

    def _cut(self, kind: str, live: Tree, pruned: Tree) -> None:
        """Take away what applying leaves, since others own it too."""
        if pruned == live:
            return
        version = {"resourceVersion": live["metadata"]["resourceVersion"]}
        self._client.merge(PATHS[kind], {"metadata": version, "webhooks": pruned["webhooks"]})


def remove(client: Client) -> None:
    """Delete both configurations. Raises ApiError."""
    for path in PATHS.values():
        client.delete(path)


def _is_disabled(live: Tree | None) -> bool:
    annotations = ((live or {}).get("metadata") or {}).get("annotations") or {}
    return bool(annotations.get(DISABLED) == "true")


def _ours(configuration: Tree | None) -> dict[str, Tree]:
    """The webhooks of a configuration that are ours, by name."""
    hooks = (configuration or {}).get("webhooks") or ()
    return {hook["name"]: hook for hook in hooks if hook["name"].endswith(_OURS)}


def _prune(live: Tree, wanted: Tree) -> Tree:
    """``live`` without webhooks of ours that are not wanted any more, and without conditions of
    others in ours: one that is never true would switch it off unseen."""
    own = {
        name: {"matchConditions": hook["matchConditions"]} for name, hook in _ours(wanted).items()
    }
    unwanted = _ours(live).keys() - own.keys()
    before = live.get("webhooks") or []
    hooks = [
        {**hook, **own.get(hook["name"], {})} for hook in before if hook["name"] not in unwanted
    ]
    return live if hooks == before else {**live, "webhooks": hooks}


def _holds(live: Any, wanted: Any) -> bool:
    """Whether ``live`` has all of ``wanted``; mappings may have more, and so may a list of
    webhooks, whose items are found by name."""
    if isinstance(wanted, Mapping):
        return isinstance(live, Mapping) and all(
            live.get(key) == value if key in _ATOMIC else _holds(live.get(key), value)
            for key, value in wanted.items()
        )
    if isinstance(wanted, list) and _named(wanted):
        found = {one.get("name"): one for one in live or ()}
        return all(_holds(found.get(one["name"]), one) for one in wanted)
    return bool(live == wanted)


def _named(items: list[Any]) -> bool:
    return all(isinstance(one, Mapping) and "name" in one for one in items)


def _trusted(hook: Tree) -> set[str]:
    text = hook["clientConfig"].get("caBundle") or ""
    try:
        return set(read_bundle(base64.b64decode(text).decode()))
    except ValueError:
        return set()
