"""HTTP/1.1 as uvicorn speaks it, with the bounds that it lacks."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD = 64 * 1024
"""Bytes of a request's line and headers; the API server's have a few hundred."""
HEAD_PATIENCE = 10.0
"""Seconds that a head may take."""


def bound(
    most: int, connections: int, client_names: frozenset[str] = frozenset()
) -> type[HttpToolsProtocol]:
    """A protocol for bodies of at most ``most`` bytes, so many connections at a time, and clients
    of these names."""
    bounds = {"most": most, "places": connections, "client_names": client_names, "held": {}}
    return type("Bound", (BoundProtocol,), bounds)


class BoundProtocol(HttpToolsProtocol):
    """A connection; one that sends nothing is closed as one that has nothing more to send.

    ``most``: bytes of one body. ``places``: connections at a time. ``client_names``: names of which
    a client's certificate must carry one; none for any client.
    """

    client_names: frozenset[str] = frozenset()
    most = 0
    places = 0
    held: "dict[BoundProtocol, None]"
    """The connections, the oldest first."""

    _in_head = True
    _received = 0
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.client_names and not is_named(transport, self.client_names):
            self.logger.warning("a client's certificate has none of the names wanted")
            transport.abort()
            return
        self.held[self] = None
        if len(self.held) > self.places:
            self._make_room()
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self.held.pop(self, None)
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def _make_room(self) -> None:
        """Close the oldest connection of those that have never asked anything, which may be this
        one: an API server keeps connections that have."""
        silent = next(one for one in self.held if one.cycle is None)
        self.held.pop(silent)
        silent.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take in what has come.

        The parser keeps a head until it ends, and what follows the last chunk of a body: neither
        may go on for ever. Chunks of a few bytes make a body twice as long.
        """
        self._received += len(data)
        super().data_received(data)
        if self._received > (MAX_HEAD if self._in_head else MAX_HEAD + 2 * self.most):
            self.logger.warning("a request goes on for ever")
            self.transport.abort()
        self._time_head()

    def _time_head(self) -> None:
        """Wait for the rest of a head, but not for ever; most come whole."""
        if self._in_head and self._timer is None:
            self._timer = self.loop.call_later(HEAD_PATIENCE, self.transport.abort)
        elif not self._in_head and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def on_message_begin(self) -> None:
        """A request begins."""
        self._in_head, self._received = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Its head has ended."""
        self._in_head = False
        super().on_headers_complete()


def is_named(transport: asyncio.BaseTransport, names: frozenset[str]) -> bool:
    """Whether the peer's certificate carries one of ``names`` as common name or subject
    alternative name."""
    certificate = transport.get_extra_info("peercert") or {}
    subject = {
        value
        for part in certificate.get("subject", ())
        for key, value in part
        if key == "commonName"
    }
    return not names.isdisjoint(subject | {one for _, one in certificate.get("subjectAltName", ())})
