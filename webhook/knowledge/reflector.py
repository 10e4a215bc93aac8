"""One resource of the API server, listed and then watched, in a thread of its own.

The protocol: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
"""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple
from urllib.parse import urlencode

import orjson

from cluster.discovery import Read, Refused, Resource, read_json
from webhook.knowledge.objects import Objects, Wanted
from webhook.observability.logs import Log

_METADATA = "application/json;as=PartialObjectMetadata{};g=meta.k8s.io;v=v1,application/json"
_WHOLE = "application/json"
_GONE = 410
_LIST_PATIENCE = 30.0
_WATCH_MARGIN = 15.0
_CHUNK = 65536
_PARSING = threading.Lock()
"""Pages are parsed one at a time, so that many first lists together do not need much memory."""


class Pace(NamedTuple):
    """Seconds. A watch ends after something between ``watch``, so that one that hangs is not
    trusted for long; after a failure the pause doubles from ``first`` to ``longest``. What could
    not be refreshed for ``stale`` is not known any more. ``discovery`` is between two looks for
    kinds, ``patience`` how long readiness waits for the first lists."""

    watch: tuple[int, int] = (60, 120)
    first: float = 0.8
    longest: float = 20.0
    stale: float = 30.0
    discovery: float = 10.0
    patience: float = 30.0


class Backoff:
    """How long to wait after each of several failures: twice as long, more or less."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._failures = 0

    def reset(self) -> None:
        self._failures = 0

    def after(self, failure: Exception) -> float:
        """The seconds to wait now; no less than the API server asks for."""
        pause = min(self._pace.first * float(2**self._failures), self._pace.longest)
        self._failures = min(self._failures + 1, 16)
        asked = failure.after if isinstance(failure, Refused) else 0.0
        return max(asked, pause * random.uniform(0.5, 1.5))  # noqa: S311 - it spreads, no more


class Reflector:
    """Keeps ``objects`` as the API server has them."""

    def __init__(
        self, read: Read, resource: Resource, wanted: Wanted, pace: Pace, log: Log
    ) -> None:
        self.resource = resource
        self.wanted = wanted
        self.objects = Objects(wanted.facts)
        self._read = read
        self._pace = pace
        self._log = log
        self._backoff = Backoff(pace)
        self._version = ""
        """The resourceVersion to watch from; empty where a list is due."""
        self._listed = False
        self._failing_since: float | None = None
        self._response: Any = None
        self._stop = threading.Event()
        name = f"watch {resource.path}"
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread, even one that waits for the API server."""
        self._stop.set()
        response = self._response
        if response is not None:
            with suppress(ValueError, RuntimeError, OSError):  # it has just ended by itself
                response.shutdown()

    def join(self, seconds: float) -> None:
        self._thread.join(seconds)

    def synced(self) -> bool:
        """Whether an object that is not here does not exist (or came only just now)."""
        since = self._failing_since
        lately = since is None or time.monotonic() - since < self._pace.stale
        return self._listed and lately

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
            except Exception as failure:  # noqa: BLE001 - the top of a thread: it must go on
                if not self._stop.is_set():
                    self._stop.wait(self._fail(failure))

    def _follow(self) -> None:
        if not self._version:
            self._list()
        self._watch()

    def _fail(self, failure: Exception) -> float:
        """What to do about a failure, and the seconds to wait until then."""
        if isinstance(failure, Refused) and failure.status == _GONE:
            self._version = ""
        if self._failing_since is None:
            self._failing_since = time.monotonic()
            text = f"{type(failure).__name__}: {failure}"
            self._log.event("warning", "watch-failed", resource=self.resource.path, error=text)
        return self._backoff.after(failure)

    def _list(self) -> None:
        """Read all pages into new ``objects``. A list that ends half-way leaves the old ones."""
        fresh = Objects(self.wanted.facts)
        page = {"limit": "100" if self.wanted.whole else "500"}
        token = ""
        while True:
            query = {**page, "continue": token} if token else page
            with self._open(query, "List", _LIST_PATIENCE) as response:
                token, version = _take_page(response, fresh)
            if not token:
                break
        self.objects = fresh
        self._version = version
        self._listed = True
        self._failing_since = None

    def _watch(self) -> None:
        """Follow the changes until the API server ends the watch."""
        seconds = random.randint(*self._pace.watch)  # noqa: S311 - it spreads, no more
        query = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": self._version,
            "timeoutSeconds": str(seconds),
        }
        began = time.monotonic()
        with self._open(query, "", seconds + _WATCH_MARGIN) as response:
            if response.status >= 300:
                read_json(response)
            self._failing_since = None
            heard = sum(self._heed(orjson.loads(line)) for line in _lines(response))
        if not heard and time.monotonic() - began < self._pace.first:
            raise Refused(response.status, "the watch ended at once")
        self._backoff.reset()

    def _heed(self, event: Any) -> bool:
        """Take in one event. Raises Refused for what the API server reports as an error."""
        item = event["object"]
        match event["type"]:
            case "ADDED" | "MODIFIED":
                self.objects.put(item)
            case "DELETED":
                self.objects.drop(item)
            case "ERROR":
                raise Refused(item.get("code", 500), item.get("message", ""))
        self._version = item["metadata"]["resourceVersion"]
        self._backoff.reset()
        return True

    @contextmanager
    def _open(self, query: dict[str, str], suffix: str, patience: float) -> Iterator[Any]:
        accept = _WHOLE if self.wanted.whole else _METADATA.format(suffix)
        path = f"{self.resource.path}?{urlencode(query)}"
        response = self._read(path, {"Accept": accept}, patience)
        self._response = response
        try:
            if self._stop.is_set():
                raise Refused(0, "it is to stop")
            yield response
        finally:
            self._response = None
            response.close()


def _take_page(response: Any, objects: Objects) -> tuple[str, str]:
    """The token of the next page, and the list's resourceVersion."""
    if response.status < 300:
        response.data  # noqa: B018 - waiting for it holds up no other list
    with _PARSING:
        page = read_json(response)
        for item in page.get("items") or ():
            objects.put(item)
    metadata = page["metadata"]
    return metadata.get("continue") or "", metadata["resourceVersion"]


def _lines(response: Any) -> Iterator[bytes]:
    rest = bytearray()
    for chunk in response.stream(_CHUNK):
        rest += chunk
        if b"\n" not in chunk:
            continue
        *lines, rest = rest.split(b"\n")
        yield from filter(None, lines)
