"""uvicorn's HTTP/1.1 protocol, with the limits that it lacks."""

import asyncio
import ipaddress
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 16 * 1024
"""A request's line and headers; the API server's have a few hundred bytes."""
MAX_HEADERS = 64
"""Each takes a hundred bytes of memory, however short it is."""
HEAD_TIMEOUT = 10.0
"""Seconds that a head may take."""


def bounded_protocol(
    max_body: int,
    refused: Callable[[str, str], None],
    client_names: frozenset[str] = frozenset(),
) -> type[HttpToolsProtocol]:
    """A protocol class with bounds of its own.

    uvicorn names a class in its configuration, so that the bounds cannot be given to instances.
    """
    bounds = {
        "max_body": max_body,
        "refused": staticmethod(refused),
        "client_names": client_names,
    }
    return type("Bounded", (BoundedProtocol,), bounds)


class _Pipelined(Exception):
    """Ends the parsing of what has come."""


class BoundedProtocol(HttpToolsProtocol):
    """A connection. One that never sends a request is closed like one that has sent its last.

    ``max_body``: bytes of one body. ``refused`` is told why a connection is cut. ``client_names``:
    of which a client's certificate must carry one; none for any client. ``on_lost`` is called when
    the connection is gone.
    """

    client_names: frozenset[str] = frozenset()
    max_body = 0
    refused: Callable[[str, str], None]
    on_lost: Callable[[], None] = staticmethod(lambda: None)
    lost = False

    _in_head = True
    _received = 0
    _head_timer: asyncio.TimerHandle | None = None

    @property
    def busy(self) -> bool:
        """Whether a request is waiting for its answer."""
        return self.cycle is not None and not self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.client_names and not has_client_name(transport, self.client_names):
            self._cut("certificate")
            return
        # uvicorn starts this timer after the first response only.
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self.lost = True
        self.on_lost()
        if self._head_timer is not None:
            self._head_timer.cancel()
        super().connection_lost(exc)

    def _cut(self, reason: str) -> None:
        self.refused(reason, address_of(self.client))
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take in what has come."""
        self._received += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        # The parser keeps a head until it ends, and what follows the last chunk of a body: neither
        # may go on for ever. Chunks of a few bytes make a body twice as long.
        allowed = MAX_HEAD_BYTES if self._in_head else MAX_HEAD_BYTES + 2 * self.max_body
        if self._received > allowed or len(self.headers or ()) > MAX_HEADERS:
            self._cut("endless")
        self._time_head()

    def _time_head(self) -> None:
        """Limit the time for the rest of a head; most heads come whole and need no timer."""
        if self._in_head and self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_TIMEOUT, self._cut, "slow")
        elif not self._in_head and self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def on_message_begin(self) -> None:
        """A request begins, after the answer to the last one."""
        # uvicorn would queue it, and thousands in one piece of 256 KiB, which take 30 MB. No API
        # server sends one before its answer (Go's net/http does not pipeline).
        if self.busy:
            self._cut("pipelined")
            raise _Pipelined
        self._in_head, self._received = True, 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """One of its headers; those that are too many are the end of it."""
        if len(self.headers) <= MAX_HEADERS:
            super().on_header(name, value)

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


def address_of(peer: Any) -> str:
    """By what a client is known: its IPv4 address, or the first half of its IPv6 address, of which
    one machine may have any number."""
    host = str(peer[0]) if peer else ""
    if ":" not in host:
        return host
    # A zone (fe80::1%eth0) is part of no prefix.
    prefix = ipaddress.ip_network((host.partition("%")[0], 64), strict=False)
    return str(prefix.network_address)
