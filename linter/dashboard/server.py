"""The dashboard's process: one event loop that answers, one thread that scans."""

import asyncio
import os
import socket
import ssl
import sys
from collections.abc import Callable
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from linter.errors import UserError
from rules.record import NamedTuple

MOST_CONNECTIONS = 256
_HEAD = 16 * 1024
"""Bytes of a request's line and headers."""
_HEAD_SECONDS = 10.0
_KEEP_ALIVE = 30
_END_SECONDS = 3
_SWITCH_SECONDS = 0.001
"""After so long a thread that judges lets the event loop go on."""
_TICKS = 300
"""Of uvicorn, ten a second: so often certificates are looked at."""


class ListenOptions(NamedTuple):
    """Where to listen, and the certificate's files, if it is to be TLS."""

    host: str
    port: int
    certificate: str | None = None
    key: str | None = None


class ImpatientProtocol(H11Protocol):
    """Closes a connection that is one too many, or sends no request for a while."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()
            return
        self.loop.call_later(_HEAD_SECONDS, self._close_if_silent)

    def _close_if_silent(self) -> None:
        if self.cycle is None and not self.transport.is_closing():
            self.transport.abort()


class CertificateFiles:
    """A TLS context of a certificate and a key in files, which may be written anew."""

    def __init__(self, certificate: str, key: str) -> None:
        self._files = (certificate, key)
        self._seen: tuple[float, ...] = ()
        self.context = _make_context()
        self.load()

    def load(self) -> None:
        """Take up what is in the files, if it is new. Raises UserError, and goes on with what was
        there, where it cannot be used."""
        try:
            times = tuple(os.stat(file).st_mtime for file in self._files)
            if times == self._seen:
                return
            # A context that refuses half of a pair is left with the other half.
            _make_context().load_cert_chain(*self._files)
            self.context.load_cert_chain(*self._files)
        except (OSError, ssl.SSLError) as error:
            files = " and ".join(self._files)
            raise UserError(f"the certificate in {files}: {error.strerror or error}") from None
        self._seen = times


def _make_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class DashboardServer(uvicorn.Server):
    """Looks after the certificate beside answering."""

    def __init__(
        self,
        config: uvicorn.Config,
        certificate: CertificateFiles | None,
        tell: Callable[[str], None],
        end: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._end = end
        self._certificate = certificate
        self._tell = tell
        self._last = ""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen."""
        await super().startup(sockets)
        sys.setswitchinterval(_SWITCH_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End. A signal keeps the code after this from running."""
        self._end()
        await super().shutdown(sockets)

    async def on_tick(self, counter: int) -> bool:
        """Called ten times a second."""
        if self._certificate is not None and counter % _TICKS == 0:
            self._look_after(self._certificate)
        return await super().on_tick(counter)

    def _look_after(self, certificate: CertificateFiles) -> None:
        try:
            certificate.load()
            self._last = ""
        except UserError as error:
            if str(error) != self._last:
                self._last = str(error)
                self._tell(self._last)


def listen(options: ListenOptions) -> socket.socket:
    """The socket to answer at. Raises UserError where it cannot be had."""
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    # By its protocol asyncio knows that small answers may go out at once.
    one = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind((options.host, options.port))
        one.listen(MOST_CONNECTIONS)
    except OSError as error:
        one.close()
        where = f"port {options.port} of {options.host}"
        raise UserError(f"cannot listen at {where}: {error.strerror}") from None
    return one


def make_server(
    app: ASGIApp,
    options: ListenOptions,
    tell: Callable[[str], None],
    end: Callable[[], None] = lambda: None,
) -> DashboardServer:
    """A server that is not running yet; ``end`` is called when it is told to end. Raises UserError
    for a certificate that cannot be used."""
    certificate = None
    if options.certificate is not None and options.key is not None:
        certificate = CertificateFiles(options.certificate, options.key)
    settings: dict[str, Any] = {
        "http": ImpatientProtocol,
        "ws": "none",
        "lifespan": "off",
        "loop": "asyncio",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        # Else a client on localhost could say that it is somebody else.
        "proxy_headers": False,
        "h11_max_incomplete_event_size": _HEAD,
        "timeout_keep_alive": _KEEP_ALIVE,
        "timeout_graceful_shutdown": _END_SECONDS,
    }
    config = uvicorn.Config(app, **settings)
    config.load()
    if certificate is not None:
        config.ssl = certificate.context
    return DashboardServer(config, certificate, tell, end)
