"""Objects as an API server keeps them: versions, conflicts, server-side apply, and no fields but
those of their kinds. No transport."""

import copy
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import parse_qs, urlsplit

from cluster.client import ApiError, Client, Conflict
from tests.api_schema import keep_known_fields

Tree = dict[str, Any]
Path: TypeAlias = tuple[Any, ...]
"""Keys into an object; an item of a list that is a map by name is a ``Named``."""

MERGE = "application/merge-patch+json"
APPLY = "application/apply-patch+yaml"

_BY_NAME = {"webhooks", "matchConditions"}
"""Lists that are maps by ``name`` (``listType=map``)."""
_ATOMIC = {"namespaceSelector", "objectSelector"}
"""Mappings that have one owner (``structType=atomic``)."""
_NOT_OWNED = ("apiVersion", "kind")
_OF_THE_SERVER = {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"}


class Named(NamedTuple):
    """The key of an item in a list that is a map by name."""

    name: str


class Failure(Exception):
    """What the server refuses, with its HTTP status. 0: nothing is heard of it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Request(NamedTuple):
    """One request, as the server reads it."""

    verb: str
    path: str
    query: Mapping[str, str]
    body: Any
    form: str


class Kind:
    """One resource: its objects, and every change since the last compaction."""

    def __init__(self, group: str, version: str, kind: str, plural: str) -> None:
        self.group, self.version, self.kind, self.plural = group, version, kind, plural
        self.objects: dict[tuple[str, str], Tree] = {}
        self.owners: dict[tuple[str, str], dict[str, set[Path]]] = {}
        self.events: list[tuple[int, Tree]] = []
        self.compacted = 0
        self.lists = threading.Event()
        """Cleared, no list is answered."""
        self.lists.set()
        self.status = 200
        self.list_status = 200
        self.hidden = False
        """Served, but not discovered."""

    def decode(self, body: Tree) -> Tree:
        """The object as the server reads it: without the fields that its kind does not have."""
        return keep_known_fields(body, self.group, self.version, self.kind)

    @property
    def base(self) -> str:
        prefix = f"/apis/{self.group}" if self.group else "/api"
        return f"{prefix}/{self.version}"

    @property
    def path(self) -> str:
        return f"{self.base}/{self.plural}"


class Place(NamedTuple):
    """What a path names: a kind, a namespace or all, an object or all."""

    kind: Kind
    namespace: str
    name: str

    @property
    def key(self) -> tuple[str, str]:
        return self.namespace, self.name


class Store:
    """The objects of a server; every step is done under one lock.

    ``fault`` may answer for the server: it is given each write or read of one object and either
    raises Failure, or returns whether the answer is to be lost after the work is done.
    """

    def __init__(self) -> None:
        self.kinds: dict[str, Kind] = {}
        self.writes: list[Request] = []
        self.changed = threading.Condition()
        self.version = 100
        self.generation = 0
        self.fault: Callable[[Request], bool] = lambda _request: False

    def serve(self, group: str, version: str, kind: str, plural: str) -> Kind:
        """Install a kind."""
        one = Kind(group, version, kind, plural)
        with self.changed:
            self.version += 1
            self.kinds[one.path] = one
        return one

    def withdraw(self, kind: Kind) -> None:
        """Uninstall a kind; its watches end."""
        with self.changed:
            self.version += 1
            del self.kinds[kind.path]
        self.end_watches()

    def end_watches(self) -> None:
        """Cut every watch."""
        with self.changed:
            self.generation += 1
            self.changed.notify_all()

    def put(self, kind: Kind, name: str, namespace: str = "", **body: Any) -> str:
        """Create or change an object, past all rules; returns its UID."""
        with self.changed:
            metadata = {"name": name, **body.pop("metadata", {})}
            if namespace:
                metadata["namespace"] = namespace
            item = kind.decode({**body, "metadata": metadata})
            return str(self._keep(kind, (namespace, name), item))

    def delete(self, kind: Kind, name: str, namespace: str = "", *, quietly: bool = False) -> None:
        """Delete an object; ``quietly``: no watch hears of it."""
        with self.changed:
            self.version += 1
            item = kind.objects.pop((namespace, name))
            kind.owners.pop((namespace, name), None)
            if not quietly:
                metadata = {**item["metadata"], "resourceVersion": str(self.version)}
                change = {"type": "DELETED", "object": {**item, "metadata": metadata}}
                kind.events.append((self.version, change))
            self.changed.notify_all()

    def compact(self, kind: Kind) -> None:
        """Forget all changes: whoever watches from before them has to list anew."""
        with self.changed:
            kind.compacted = self.version = self.version + 1
            kind.events.clear()

    def locate(self, path: str) -> Place | None:
        """What a path names, None where no such kind is served."""
        for kind in self.kinds.values():
            if not path.startswith(f"{kind.base}/"):
                continue
            parts = path.removeprefix(f"{kind.base}/").split("/")
            namespace = parts[1] if parts[0] == "namespaces" and len(parts) > 2 else ""
            rest = parts[2:] if namespace else parts
            if rest[0] == kind.plural and len(rest) <= 2:
                return Place(kind, namespace, rest[1] if len(rest) == 2 else "")
        return None

    def answer(self, request: Request) -> Tree:
        """Do what a request for one object asks, and return what the server answers. Raises
        Failure."""
        with self.changed:
            lost = self.fault(request)
            done = copy.deepcopy(self._do(request))
        if lost:
            raise Failure(0, "the answer is lost")
        return done

    def written(self, verb: str = "") -> list[str]:
        """The paths of the writes that changed something, in order."""
        return [one.path for one in self.writes if verb in ("", one.verb)]

    def _do(self, request: Request) -> Tree:
        place = self.locate(request.path)
        if place is None:
            raise Failure(404, f"{request.path} is not served")
        if place.kind.status != 200:
            raise Failure(place.kind.status, "as the test says")
        match request.verb:
            case "GET":
                return self._find(place)
            case "POST":
                return self._create(place, request)
            case "PUT":
                return self._replace(place, request)
            case "PATCH":
                return self._patch(place, request)
            case "DELETE":
                self._find(place)
                self.delete(place.kind, place.name, place.namespace)
                self.writes.append(request)
                return {"kind": "Status", "status": "Success"}
        raise Failure(405, request.verb)

    def _find(self, place: Place) -> Tree:
        try:
            return place.kind.objects[place.key]
        except KeyError:
            raise Failure(404, f"{place.kind.plural} {place.name!r} not found") from None

    def _create(self, place: Place, request: Request) -> Tree:
        key = place.namespace, request.body["metadata"]["name"]
        if key in place.kind.objects:
            raise Failure(409, f"{place.kind.plural} {key[1]!r} already exists")
        return self._update(place._replace(name=key[1]), request, {}, request.body)

    def _replace(self, place: Place, request: Request) -> Tree:
        live = self._find(place)
        version = request.body["metadata"].get("resourceVersion")
        if not version:
            raise Failure(422, "metadata.resourceVersion: must be specified for an update")
        if version != live["metadata"]["resourceVersion"]:
            raise Failure(409, "the object has been modified")
        return self._update(place, request, live, request.body)

    def _patch(self, place: Place, request: Request) -> Tree:
        if request.form == APPLY:
            return self._apply(place, request)
        if request.form != MERGE:
            raise Failure(415, request.form)
        live = self._find(place)
        wanted = _merge(live, request.body)
        if wanted["metadata"]["resourceVersion"] != live["metadata"]["resourceVersion"]:
            raise Failure(409, "the object has been modified")
        return self._update(place, request, live, wanted)

    def _update(self, place: Place, request: Request, live: Tree, wanted: Tree) -> Tree:
        """What a create, an update or a merge patch writes belongs to whoever wrote it."""
        before, after = _leaves(live), _leaves(wanted)
        changed = {path for path, value in after.items() if before.get(path) != value}
        owners = place.kind.owners.setdefault(place.key, {})
        for fields in owners.values():
            fields.intersection_update(after.keys() - changed)
        owners.setdefault(request.query.get("fieldManager", "somebody"), set()).update(changed)
        return self._write(place, request, wanted)

    def _apply(self, place: Place, request: Request) -> Tree:
        """Server-side apply (KEP-555): the fields of the body belong to the manager; those that it
        had before, and nobody else has, go."""
        live = place.kind.objects.get(place.key, {})
        owners = place.kind.owners.setdefault(place.key, {})
        manager = f"apply {request.query['fieldManager']}"
        before, wanted = _leaves(live), _leaves(request.body)
        for other, fields in owners.items():
            taken = {path for path in fields & wanted.keys() if before.get(path) != wanted[path]}
            if other == manager:
                continue
            if taken and request.query.get("force") != "true":
                raise Failure(409, f"conflict with {other}")
            fields.difference_update(taken)
        dropped = owners.get(manager, set()) - wanted.keys()
        owners[manager] = set(wanted)
        kept = set[Path]().union(*owners.values())
        after = {path: value for path, value in before.items() if path not in dropped - kept}
        named = {key: request.body[key] for key in _NOT_OWNED}
        return self._write(place, request, {**named, **_grow({**after, **wanted})})

    def _write(self, place: Place, request: Request, wanted: Tree) -> Tree:
        wanted = place.kind.decode(wanted)
        _check(place.kind, wanted)
        live = place.kind.objects.get(place.key)
        metadata = {
            **wanted.get("metadata", {}),
            **{key: value for key, value in _server_fields(live) if value},
            "name": place.name,
            **({"namespace": place.namespace} if place.namespace else {}),
        }
        body = {key: value for key, value in wanted.items() if value != [] or key != "webhooks"}
        body["metadata"] = metadata
        if body != live:
            self._keep(place.kind, place.key, body)
            self.writes.append(request)
        return place.kind.objects[place.key]

    def _keep(self, kind: Kind, key: tuple[str, str], body: Tree) -> str:
        self.version += 1
        old = kind.objects.get(key)
        body["metadata"] = {
            **body["metadata"],
            "uid": (old or body)["metadata"].get("uid") or str(uuid.uuid4()),
            "resourceVersion": str(self.version),
        }
        kind.objects[key] = body
        kind.events.append((self.version, {"type": "MODIFIED" if old else "ADDED", "object": body}))
        self.changed.notify_all()
        return str(body["metadata"]["uid"])


def install(store: Store) -> None:
    """Serve the kinds that mlgate writes."""
    store.serve("coordination.k8s.io", "v1", "Lease", "leases")
    store.serve("", "v1", "Secret", "secrets")
    for kind in ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"):
        store.serve("admissionregistration.k8s.io", "v1", kind, f"{kind.lower()}s")


class StoreClient(Client):
    """A client whose server is a store in this process: no socket, no thread."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def _send(self, verb: str, path: str, body: Any = None, form: str = "application/json") -> Tree:
        try:
            return self._store.answer(read_request(verb, path, body, form))
        except Failure as failure:
            kind = Conflict if failure.status == 409 else ApiError
            raise kind(failure.status, str(failure)) from None


def read_request(verb: str, path: str, body: Any, form: str) -> Request:
    """A request with the query of its path taken apart."""
    address = urlsplit(path)
    query = {key: values[0] for key, values in parse_qs(address.query).items()}
    return Request(verb, address.path, query, copy.deepcopy(body), form)


def is_selected(item: Tree, place: Place, query: Mapping[str, str]) -> bool:
    """Whether an object is among those that a list or a watch asks for."""
    metadata = item["metadata"]
    fields = [one.split("=") for one in query.get("fieldSelector", "").split(",") if one]
    key, _, value = query.get("labelSelector", "").partition("=")
    return (
        place.namespace in ("", metadata.get("namespace"))
        and all(metadata.get(field.removeprefix("metadata.")) == one for field, one in fields)
        and (not key or (metadata.get("labels") or {}).get(key) == value)
    )


def _server_fields(live: Tree | None) -> Iterator[tuple[str, Any]]:
    metadata = (live or {}).get("metadata") or {}
    yield from ((key, metadata.get(key)) for key in _OF_THE_SERVER)


def _check(kind: Kind, body: Tree) -> None:
    """The rules of validation that matter here (``ValidateLeaseSpec``, ``validateWebhook``)."""
    if kind.kind == "Lease" and int(body["spec"].get("leaseDurationSeconds") or 0) <= 0:
        raise Failure(422, "spec.leaseDurationSeconds: must be greater than 0")
    for hook in body.get("webhooks") or ():
        client = hook.get("clientConfig", {})
        if "url" in client and "service" in client:
            raise Failure(422, "clientConfig: exactly one of url or service is required")


def _merge(live: Any, patch: Any) -> Any:
    """A JSON merge patch (RFC 7386)."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    merged = dict(live) if isinstance(live, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merge(merged.get(key), value)
    return merged


def _leaves(body: Tree) -> dict[Path, Any]:
    """The fields of an object that can be owned, by path."""
    own = {key: value for key, value in body.items() if key not in _NOT_OWNED}
    metadata = own.get("metadata") or {}
    own["metadata"] = {k: value for k, value in metadata.items() if k not in _OF_THE_SERVER}
    return dict(_fields(own, ()))


def _fields(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    last = path[-1] if path else ""
    if isinstance(value, dict) and last not in _ATOMIC:
        for key, inner in value.items():
            yield from _fields(inner, (*path, key))
    elif isinstance(value, list) and last in _BY_NAME:
        for item in value:
            yield from _fields(item, (*path, Named(item["name"])))
    else:
        yield path, value


def _grow(fields: Mapping[Path, Any]) -> Tree:
    """The object that has these fields; lists by name in the order of their first field."""
    body: Tree = {}
    for path, value in fields.items():
        place: Any = body
        for key, after in zip(path, (*path[1:], None), strict=True):
            place = _enter(place, key, value, after)
    return body


def _enter(place: Any, key: Any, value: Any, after: Any) -> Any:
    if isinstance(key, Named):
        found = next((item for item in place if item.get("name") == key.name), None)
        if found is None:
            found = {"name": key.name}
            place.append(found)
        return found
    if after is None:
        place[key] = copy.deepcopy(value)
        return None
    return place.setdefault(key, [] if isinstance(after, Named) else {})
