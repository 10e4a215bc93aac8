"""What a cluster held at one time, kept so that it can be judged again without asking for it."""

import zlib
from collections.abc import Iterator

import orjson

from cluster.client import ApiError
from cluster.discovery import Resource
from cluster.listing import Lister
from rules.type_names import Any, TypeAlias

_CHUNK = 64
"""Objects that are compressed together: what they share is kept once."""
_FASTEST = 1
_NOT_KEPT = 404

_Key: TypeAlias = tuple[str, str | None, str]


class _NoCluster(Lister):
    """Nothing can be listed there, and nothing is found."""

    def __init__(self) -> None:
        """It needs no connection, since it never asks the cluster."""

    def list_objects(
        self, resource: Resource, _namespace: str | None = None, _selector: str = ""
    ) -> Iterator[dict[str, Any]]:
        raise ApiError(_NOT_KEPT, f"{resource.path} was not kept")

    def find_object(
        self, _resource: Resource, _namespace: str | None, _name: str
    ) -> dict[str, Any] | None:
        return None


class Snapshot(Lister):
    """Lists each collection once, keeps it compressed, and gives it from memory from then on, as
    well as the error where it could not be listed.

    ``most``: bytes that may be kept. Where they do not suffice nothing is, ``whole`` is false, and
    every collection is asked for each time. ``errors`` are why collections could not be listed.
    """

    def __init__(self, lister: Lister, most: int) -> None:
        self.whole = True
        self.size = 0
        self.errors: dict[_Key, ApiError] = {}
        self._lister = lister
        self._most = most
        self._kept: dict[_Key, list[bytes]] = {}

    def list_objects(
        self, resource: Resource, namespace: str | None = None, selector: str = ""
    ) -> Iterator[dict[str, Any]]:
        """Every object of a resource, as in ``Lister``. Raises ApiError."""
        key = (resource.path, namespace, selector)
        if key not in self._kept or not self.whole:
            yield from self._record(key, resource)
            return
        for chunk in self._kept[key]:
            yield from orjson.loads(zlib.decompress(chunk))
        if key in self.errors:
            raise self.errors[key]

    def find_object(
        self, resource: Resource, namespace: str | None, name: str
    ) -> dict[str, Any] | None:
        """One object as it is now, asked for again: whole collections are kept, and no index."""
        return self._lister.find_object(resource, namespace, name)

    def without_cluster(self) -> "Snapshot":
        """The same snapshot for a process without a connection to the cluster."""
        kept = Snapshot(_NoCluster(), self._most)
        kept.whole, kept.size, kept.errors, kept._kept = (
            self.whole,
            self.size,
            self.errors,
            self._kept,
        )
        return kept

    def _record(self, key: _Key, resource: Resource) -> Iterator[dict[str, Any]]:
        """List, and keep what was listed: all of it, or what came before an error. Of a listing
        that nobody takes to its end nothing is kept."""
        chunks: list[bytes] = []
        open_chunk: list[dict[str, Any]] = []
        try:
            for item in self._lister.list_objects(resource, *key[1:]):
                yield item
                open_chunk.append(item)
                if len(open_chunk) == _CHUNK:
                    chunks.append(self._compress(open_chunk))
                    open_chunk = []
        except ApiError as error:
            self._keep(key, [*chunks, self._compress(open_chunk)])
            self.errors[key] = error
            raise
        self._keep(key, [*chunks, self._compress(open_chunk)])

    def _compress(self, objects: list[dict[str, Any]]) -> bytes:
        if not self.whole:
            return b""
        chunk = zlib.compress(orjson.dumps(objects), _FASTEST)
        self.size += len(chunk)
        if self.size > self._most:
            self.whole = False
            self.size = 0
            self._kept.clear()
        return chunk

    def _keep(self, key: _Key, chunks: list[bytes]) -> None:
        if self.whole:
            self._kept[key] = chunks
