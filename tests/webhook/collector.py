"""A collector of spans on loopback: OTLP over HTTP, as an exporter speaks it."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

HOST = "127.0.0.1"


class Collector(http.server.ThreadingHTTPServer):
    """Takes spans by OTLP over HTTP, and keeps them."""

    def __init__(self) -> None:
        super().__init__((HOST, 0), CollectorHandler)
        self.requests: list[ExportTraceServiceRequest] = []
        self.headers: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_port}"

    @property
    def spans(self) -> list[Any]:
        resources = [one for request in self.requests for one in request.resource_spans]
        return [span for one in resources for scope in one.scope_spans for span in scope.spans]


class CollectorHandler(http.server.BaseHTTPRequestHandler):
    """One request of an exporter."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        server = self.server
        assert isinstance(server, Collector)
        assert self.path == "/v1/traces"
        server.headers.append({key.lower(): value for key, value in self.headers.items()})
        server.requests.append(ExportTraceServiceRequest.FromString(body))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector on loopback until the end of the block."""
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
