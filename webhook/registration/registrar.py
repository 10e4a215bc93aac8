"""The webhook configurations in the cluster: applied, kept as they should be, and removed."""

import base64
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from cluster.client import Client, JsonObject
from webhook.identity.authority import parse_bundle
from webhook.registration.configurations import (
    DISABLED_ANNOTATION,
    INJECTION_ANNOTATION,
    MUTATING_NAME,
    REGISTRATION_GROUP,
    VALIDATING_NAME,
)

FIELD_MANAGER = "mlgate"
"""The field manager of what is applied here."""

_BASE = f"/apis/{REGISTRATION_GROUP}/v1"
CONFIGURATION_PATHS = {
    "ValidatingWebhookConfiguration": f"{_BASE}/validatingwebhookconfigurations/{VALIDATING_NAME}",
    "MutatingWebhookConfiguration": f"{_BASE}/mutatingwebhookconfigurations/{MUTATING_NAME}",
}

_OURS = ".mlgate.dev"
"""How the names of mlgate's webhooks end. Others in the same configuration are left alone."""

FREE_WRITES = 5
"""How often in a minute a configuration is written at once."""

_ATOMIC = {"namespaceSelector", "objectSelector"}
"""Mappings of which an additional key changes the meaning (``structType=atomic``)."""


class WriteBackoff(NamedTuple):
    """How long to leave a configuration alone that somebody else keeps changing back: after
    ``FREE_WRITES`` in a minute, the pause doubles with each write that follows the last one
    closely. Seconds; ``at`` is when it was written, ``recent`` when in the last minute.

    Two controllers that disagree would otherwise write to the API server without end.
    """

    pause: float = 0.0
    at: float = -1e9
    recent: tuple[float, ...] = ()

    def may_write(self, now: float) -> bool:
        return now - self.at >= self.pause

    def after_write(self, now: float) -> "WriteBackoff":
        """The state after a write; a fight is forgotten after ten minutes."""
        if now - self.at > 600.0:
            return WriteBackoff(0.0, now, (now,))
        recent = (*(one for one in self.recent if now - one < 60.0), now)
        if not self.pause and len(recent) <= FREE_WRITES:
            return WriteBackoff(0.0, now, recent)
        return WriteBackoff(min(max(self.pause * 2, 1.0), 300.0), now, recent)


class Registrar:
    """Keeps both configurations as ``wanted`` says.

    Only the leader calls it. ``may_write`` is asked again before each write, since the lead may be
    lost meanwhile.
    """

    def __init__(
        self,
        client: Client,
        wanted: Callable[[], Iterable[JsonObject]],
        clock: Callable[[], float] = time.monotonic,
        may_write: Callable[[], bool] = lambda: True,
    ) -> None:
        self._client = client
        self._wanted = wanted
        self._clock = clock
        self._may_write = may_write
        self._backoffs: dict[str, WriteBackoff] = {}
        self._last: dict[str, JsonObject] = {}
        self.disabled = False
        self.pause: float | None = None
        """Seconds after which a configuration that was left alone may be written, if one was."""

    def reconcile(self) -> list[str]:
        """Write what differs, at most once each; returns the kinds written. Raises ApiError."""
        self.pause = None
        live = {kind: self._client.get(path) for kind, path in CONFIGURATION_PATHS.items()}
        self.disabled = is_disabled(live["ValidatingWebhookConfiguration"])
        if self.disabled:  # comes first: the break-glass works whatever else is wrong
            return [kind for kind in CONFIGURATION_PATHS if self._empty(kind, live[kind])]
        return [
            wanted["kind"]
            for wanted in self._wanted()
            if self._apply_if_changed(
                _await_injection(wanted, live[wanted["kind"]]), live[wanted["kind"]]
            )
        ]

    def trusts(self, bundle: str) -> bool:
        """Whether every webhook in the cluster trusts all of a bundle. Raises ApiError."""
        sought = parse_bundle(bundle).keys()
        live = [self._client.get(path) for path in CONFIGURATION_PATHS.values()]
        hooks = [hook for one in live for hook in _ours(one).values()]
        return all(sought <= _trusted(hook) for hook in hooks)

    def _apply_if_changed(self, wanted: JsonObject, live: JsonObject | None) -> bool:
        if live is not None and _holds(live, wanted) and _prune(live, wanted) == live:
            return False
        return self._write(wanted["kind"], wanted, live)

    def _empty(self, kind: str, live: JsonObject | None) -> bool:
        if not live or not live.get("webhooks") or not self._may_write():
            return False
        self._client.remove_field(CONFIGURATION_PATHS[kind], "webhooks")
        return True

    def _write(self, kind: str, wanted: JsonObject, live: JsonObject | None) -> bool:
        """Apply, unless the same was written just before and something keeps undoing it."""
        now = self._clock()
        again = self._last.get(kind) == wanted
        backoff = self._backoffs[kind] if again else WriteBackoff()
        if not backoff.may_write(now):
            due = backoff.at + backoff.pause - now
            self.pause = due if self.pause is None else min(self.pause, due)
            return False
        if not self._may_write():
            return False
        if live is not None and any(_find_redirected(live, wanted)):
            self._remove_leftovers(kind, live, _prune(live, wanted))
        applied = self._client.apply(CONFIGURATION_PATHS[kind], wanted, FIELD_MANAGER)
        self._backoffs[kind] = backoff.after_write(now)
        self._last[kind] = wanted
        self._remove_leftovers(kind, applied, _prune(applied, wanted))
        return True

    def _remove_leftovers(self, kind: str, live: JsonObject, pruned: JsonObject) -> None:
        if pruned == live:
            return
        # Server-side apply leaves what another field manager owns as well, such as what ``kubectl
        # apply`` of an older configuration has written.
        version = {"resourceVersion": live["metadata"]["resourceVersion"]}
        self._client.merge(
            CONFIGURATION_PATHS[kind], {"metadata": version, "webhooks": pruned["webhooks"]}
        )


def remove_configurations(client: Client) -> None:
    """Delete both configurations. Raises ApiError."""
    for path in CONFIGURATION_PATHS.values():
        client.delete(path)


def _await_injection(wanted: JsonObject, live: JsonObject | None) -> JsonObject:
    """``wanted`` with ``Ignore`` where cert-manager has yet to write the ``caBundle``."""
    # Until then the API server trusts no answer, and with ``Fail`` it would refuse every write.
    if INJECTION_ANNOTATION not in wanted["metadata"]["annotations"]:
        return wanted
    trusted = {name for name, hook in _ours(live).items() if hook["clientConfig"].get("caBundle")}
    hooks = [
        hook if hook["name"] in trusted else {**hook, "failurePolicy": "Ignore"}
        for hook in wanted["webhooks"]
    ]
    return {**wanted, "webhooks": hooks}


def is_disabled(live: JsonObject | None) -> bool:
    """Whether the break-glass annotation is on the validating configuration."""
    annotations = ((live or {}).get("metadata") or {}).get("annotations") or {}
    # "True" is what Python and Helm write, and nobody in an emergency should have to know.
    return str(annotations.get(DISABLED_ANNOTATION)).lower() == "true"


def _ours(configuration: JsonObject | None) -> dict[str, JsonObject]:
    """The webhooks of a configuration that are mlgate's, by name."""
    hooks = (configuration or {}).get("webhooks") or ()
    return {hook["name"]: hook for hook in hooks if hook["name"].endswith(_OURS)}


def _prune(live: JsonObject, wanted: JsonObject) -> JsonObject:
    """``live`` without webhooks of mlgate's that are no longer wanted, and without conditions and
    addresses that others have added to them."""
    # A condition that is never true would switch a webhook off, and nobody would see it.
    own = {
        name: {"matchConditions": hook["matchConditions"]} for name, hook in _ours(wanted).items()
    }
    for name, client in _find_redirected(live, wanted):
        own[name]["clientConfig"] = client
    unwanted = _ours(live).keys() - own.keys()
    before = live.get("webhooks") or []
    hooks = [
        {**hook, **own.get(hook["name"], {})} for hook in before if hook["name"] not in unwanted
    ]
    return live if hooks == before else {**live, "webhooks": hooks}


def _find_redirected(live: JsonObject, wanted: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """The webhooks that call another address as well, or instead, each with the client that they
    should have."""
    # Server-side apply would leave the ``url`` beside our ``service``: the API server refuses both.
    found = _ours(live)
    for name, hook in _ours(wanted).items():
        client, own = found.get(name, {}).get("clientConfig") or {}, hook["clientConfig"]
        if client.keys() - own.keys() - {"caBundle"}:
            bundle = {key: one for key, one in client.items() if key == "caBundle"}
            yield name, {**bundle, **own}


def _holds(live: Any, wanted: Any) -> bool:
    """Whether ``live`` has all of ``wanted``; mappings may have more, and so may a list of
    webhooks, whose items are matched by name."""
    # The API server fills in defaults, which are no difference to write for.
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


def _trusted(hook: JsonObject) -> set[str]:
    text = hook["clientConfig"].get("caBundle") or ""
    try:
        return set(parse_bundle(base64.b64decode(text).decode()))
    except ValueError:
        return set()
