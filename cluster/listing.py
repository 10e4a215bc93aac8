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
_TRIES_IN_PAGES = 3

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
        wanted = {"labelSelector": selector} if selector else {}
        seen: set[str] = set()
        # Where the pages' version is gone before the last of them, what was given is not given
        # again; and one answer has all that pages never come to the end of.
        for limit in (*[{"limit": str(PAGE)}] * _TRIES_IN_PAGES, {}):
            whole = True
            for page in self._pages(path, {**limit, **wanted}):
                whole = page is not None
                for item in page or ():
                    key = _identify(item)
                    if key not in seen:
                        seen.add(key)
                        yield item
            if whole:
                return

    def find_object(
        self, resource: Resource, namespace: str | None, name: str
    ) -> dict[str, Any] | None:
        """One object as it is now; None where there is none. Raises ApiError."""
        # A list of one: to list is allowed anyway, to get is not.
        query = urlencode({"fieldSelector": f"metadata.name={name}"})
        path = f"{resource.within(namespace or '')}?{query}"
        items = _read_items(self._pace.ask(partial(self._fetch, path)))
        return items[0] if items else None

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
            yield _read_items(answer)
            last, following = following, (answer.get("metadata") or {}).get("continue") or ""
            if not following:
                return
            if following == last:
                raise ApiError(200, f"{path}: the same page comes again and again")

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


def _read_items(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The objects of a list. Raises ApiError where it is none."""
    items: list[dict[str, Any]] = answer.get("items") or []
    parts = [answer, *items] if isinstance(items, list) else [None]
    if not all(isinstance(one, dict) and _has_metadata(one) for one in parts):
        raise ApiError(200, "the answer is no list of objects")
    return items


def _has_metadata(body: dict[str, Any]) -> bool:
    return body.get("metadata") is None or isinstance(body["metadata"], dict)


def _identify(item: dict[str, Any]) -> str:
    """What tells an object from others of its list: not all that serve objects give them a uid."""
    metadata = item.get("metadata") or {}
    return str(metadata.get("uid") or f"{metadata.get('namespace')}/{metadata.get('name')}")
