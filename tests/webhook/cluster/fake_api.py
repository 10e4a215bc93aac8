"""As much of an API server as lists, watches and discovery need, in this process."""

import json
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import urllib3

Tree = dict[str, Any]


class Kind:
    """One resource: its objects, and every change since the last compaction."""

    def __init__(self, group: str, version: str, kind: str, plural: str) -> None:
        self.group, self.version, self.kind, self.plural = group, version, kind, plural
        self.objects: dict[tuple[str, str], Tree] = {}
        self.events: list[tuple[int, Tree]] = []
        self.compacted = 0
        self.list_delay = 0.0
        self.status = 200
        self.list_status = 200

    @property
    def path(self) -> str:
        base = f"/apis/{self.group}" if self.group else "/api"
        return f"{base}/{self.version}/{self.plural}"


class FakeApi:
    """The server's state; every step is done under one lock."""

    def __init__(self) -> None:
        self.kinds: dict[str, Kind] = {}
        self.requests: list[tuple[str, Mapping[str, str]]] = []
        self.changed = threading.Condition()
        self.version = 100
        self.generation = 0
        self.bookmarks = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._pool = urllib3.PoolManager(retries=False, maxsize=20)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.end_watches()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._pool.clear()

    def read(self, path: str, headers: Mapping[str, str], patience: float) -> Any:
        """What a cache reads through."""
        url = f"http://127.0.0.1:{self._server.server_port}{path}"
        timeout = urllib3.Timeout(connect=2.0, read=patience)
        return self._pool.request(
            "GET", url, headers=dict(headers), timeout=timeout, preload_content=False
        )

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

    def put(self, kind: Kind, name: str, namespace: str = "", **body: Any) -> str:
        """Create or change an object; returns its UID."""
        with self.changed:
            self.version += 1
            old = kind.objects.get((namespace, name))
            metadata = {
                "name": name,
                "uid": old["metadata"]["uid"] if old else str(uuid.uuid4()),
                "resourceVersion": str(self.version),
                **({"namespace": namespace} if namespace else {}),
                **body.pop("metadata", {}),
            }
            item = {"metadata": metadata, **body}
            kind.objects[namespace, name] = item
            change = {"type": "MODIFIED" if old else "ADDED", "object": item}
            kind.events.append((self.version, change))
            self.changed.notify_all()
        return str(metadata["uid"])

    def delete(self, kind: Kind, name: str, namespace: str = "", *, quietly: bool = False) -> None:
        """Delete an object; ``quietly``: no watch hears of it."""
        with self.changed:
            self.version += 1
            item = kind.objects.pop((namespace, name))
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

    def end_watches(self) -> None:
        """Cut every watch."""
        with self.changed:
            self.generation += 1
            self.changed.notify_all()

    def asked(self, kind: Kind, *, watch: bool) -> list[Mapping[str, str]]:
        """The queries of the lists, or watches, so far."""
        with self.changed:
            return [
                query
                for path, query in self.requests
                if path == kind.path and ("watch" in query) is watch
            ]


def _handler(api: FakeApi) -> type[BaseHTTPRequestHandler]:  # noqa: C901 - a whole server, in one place
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(address.query).items()}
            with api.changed:
                api.requests.append((address.path, query))
                kind = api.kinds.get(address.path)
            if address.path in ("/api", "/apis"):
                self._discover(address.path)
            elif kind is None:
                self._send({"kind": "Status", "code": 404}, 404)
            elif kind.status != 200:
                self._send({"kind": "Status", "code": kind.status}, kind.status)
            elif "watch" in query:
                self._watch(kind, int(query["resourceVersion"]), float(query["timeoutSeconds"]))
            else:
                self._list(kind, query)

        def _discover(self, root: str) -> None:
            with api.changed:
                kinds = [one for one in api.kinds.values() if one.path.startswith(f"{root}/")]
            tag = str(sorted(one.path for one in kinds))
            if self.headers.get("If-None-Match") == tag:
                self.send_response(304)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            groups = [_discovered(one) for one in kinds]
            self._send({"kind": "APIGroupDiscoveryList", "items": groups}, tag=tag)

        def _list(self, kind: Kind, query: Mapping[str, str]) -> None:
            time.sleep(kind.list_delay)
            if kind.list_status != 200:
                self._send({"kind": "Status", "code": kind.list_status}, kind.list_status)
                return
            with api.changed:
                items = list(kind.objects.values())
                version = str(api.version)
            first = int(query.get("continue", "0"))
            last = first + int(query["limit"])
            token = str(last) if last < len(items) else ""
            metadata = {"resourceVersion": version, "continue": token}
            self._send({"metadata": metadata, "items": items[first:last]})

        def _watch(self, kind: Kind, version: int, seconds: float) -> None:
            if version < kind.compacted:
                self._send({"kind": "Status", "code": 410}, 410)
                return
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for event in _follow(api, kind, version, seconds):
                line = json.dumps(event).encode() + b"\n"
                for part in (line[:7], line[7:]):
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
            self.wfile.write(b"0\r\n\r\n")

        def _send(self, body: Tree, status: int = 200, tag: str = "") -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("ETag", tag)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name
            """Nothing."""

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:
                self.close_connection = True

    return Handler


def _follow(api: FakeApi, kind: Kind, version: int, seconds: float) -> Iterator[Tree]:
    generation = api.generation
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with api.changed:
            fresh = [(at, change) for at, change in kind.events if at > version]
            if not fresh and api.generation == generation:
                api.changed.wait(0.1)
            gone = kind.compacted > version and not fresh
            cut = api.generation != generation
            newest = api.version
        for at, change in fresh:
            version = at
            yield change
        if cut:
            return
        if gone:
            yield {"type": "ERROR", "object": {"kind": "Status", "code": 410, "message": "old"}}
            return
        if api.bookmarks and not fresh and version < newest:
            version = newest
            marked = {"metadata": {"resourceVersion": str(newest)}}
            yield {"type": "BOOKMARK", "object": marked}


def _discovered(kind: Kind) -> Tree:
    resource = {
        "resource": kind.plural,
        "responseKind": {"group": kind.group, "version": kind.version, "kind": kind.kind},
        "scope": "Cluster" if kind.kind.startswith(("Cluster", "Namespace")) else "Namespaced",
        "verbs": ["create", "list", "watch"],
    }
    version = {"version": kind.version, "resources": [resource]}
    return {"metadata": {"name": kind.group} if kind.group else {}, "versions": [version]}


@contextmanager
def running() -> Iterator[FakeApi]:
    """A fake API server for the time of a test."""
    api = FakeApi()
    api.start()
    try:
        yield api
    finally:
        api.stop()
