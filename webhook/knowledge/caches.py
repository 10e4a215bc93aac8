"""What the webhook knows of the cluster, kept up to date by watches.

A review asks memory only. Kept are UIDs, the facts that rules ask for, and the labels of
Namespaces. What is not known for sure is unknown, which no rule takes as evidence.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from cluster.discovery import Discovery, Name, Read
from rules.kinds.lookups import Answer
from rules.kinds.schema import Kind
from webhook.knowledge.lookups import Found, Lookups
from webhook.knowledge.objects import LABELS, Wanted, wanted_of
from webhook.knowledge.reflector import Backoff, Pace, Reflector
from webhook.observability.logs import Log

_NAMESPACE: Name = ("", "Namespace")


class State(NamedTuple):
    """How far the cache of one kind is. A kind that the cluster does not have is synced."""

    group: str
    kind: str
    synced: bool
    objects: int


class View(NamedTuple):
    """The kinds that are watched, as of the last look at what the API server serves.

    ``wanted`` without a reflector are kinds that it does not serve. ``at`` is a time of
    ``time.monotonic``.
    """

    wanted: Mapping[Name, Wanted]
    reflectors: Mapping[Name, Reflector]
    at: float


class Caches:
    """The watches of a cluster, and the answers that come from them.

    ``kinds`` is asked again at each look for kinds, so that those of a changed policy are watched
    too. Without a first list a look-up answers unknown; after ``Pace.patience`` the process counts
    as ready all the same.
    """

    def __init__(
        self,
        read: Read,
        kinds: Callable[[], Iterable[Kind]],
        log: Log,
        pace: Pace = Pace(),  # noqa: B008 - a named tuple never changes
    ) -> None:
        self._read = read
        self._kinds = kinds
        self._log = log
        self._pace = pace
        self._discovery = Discovery(read)
        self._view: View | None = None
        self._missed: set[Name] = set()
        """The kinds that are watched and that the last look did not find."""
        self._stop = threading.Event()
        self._began = time.monotonic()
        self._settled = False
        self._thread = threading.Thread(target=self._run, name="discovery", daemon=True)
        self.inventory = Lookups(self._find)

    def start(self) -> None:
        self._began = time.monotonic()
        self._thread.start()

    def stop(self) -> None:
        """End all threads; those that wait for the API server are woken."""
        self._stop.set()
        self._thread.join(1.0)
        running = self._view.reflectors.values() if self._view else ()
        for reflector in running:
            reflector.stop()
        for reflector in running:
            reflector.join(1.0)

    def namespace_labels(self, namespace: str) -> Mapping[str, str] | None:
        """The labels of a Namespace, None where they are not known."""
        found = self._find(*_NAMESPACE, "", namespace)
        return found.facts[LABELS] if found.answer is Answer.FOUND else None

    def owner(self, uid: str) -> Answer:
        """Whether an object of that UID, of any kind that is watched, exists."""
        view = self._view
        if view is None:
            return Answer.UNKNOWN
        if any(one.objects.has(uid) for one in view.reflectors.values()):
            return Answer.FOUND
        synced = all(self._synced(view, name) for name in view.wanted)
        return Answer.ABSENT if synced else Answer.UNKNOWN

    def missing(self) -> str | None:
        """Why the process is not ready yet; None from when it is, whatever happens later."""
        if self._settled:
            return None
        waiting = [f"{one.kind}.{one.group}".rstrip(".") for one in self.states() if not one.synced]
        if not waiting or time.monotonic() - self._began > self._pace.patience:
            self._settled = True
            return None
        return f"not listed yet: {', '.join(waiting)}"

    def states(self) -> Iterator[State]:
        """How far each cache is, for metrics."""
        view = self._view or View(_by_name(wanted_of(self._kinds())), {}, 0.0)
        for name in view.wanted:
            reflector = view.reflectors.get(name)
            held = len(reflector.objects) if reflector else 0
            yield State(*name, self._view is not None and self._synced(view, name), held)

    def _find(self, group: str, kind: str, namespace: str, name: str) -> Found:
        view = self._view
        wanted = view.wanted.get((group, kind)) if view else None
        if view is None or wanted is None or wanted.facts is None:
            return Found(Answer.UNKNOWN, {})
        reflector = view.reflectors.get((group, kind))
        if reflector is not None:
            place = namespace if reflector.resource.namespaced else ""
            facts = reflector.objects.find(place, name)
            if facts is not None:
                return Found(Answer.FOUND, facts)
        synced = self._synced(view, (group, kind))
        return Found(Answer.ABSENT if synced else Answer.UNKNOWN, {})

    def _synced(self, view: View, name: Name) -> bool:
        reflector = view.reflectors.get(name)
        if reflector is not None:
            return reflector.synced()
        return time.monotonic() - view.at < self._pace.stale

    def _run(self) -> None:
        backoff = Backoff(self._pace)
        while not self._stop.is_set():
            pause = self._pace.discovery
            try:
                self._look()
                backoff.reset()
            except Exception as failure:  # noqa: BLE001 - the top of a thread: it must go on
                text = f"{type(failure).__name__}: {failure}"
                self._log.event("warning", "discovery-failed", error=text)
                pause = backoff.after(failure)
            self._stop.wait(pause)

    def _look(self) -> None:
        """Watch what is wanted and served, and nothing else.

        A kind is gone when two looks miss it: an API server that has just started says for a
        second or two that it serves no custom kinds.
        """
        served = self._discovery.look()
        wanted = _by_name(wanted_of(self._kinds()))
        running = dict(self._view.reflectors) if self._view else {}
        missed = {name for name in running if name not in served}
        for name, reflector in list(running.items()):
            doubtful = name in missed - self._missed
            if name not in wanted or not (doubtful or served.get(name) == reflector.resource):
                reflector.stop()
                del running[name]
        self._missed = missed
        fresh = {
            name: Reflector(self._read, served[name], one, self._pace, self._log)
            for name, one in wanted.items()
            if name in served and name not in running
        }
        if self._stop.is_set():
            return
        self._view = View(wanted, {**running, **fresh}, time.monotonic())
        for reflector in fresh.values():
            reflector.start()


def _by_name(wanted: Iterable[Wanted]) -> dict[Name, Wanted]:
    return {(one.group, one.kind): one for one in wanted}
