"""What the webhook knows of the cluster, kept up to date by watches.

A review reads memory only. UIDs are kept, the facts that rules ask for, and the labels of
Namespaces. What is not known for sure is unknown, and no rule takes that as evidence.
"""

import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from urllib3.exceptions import HTTPError

from cluster.discovery import Discovery, KindName, ReadApi, Resource
from cluster.reflector import Backoff, Reflector, WatchTiming
from rules.kinds.lookups import Answer
from rules.kinds.schema import Kind
from rules.model import ObjectKey
from webhook.knowledge.cluster_inventory import ClusterInventory, NamedFacts
from webhook.knowledge.object_cache import (
    LABELS_FACT,
    REVISION_FACT,
    TEMPLATE_FACT,
    ObjectCache,
    WatchedKind,
    mark_revision,
    watched_kinds,
)
from webhook.observability.logs import Log
from webhook.review.context import OwnerRecord, OwnerReference

_NAMESPACE: KindName = ("", "Namespace")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
"""A name in Kubernetes, without anything that means something in a selector."""


class CacheTiming(NamedTuple):
    """Seconds. ``discovery`` is between two looks for kinds; ``readiness`` is how long readiness
    waits for the first lists."""

    watches: WatchTiming = WatchTiming()
    discovery: float = 10.0
    readiness: float = 30.0


class CacheState(NamedTuple):
    """How far the cache of one kind is. A kind that the cluster does not have is synced."""

    group: str
    kind: str
    synced: bool
    objects: int


class WatchSet(NamedTuple):
    """The kinds that are watched, as of the last discovery; replaced as a whole, never changed.

    A kind in ``wanted`` without a reflector is not served by the API server. ``at`` is a time of
    ``time.monotonic``.
    """

    wanted: Mapping[KindName, WatchedKind]
    reflectors: Mapping[KindName, Reflector[ObjectCache]]
    at: float


class ClusterCache:
    """The watches of a cluster, and the answers that come from them.

    ``kinds`` is called at each discovery, so that those of a changed policy are watched too. Before
    its first list a look-up answers unknown; after ``CacheTiming.readiness`` the process counts as
    ready all the same.
    """

    def __init__(
        self,
        read: ReadApi,
        kinds: Callable[[], Iterable[Kind]],
        log: Log,
        timing: CacheTiming = CacheTiming(),  # noqa: B008 - a named tuple never changes
    ) -> None:
        self._read = read
        self._kinds = kinds
        self._log = log
        self._timing = timing
        self._discovery = Discovery(read)
        self._watches: WatchSet | None = None
        self._missed: set[KindName] = set()
        """The kinds that are watched and that the last discovery did not find."""
        self._stop = threading.Event()
        self._began = time.monotonic()
        self._was_ready = False
        self._thread = threading.Thread(target=self._run, name="discovery", daemon=True)
        self.inventory = ClusterInventory(self)

    def start(self) -> None:
        self._began = time.monotonic()
        self._thread.start()

    def stop(self) -> None:
        """End all threads; those in the middle of a watch are woken."""
        self._stop.set()
        self._thread.join(1.0)
        running = self._watches.reflectors.values() if self._watches else ()
        # All are told before any is waited for: one after the other would add up the waits.
        for reflector in running:
            reflector.stop()
        for reflector in running:
            reflector.join(1.0)

    def namespace_labels(self, namespace: str) -> Mapping[str, str] | None:
        """The labels of a Namespace, None where they are not known."""
        facts = self.facts_of(ObjectKey(*_NAMESPACE, "", namespace))
        return None if facts is None else facts[LABELS_FACT]

    def owner(self, uid: str) -> Answer:
        """Whether an object of that UID, of any kind that is watched, exists."""
        watches = self._watches
        if watches is None:
            return Answer.UNKNOWN
        if any(one.store.has(uid) for one in watches.reflectors.values()):
            return Answer.FOUND
        # The UID does not tell the kind, so that a single list that is missing leaves it open.
        synced = all(self._synced(watches, name) for name in watches.wanted)
        return Answer.ABSENT if synced else Answer.UNKNOWN

    def owner_record(self, uid: str) -> OwnerRecord | None:
        """What is kept of the object of that UID, None where there is none."""
        watches = self._watches
        for (group, kind), one in (watches.reflectors if watches else {}).items():
            place = one.store.place(uid)
            if place is not None:
                facts = one.store.find(*place) or {}
                return OwnerRecord(group, kind, *place, facts.get(TEMPLATE_FACT, ""))
        return None

    def fetch_owner(self, sought: OwnerReference, seconds: float) -> OwnerRecord | None:
        """The owner as the API server has it now; None where there is none, or no answer within
        ``seconds``. Blocks; any thread may call it."""
        watches = self._watches
        name = (sought.group, sought.kind)
        reflector = self._reflector(*name)
        if watches is None or reflector is None or not _NAME.fullmatch(sought.name):
            return None
        try:
            found = reflector.fetch(sought.namespace, sought.name, seconds)
        except (HTTPError, OSError, ValueError):  # no answer, a refusal, or no JSON
            return None
        read_facts = watches.wanted[name].read_facts
        for item in found:
            if item["metadata"]["uid"] == sought.uid:
                facts = read_facts(item) if read_facts is not None else {}
                place = item["metadata"].get("namespace") or "", sought.name
                return OwnerRecord(*name, *place, facts.get(TEMPLATE_FACT, ""))
        return None

    def ran_before(self, namespace: str, owner: str, pods: str) -> bool:
        """Whether an earlier revision of the object of UID ``owner`` had pods of that digest."""
        watches, mark = self._watches, mark_revision(owner, pods)
        return any(
            facts.get(REVISION_FACT) == mark
            for one in (watches.reflectors.values() if watches else ())
            for _, facts in one.store.find_all(namespace)
        )

    def not_ready(self) -> str | None:
        """Why the process is not ready yet; None from the first time that it is."""
        # Once ready, always ready: an API server that is away would otherwise take every replica
        # out of the Service at once, although each can judge what it sees.
        if self._was_ready:
            return None
        waiting = [f"{one.kind}.{one.group}".rstrip(".") for one in self.states() if not one.synced]
        if not waiting or time.monotonic() - self._began > self._timing.readiness:
            self._was_ready = True
            return None
        return f"not listed yet: {', '.join(waiting)}"

    def states(self) -> Iterator[CacheState]:
        """How far each cache is, for metrics."""
        watches = self._watches or WatchSet(_by_name(watched_kinds(self._kinds())), {}, 0.0)
        for name in watches.wanted:
            reflector = watches.reflectors.get(name)
            size = len(reflector.store) if reflector else 0
            synced = self._watches is not None and self._synced(watches, name)
            yield CacheState(*name, synced, size)

    def facts_of(self, key: ObjectKey) -> dict[str, Any] | None:
        """The facts of an object, None where none is known."""
        reflector = self._reflector(key.group, key.kind)
        if reflector is None:
            return None
        scope = key.namespace if reflector.resource.namespaced else ""
        return reflector.store.find(scope, key.name)

    def facts_in(self, group: str, kind: str, namespace: str) -> NamedFacts:
        """The names and the facts of all objects of a kind in a namespace."""
        reflector = self._reflector(group, kind)
        return () if reflector is None else reflector.store.find_all(namespace)

    def all_known(self, group: str, kind: str) -> bool:
        """Whether an object of a kind that is not known does not exist."""
        watches = self._watches
        wanted = watches.wanted.get((group, kind)) if watches else None
        if watches is None or wanted is None or wanted.read_facts is None:
            return False
        return self._synced(watches, (group, kind))

    def _reflector(self, group: str, kind: str) -> Reflector[ObjectCache] | None:
        watches = self._watches
        return watches.reflectors.get((group, kind)) if watches else None

    def _synced(self, watches: WatchSet, name: KindName) -> bool:
        reflector = watches.reflectors.get(name)
        if reflector is not None:
            return reflector.synced()
        # A kind that is not served has no objects, for as long as discovery is recent.
        return time.monotonic() - watches.at < self._timing.watches.stale

    def _run(self) -> None:
        backoff = Backoff(self._timing.watches)
        while not self._stop.is_set():
            pause = self._timing.discovery
            try:
                self._update()
                backoff.reset()
            except Exception as failure:  # noqa: BLE001 - the top of a thread: it must go on
                text = f"{type(failure).__name__}: {failure}"
                self._log.event("warning", "discovery-failed", error=text)
                pause = backoff.after(failure)
            self._stop.wait(pause)

    def _update(self) -> None:
        """Watch what is wanted and served, and nothing else."""
        served = self._discovery.refresh()
        wanted = _by_name(watched_kinds(self._kinds()))
        running = self._keep_running(wanted, served)
        fresh = {
            name: self._reflect(served[name], one)
            for name, one in wanted.items()
            if name in served and name not in running
        }
        if self._stop.is_set():
            return
        self._watches = WatchSet(wanted, {**running, **fresh}, time.monotonic())
        for reflector in fresh.values():
            reflector.start()

    def _keep_running(
        self, wanted: Mapping[KindName, WatchedKind], served: Mapping[KindName, Resource]
    ) -> dict[KindName, Reflector[ObjectCache]]:
        """The reflectors that go on; the others are stopped."""
        running = dict(self._watches.reflectors) if self._watches else {}
        missed = {name for name in running if name not in served}
        # A kind is gone when two discoveries in a row miss it: an API server that has just started
        # says for a second or two that it serves no custom kinds.
        missed_once = missed - self._missed
        for name, reflector in list(running.items()):
            as_before = name in missed_once or served.get(name) == reflector.resource
            if name not in wanted or not as_before:
                reflector.stop()
                del running[name]
        self._missed = missed
        return running

    def _reflect(self, resource: Resource, wanted: WatchedKind) -> Reflector[ObjectCache]:
        def failed(error: str) -> None:
            self._log.event("warning", "watch-failed", resource=resource.path, error=error)

        return Reflector(
            self._read,
            resource,
            partial(ObjectCache, wanted.read_facts),
            self._timing.watches,
            failed,
            whole=wanted.whole,
        )


def _by_name(wanted: Iterable[WatchedKind]) -> dict[KindName, WatchedKind]:
    return {(one.group, one.kind): one for one in wanted}
