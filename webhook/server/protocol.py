"""HTTP/1.1 as uvicorn speaks it, with the bounds that it lacks."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 64 * 1024
"""A request's line and headers; the API server's have a few hundred bytes."""
HEAD_TIMEOUT = 10.0
"""Seconds that a head may take."""


def bounded_protocol(
    max_body: int, max_connections: int, client_names: frozenset[str] = frozenset()
) -> type[HttpToolsProtocol]:
    """A protocol class with bounds of its own and a list of connections of its own.

    uvicorn makes the instances, so that the bounds cannot be given to them.
    """
    bounds = {
        "max_body": max_body,
        "max_connections": max_connections,
        "client_names": client_names,
        "connections_by_age": {},
    }
    return type("Bounded", (BoundedProtocol,), bounds)


class BoundedProtocol(HttpToolsProtocol):
    """A connection. One that never sends a request is closed like one that has sent its last.

    ``max_body``: bytes of one body. ``max_connections``: at a time. ``client_names``: of which a
    client's certificate must carry one; none for any client.
    """

    client_names: frozenset[str] = frozenset()
    max_body = 0
    max_connections = 0
    connections_by_age: "dict[BoundedProtocol, None]"
    """The open connections, the oldest first: a dict for its order and quick removal."""

    _in_head = True
    _received = 0
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.client_names and not has_client_name(transport, self.client_names):
            self.logger.warning("a client's certificate has none of the names wanted")
            transport.abort()
            return
        self.connections_by_age[self] = None
        if len(self.connections_by_age) > self.max_connections:
            self._evict()
        # uvicorn starts this timer after the first response only.
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self.connections_by_age.pop(self, None)
        if self._head_timer is not None:
            self._head_timer.cancel()
        super().connection_lost(exc)

    def _evict(self) -> None:
        """Close the oldest connection that has never sent a request, which may be this one: an API
        server keeps using those that have."""
        silent = next(one for one in self.connections_by_age if one.cycle is None)
        self.connections_by_age.pop(silent)
        silent.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take in what has come."""
        self._received += len(data)
        super().data_received(data)
        # The parser keeps a head until it ends, and what follows the last chunk of a body: neither
        # may go on for ever. Chunks of a few bytes make a body twice as long.
        allowed = MAX_HEAD_BYTES if self._in_head else MAX_HEAD_BYTES + 2 * self.max_body
        if self._received > allowed:
            self.logger.warning("a request goes on for ever")
            self.transport.abort()
        self._time_head()

    def _time_head(self) -> None:
        """Limit the time for the rest of a head; most heads come whole and need no timer."""
        if self._in_head and self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_TIMEOUT, self.transport.abort)
        elif not self._in_head and self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def on_message_begin(self) -> None:
        """A request begins."""
        self._in_head, self._received = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Its head has ended."""
        self._in_head = False
        super().on_headers_complete()


def has_client_name(transport: asyncio.BaseTransport, names: frozenset[str]) -> bool:
    """Whether the peer's certificate carries one of ``names`` as common name or subject
    alternative name."""
    certificate = transport.get_extra_info("peercert") or {}
    common = {
        value
        for part in certificate.get("subject", ())
        for key, value in part
        if key == "commonName"
    }
    return not names.isdisjoint(common | {one for _, one in certificate.get("subjectAltName", ())})
