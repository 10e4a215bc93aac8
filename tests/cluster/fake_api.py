"""As much of an API server as mlgate needs, in this process: discovery, lists, watches, writes."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import urllib3
from kubernetes.client import Configuration

from cluster.client import Client
from tests.cluster.fake_store import (
    Failure,
    Kind,
    Place,
    Request,
    Store,
    Tree,
    is_selected,
    read_request,
)

__all__ = ["FakeApi", "Kind", "running"]

_OF_AN_OBJECT = ("ADDED", "MODIFIED", "DELETED")


class FakeApi(Store):
    """A store behind HTTP."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[tuple[str, Mapping[str, str]]] = []
        self.authorizations: list[str] = []
        self.bookmarks = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._pool = urllib3.PoolManager(retries=False, maxsize=20)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def client(self) -> Client:
        """What talks to this server, without credentials."""
        return Client(Configuration(host=self.url))

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
        timeout = urllib3.Timeout(connect=2.0, read=patience)
        return self._pool.request(
            "GET",
            f"{self.url}{path}",
            headers=dict(headers),
            timeout=timeout,
            preload_content=False,
        )

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
        # Head and body are sent apart: together with delayed acknowledgements that is 40 ms each.
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            request = read_request("GET", self.path, None, "")
            with api.changed:
                api.requests.append((request.path, request.query))
                api.authorizations.append(self.headers.get("Authorization", ""))
                place = api.locate(request.path)
            if request.path in ("/api", "/apis"):
                self._discover(request.path)
            elif place is None or place.name:
                self._answer(request)
            elif place.kind.status != 200:
                self._refuse(Failure(place.kind.status, "as the test says"))
            elif "watch" in request.query:
                self._watch(place, request.query)
            else:
                self._list(place, request.query)

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            body = json.loads(self.rfile.read(length) or b"null")
            form = self.headers.get("Content-Type", "")
            self._answer(read_request(self.command, self.path, body, form))

        do_PUT = do_PATCH = do_DELETE = do_POST  # noqa: N815 - the server's names

        def _answer(self, request: Request) -> None:
            try:
                answer = api.answer(request)
            except Failure as failure:
                self._refuse(failure)
                return
            self._send(answer)

        def _refuse(self, failure: Failure) -> None:
            if failure.status == 0:
                self.close_connection = True
                return
            body = {"kind": "Status", "code": failure.status, "message": str(failure)}
            self._send(body, failure.status)

        def _discover(self, root: str) -> None:
            with api.changed:
                shown = [one for one in api.kinds.values() if not one.hidden]
                kinds = [one for one in shown if one.path.startswith(f"{root}/")]
            tag = str(sorted(one.path for one in kinds))
            if self.headers.get("If-None-Match") == tag:
                self.send_response(304)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            groups = [_discovered(one) for one in kinds]
            self._send({"kind": "APIGroupDiscoveryList", "items": groups}, tag=tag)

        def _list(self, place: Place, query: Mapping[str, str]) -> None:
            kind = place.kind
            kind.lists.wait(20.0)
            if kind.list_status != 200:
                self._refuse(Failure(kind.list_status, "as the test says"))
                return
            with api.changed:
                items = [one for one in kind.objects.values() if is_selected(one, place, query)]
                version = str(api.version)
            first = int(query.get("continue", "0"))
            last = first + int(query.get("limit", len(items)))
            token = str(last) if last < len(items) else ""
            metadata = {"resourceVersion": version, "continue": token}
            self._send({"metadata": metadata, "items": items[first:last]})

        def _watch(self, place: Place, query: Mapping[str, str]) -> None:
            version = int(query.get("resourceVersion") or place.kind.compacted)
            if version < place.kind.compacted:
                self._refuse(Failure(410, "too old"))
                return
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            seconds = float(query["timeoutSeconds"])
            for event in _follow(api, place.kind, version, seconds):
                if event["type"] in _OF_AN_OBJECT and not is_selected(
                    event["object"], place, query
                ):
                    continue
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
