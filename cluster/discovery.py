"""Where the API server serves a kind: its aggregated discovery (KEP-3352), two small requests.

A custom kind may be installed at any time, so that discovery is asked again and again. An answer
that has not changed costs no body: it is asked for with its ETag.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import quote

import orjson

from cluster.client import ApiError

ReadApi: TypeAlias = Callable[[str, Mapping[str, str], float], Any]
"""``Client.read``: (path with query, headers, seconds between bytes) -> a urllib3 response with the
body still to be read, whatever its status."""

KindName: TypeAlias = tuple[str, str]
"""Group and kind."""

_ROOTS = ("/api", "/apis")
_ACCEPT = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
_TIMEOUT = 10.0
_NEEDED_VERBS = {"list", "watch"}


class Resource(NamedTuple):
    """Where all objects of a kind are listed, in the version that the API server prefers."""

    path: str
    namespaced: bool

    @property
    def api_version(self) -> str:
        """``/apis/batch/v1/jobs`` -> ``batch/v1``."""
        _, root, *rest = self.path.split("/")
        return "/".join(rest[:-1]) if root == "apis" else rest[0]

    def within(self, namespace: str) -> str:
        """Where those of a namespace are listed."""
        if not (self.namespaced and namespace):
            return self.path
        base, _, plural = self.path.rpartition("/")
        return f"{base}/namespaces/{quote(namespace)}/{plural}"


class Discovery:
    """What the API server serves, as of the last refresh."""

    def __init__(self, read: ReadApi) -> None:
        self._read = read
        self._etags: dict[str, str] = {}
        self._served: dict[str, dict[KindName, Resource]] = {}

    def refresh(self) -> dict[KindName, Resource]:
        """Every kind that can be listed and watched. Raises ApiError, or what ``read`` raises."""
        for root in _ROOTS:
            self._refresh_root(root)
        return {name: found for root in _ROOTS for name, found in self._served[root].items()}

    def _refresh_root(self, root: str) -> None:
        headers = {"Accept": _ACCEPT}
        if self._etags.get(root):
            headers["If-None-Match"] = self._etags[root]
        response = self._read(root, headers, _TIMEOUT)
        try:
            if response.status == 304:
                return
            groups = read_json(response)
        finally:
            response.close()
        # A server without aggregated discovery ignores the Accept header and answers with its
        # older list of groups, which names no resources.
        if groups.get("kind") != "APIGroupDiscoveryList":
            raise ApiError(response.status, f"{root} lists a {groups.get('kind')}; expected v2")
        try:
            self._served[root] = dict(_resources(root, groups.get("items") or ()))
        except (AttributeError, KeyError, TypeError):
            text = f"{root} answers with a list of groups that is none"
            raise ApiError(response.status, text) from None
        self._etags[root] = response.headers.get("ETag") or ""


def read_json(response: Any) -> dict[str, Any]:
    """The object that a response carries. Raises ApiError for any status but a good one, and where
    it carries none, as from a proxy that asks who is there."""
    body = response.data
    if response.status < 300:
        return _read_object(response)
    retry_after = str(response.headers.get("Retry-After") or "")
    seconds = float(retry_after) if retry_after.isdecimal() else 0.0
    raise ApiError(response.status, _read_message(body), seconds)


def _read_object(response: Any) -> dict[str, Any]:
    try:
        found = orjson.loads(response.data)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        kind = response.headers.get("Content-Type") or "no type"
        raise ApiError(response.status, f"expected an object in JSON, found {kind}")
    return found


def _read_message(body: bytes) -> str:
    """The message of a ``Status``, or a proxy's answer as it is."""
    try:
        return str(orjson.loads(body)["message"])
    except (ValueError, TypeError, KeyError):
        return bytes(body[:300]).decode(errors="replace").strip()


def _resources(root: str, groups: Any) -> Iterator[tuple[KindName, Resource]]:
    """Each kind with its resource, the preferred version of a kind last."""
    for group in groups:
        name = group["metadata"].get("name", "")
        base = "/".join(filter(None, (root, name)))
        # Versions stand in the server's order of preference: the last pair of a key wins in a
        # dict, so the preferred version has to come last.
        for version in reversed(group.get("versions") or ()):
            for one in version.get("resources") or ():
                if set(one.get("verbs") or ()) >= _NEEDED_VERBS and one.get("responseKind"):
                    path = f"{base}/{version['version']}/{one['resource']}"
                    namespaced = one.get("scope") == "Namespaced"
                    yield (name, one["responseKind"]["kind"]), Resource(path, namespaced)
