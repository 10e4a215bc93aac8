"""One resource of the API server, listed and then watched, in a thread of its own.

The protocol: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
"""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Generic, NamedTuple, Protocol, TypeVar
from urllib.parse import urlencode

import orjson

from cluster.client import ApiError
from cluster.discovery import ReadApi, Resource, read_json

_METADATA = "application/json;as=PartialObjectMetadata{};g=meta.k8s.io;v=v1,application/json"
_WHOLE = "application/json"
_GONE = 410
_LIST_TIMEOUT = 30.0
_WATCH_MARGIN = 15.0
_CHUNK = 65536
_PARSING = threading.Lock()
"""Pages are parsed one at a time, so that many first lists together do not need much memory."""


class ObjectStore(Protocol):
    """What a reflector keeps up to date. Its methods are called by one thread."""

    def put(self, item: dict[str, Any]) -> None:
        """Take in an object, new or changed."""

    def drop(self, item: dict[str, Any]) -> None:
        """Forget a deleted object."""


_Store = TypeVar("_Store", bound=ObjectStore)


class WatchTiming(NamedTuple):
    """Seconds. A watch lasts for something between ``watch``: one that hangs unnoticed is not
    trusted for longer. After a failure the pause doubles from ``first`` to ``longest``. What could
    not be refreshed for ``stale`` counts as unknown."""

    watch: tuple[int, int] = (60, 120)
    first: float = 0.8
    longest: float = 20.0
    stale: float = 30.0


_LONGEST_ASKED = 300.0
"""Seconds; an API server asks for few, and who waits for years is out of order unseen."""


class Backoff:
    """The pause after each of several failures: doubled, with jitter."""

    def __init__(self, timing: WatchTiming) -> None:
        self._timing = timing
        self._failures = 0

    def reset(self) -> None:
        self._failures = 0

    def after(self, failure: Exception) -> float:
        """The seconds to wait now; no less than the API server asks for, within reason."""
        pause = min(self._timing.first * float(2**self._failures), self._timing.longest)
        self._failures = min(self._failures + 1, 16)
        asked = failure.retry_after if isinstance(failure, ApiError) else 0.0
        asked = min(asked, _LONGEST_ASKED)
        # Without jitter all reflectors of all replicas would come back at the same moment.
        return max(asked, pause * random.uniform(0.5, 1.5))  # noqa: S311 - no secret


class Reflector(Generic[_Store]):
    """Keeps a store as the API server has the objects of ``resource``.

    ``whole``: objects with all their fields; without it their metadata alone. ``failed`` is told of
    the first failure of a series. Each list fills a new store, so that ``store`` is always one
    complete state, never a mixture.
    """

    def __init__(
        self,
        read: ReadApi,
        resource: Resource,
        make_store: Callable[[], _Store],
        timing: WatchTiming,
        failed: Callable[[str], None],
        *,
        whole: bool,
    ) -> None:
        self.resource = resource
        self.store = make_store()
        self._make_store = make_store
        self._read = read
        self._timing = timing
        self._failed = failed
        self._whole = whole
        self._backoff = Backoff(timing)
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
        """Stop following, even in the middle of a watch; does not wait for the thread.

        One that waits for a response to begin ends with it, or with its timeout.
        """
        self._stop.set()
        response = self._response
        if response is not None:
            # The thread may close the response between the two lines.
            with suppress(ValueError, RuntimeError, OSError):
                response.shutdown()

    def join(self, seconds: float) -> None:
        self._thread.join(seconds)

    def fetch(self, namespace: str, name: str, timeout: float) -> list[dict[str, Any]]:
        """The object of that name as the API server has it now, if there is one; the store stays as
        it is. Blocks; any thread may call it. Raises ApiError, and what ``read`` raises."""
        # A list of one: to list is allowed anyway, to get is not.
        query = urlencode({"fieldSelector": f"metadata.name={name}"})
        path = f"{self.resource.within(namespace)}?{query}"
        response = self._read(path, {"Accept": self._accept("List")}, timeout)
        try:
            return read_json(response).get("items") or []
        finally:
            response.close()

    def synced(self) -> bool:
        """Whether an object that is not in the store does not exist (or appeared only just now)."""
        since = self._failing_since
        recent = since is None or time.monotonic() - since < self._timing.stale
        return self._listed and recent

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
        """Note a failure; the seconds to wait before the next try."""
        # 410 Gone: the server no longer has the changes since this version. Any other failure goes
        # on from where the watch broke off, without a new list.
        if isinstance(failure, ApiError) and failure.status == _GONE:
            self._version = ""
        if self._failing_since is None:
            self._failing_since = time.monotonic()
            self._failed(f"{type(failure).__name__}: {failure}")
        return self._backoff.after(failure)

    def _list(self) -> None:
        """Read all pages into a new store. A list that ends half-way leaves the old one."""
        fresh = self._make_store()
        # Whole objects are some kilobytes each; metadata is a few hundred bytes.
        page = {"limit": "100" if self._whole else "500"}
        token = ""
        while True:
            query = {**page, "continue": token} if token else page
            with self._open(query, "List", _LIST_TIMEOUT) as response:
                token, version = _take_page(response, fresh)
            if not token:
                break
        self.store = fresh
        self._version = version
        self._listed = True
        self._failing_since = None

    def _watch(self) -> None:
        """Follow the changes until the API server ends the watch."""
        seconds = random.randint(*self._timing.watch)  # noqa: S311 - no secret
        query = {
            "watch": "true",
            # Bookmarks move the version on where nothing changes, so that a quiet kind can be
            # watched again without a list.
            "allowWatchBookmarks": "true",
            "resourceVersion": self._version,
            "timeoutSeconds": str(seconds),
        }
        began = time.monotonic()
        with self._open(query, "", seconds + _WATCH_MARGIN) as response:
            if response.status >= 300:
                read_json(response)
            self._failing_since = None
            events = sum(self._handle(orjson.loads(line)) for line in _lines(response))
        # A proxy that ends every watch at once must not make a busy loop of this.
        if not events and time.monotonic() - began < self._timing.first:
            raise ApiError(response.status, "the watch ended at once")
        self._backoff.reset()

    def _handle(self, event: Any) -> bool:
        """Apply one event. Raises ApiError for one that reports an error."""
        item = event["object"]
        match event["type"]:
            case "ADDED" | "MODIFIED":
                self.store.put(item)
            case "DELETED":
                self.store.drop(item)
            case "ERROR":
                raise ApiError(item.get("code", 500), item.get("message", ""))
        self._version = item["metadata"]["resourceVersion"]
        self._backoff.reset()
        return True

    def _accept(self, suffix: str) -> str:
        return _WHOLE if self._whole else _METADATA.format(suffix)

    @contextmanager
    def _open(self, query: dict[str, str], suffix: str, timeout: float) -> Iterator[Any]:
        path = f"{self.resource.path}?{urlencode(query)}"
        response = self._read(path, {"Accept": self._accept(suffix)}, timeout)
        self._response = response
        try:
            # ``stop`` may have come before there was a response to shut down.
            if self._stop.is_set():
                raise ApiError(0, "the reflector is being stopped")
            yield response
        finally:
            self._response = None
            response.close()


def _take_page(response: Any, store: ObjectStore) -> tuple[str, str]:
    """The token of the next page, and the list's resourceVersion."""
    if response.status < 300:
        response.data  # noqa: B018 - read before the lock: waiting holds up no other list
    with _PARSING:
        page = read_json(response)
        for item in page.get("items") or ():
            store.put(item)
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
