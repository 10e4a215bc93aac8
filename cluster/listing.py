"""Whole collections of the API server, page by page: for a look at all there is, without a watch.

The protocol: https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks
"""

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode

from cluster.client import ApiError
from cluster.discovery import ReadApi, Resource, read_json
from cluster.reflector import Backoff, WatchTiming

PAGE = 500
"""Objects of one answer, as kubectl asks for."""

_TIMEOUT = 60.0
_GONE = 410
_BUSY = frozenset({0, 429, 500, 502, 503, 504})
"""What passes: the server cannot be reached, asks to wait, or restarts."""
_TRIES = 8

_Answer = TypeVar("_Answer")


class ListTiming(NamedTuple):
    """``rate``: requests a second at most; ``tries``: how often one is made before it is given up;
    ``pauses``: how long to wait in between."""

    rate: float = 10.0
    tries: int = _TRIES
    pauses: WatchTiming = WatchTiming()


class Pace:
    """Makes requests one after the other: no faster than they may come, and again where the server
    was busy."""

    def __init__(self, timing: ListTiming, sleep: Callable[[float], None] = time.sleep) -> None:
        self._timing = timing
        self._sleep = sleep
        self._next = 0.0

    def ask(self, request: Callable[[], _Answer]) -> _Answer:
        """What ``request`` is answered. Raises ApiError for what does not pass."""
        backoff = Backoff(self._timing.pauses)
        for left in reversed(range(self._timing.tries)):
            self._wait()
            try:
                return request()
            except ApiError as error:
                if error.status not in _BUSY or not left:
                    raise
                self._sleep(backoff.after(error))
        raise AssertionError("a try is never left out")

    def _wait(self) -> None:
        """Keep to the rate."""
        now = time.monotonic()
        self._sleep(max(self._next - now, 0.0))
        self._next = max(now, self._next) + 1 / self._timing.rate


class Lister:
    """Lists collections, no faster than it may, and again where the server was busy."""

    def __init__(
        self,
        read: ReadApi,
        timing: ListTiming = ListTiming(),  # noqa: B008 - a named tuple never changes
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._read = read
        self._pace = Pace(timing, sleep)

    def list_objects(
        self, resource: Resource, namespace: str | None = None, selector: str = ""
    ) -> Iterator[dict[str, Any]]:
        """Every object of a resource once, in one namespace or all, that the label selector takes.
        An object that comes or goes meanwhile may be missed. Raises ApiError."""
        path = resource.within(namespace or "")
        query = {"limit": str(PAGE), **({"labelSelector": selector} if selector else {})}
        seen: set[str] = set()
        again = True
        while again:
            again = False
            for page in self._pages(path, query):
                if page is None:  # the pages' version is gone: what was given is not given again
                    again = True
                    break
                for item in page:
                    uid = str((item.get("metadata") or {}).get("uid"))
                    if uid not in seen:
                        seen.add(uid)
                        yield item

    def find_object(
        self, resource: Resource, namespace: str | None, name: str
    ) -> dict[str, Any] | None:
        """One object as it is now; None where there is none. Raises ApiError."""
        # A list of one: to list is allowed anyway, to get is not.
        query = urlencode({"fieldSelector": f"metadata.name={name}"})
        path = f"{resource.within(namespace or '')}?{query}"
        items = self._pace.ask(partial(self._fetch, path)).get("items") or [None]
        found: dict[str, Any] | None = items[0]
        return found

    def _pages(self, path: str, query: Mapping[str, str]) -> Iterator[list[dict[str, Any]] | None]:
        following = ""
        while True:
            asked = {**query, **({"continue": following} if following else {})}
            try:
                answer = self._pace.ask(partial(self._fetch, f"{path}?{urlencode(asked)}"))
            except ApiError as error:
                if error.status != _GONE or not following:
                    raise
                yield None
                return
            yield answer.get("items") or []
            following = (answer.get("metadata") or {}).get("continue") or ""
            if not following:
                return

    def _fetch(self, path: str) -> Any:
        from urllib3.exceptions import HTTPError

        try:
            response = self._read(path, {"Accept": "application/json"}, _TIMEOUT)
        except (HTTPError, OSError) as error:
            raise ApiError(0, f"{path.partition('?')[0]}: {error}") from error
        try:
            return read_json(response)
        except (HTTPError, OSError) as error:
            if isinstance(error, ApiError):
                raise
            raise ApiError(0, f"{path.partition('?')[0]}: {error}") from error
        finally:
            response.close()
