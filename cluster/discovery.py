"""Where the API server serves a kind: its aggregated discovery (KEP-3352), two small requests.

Whether a custom kind is there is asked again and again, since it may be installed at any time. An
answer that has not changed costs no body: it is asked for by its ETag.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

import orjson

Read: TypeAlias = Callable[[str, Mapping[str, str], float], Any]
"""(path with query, headers, seconds between bytes) -> a urllib3 response that is not read yet,
whatever its status."""

Name: TypeAlias = tuple[str, str]
"""Group and kind."""

ROOTS = ("/api", "/apis")
_ACCEPT = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
_PATIENCE = 10.0
_NEEDED = {"list", "watch"}


class Refused(Exception):
    """The API server answered, but not with what was asked for."""

    def __init__(self, status: int, message: str, after: float = 0.0) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.after = after
        """The seconds that it asks to wait."""


class Resource(NamedTuple):
    """Where all objects of a kind are listed, in the version that the API server prefers."""

    path: str
    namespaced: bool


class Discovery:
    """What the API server serves, as of the last look."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._tags: dict[str, str] = {}
        self._served: dict[str, dict[Name, Resource]] = {}

    def look(self) -> dict[Name, Resource]:
        """Every kind that can be listed and watched. Raises Refused, or what ``read`` raises."""
        for root in ROOTS:
            self._look_at(root)
        return {name: place for root in ROOTS for name, place in self._served[root].items()}

    def _look_at(self, root: str) -> None:
        headers = {"Accept": _ACCEPT}
        if self._tags.get(root):
            headers["If-None-Match"] = self._tags[root]
        response = self._read(root, headers, _PATIENCE)
        try:
            if response.status == 304:
                return
            groups = read_json(response)
        finally:
            response.close()
        if groups.get("kind") != "APIGroupDiscoveryList":
            raise Refused(response.status, f"{root} lists a {groups.get('kind')}; expected v2")
        self._served[root] = dict(_resources(root, groups.get("items") or ()))
        self._tags[root] = response.headers.get("ETag") or ""


def read_json(response: Any) -> Any:
    """The body of an answer. Raises Refused for any status but a good one."""
    body = response.data
    if response.status < 300:
        return orjson.loads(body)
    after = str(response.headers.get("Retry-After") or "")
    text = bytes(body[:300]).decode(errors="replace")
    raise Refused(response.status, text, float(after) if after.isdecimal() else 0.0)


def _resources(root: str, groups: Any) -> Iterator[tuple[Name, Resource]]:
    """Versions stand in the API server's order of preference: the first that serves a kind counts,
    so they are gone through from the last."""
    for group in groups:
        name = group["metadata"].get("name", "")
        base = "/".join(filter(None, (root, name)))
        for version in reversed(group.get("versions") or ()):
            for one in version.get("resources") or ():
                if set(one.get("verbs") or ()) >= _NEEDED and one.get("responseKind"):
                    path = f"{base}/{version['version']}/{one['resource']}"
                    place = Resource(path, one.get("scope") == "Namespaced")
                    yield (name, one["responseKind"]["kind"]), place
