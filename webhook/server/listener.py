"""A port that strangers cannot fill: connections are counted before anything is spent on them.

uvicorn leaves accepting to the event loop, which gives each connection a TLS object of 50 KB
before anybody can say no. Here one is a bare socket until its first bytes come, and a few of each
address have their handshake at a time.
"""

import asyncio
import contextlib
import errno
import logging
import socket
import ssl
import sys
from collections import Counter, deque
from collections.abc import Callable
from functools import partial

import uvicorn

from webhook.server.connections import Connection, ConnectionTable
from webhook.server.protocol import BoundedProtocol, address_of

HANDSHAKES = 32
"""Of one address at a time. Each takes a millisecond from the reviews of all."""
HANDSHAKE_TIMEOUT = 3.0
"""Seconds; an API server on the same network takes a hundredth of one."""
SILENCE = 10.0
"""Seconds that the first bytes of a connection may take."""
GOODBYE_TIMEOUT = 1.0
"""Seconds that a client has to answer the end of TLS."""
_ACCEPTED_AT_ONCE = 64
_BACKLOG = 1024
_FAILURE = 3
"""uvicorn's exit code where it cannot listen."""
_NO_FILES = (errno.EMFILE, errno.ENFILE)


class Listener:
    """Accepts connections and gives each a protocol; closes some where there are too many.

    ``refused`` is told why a connection was closed, and of what address.
    """

    def __init__(
        self,
        sock: socket.socket,
        context: ssl.SSLContext | None,
        make_protocol: Callable[[], BoundedProtocol],
        table: ConnectionTable,
        refused: Callable[[str, str], None],
    ) -> None:
        self._sock = sock
        self._context = context
        self._make_protocol = make_protocol
        self._table = table
        self._refused = refused
        self._opening: Counter[str] = Counter()
        self._waiting: dict[str, deque[Connection]] = {}
        self._loop = asyncio.get_running_loop()
        self._suspended = False
        self._listen()

    def close(self) -> None:
        """Stop accepting connections. Open ones stay."""
        if self._sock.fileno() < 0:
            return
        self._loop.remove_reader(self._sock)
        self._sock.close()

    def suspend(self) -> None:
        """Have the kernel refuse new connections; may be called by any thread."""
        with contextlib.suppress(OSError):  # it may be closed
            self._sock.shutdown(socket.SHUT_RDWR)
        self._suspended = True

    def resume(self) -> None:
        """Accept connections again after ``suspend``."""
        if self._suspended and self._sock.fileno() >= 0:
            self._sock.listen(_BACKLOG)
        self._suspended = False

    def _listen(self) -> None:
        if self._sock.fileno() >= 0:
            self._loop.add_reader(self._sock, self._accept)

    def _accept(self) -> None:
        """Take in who has come: not all of them at once, since others are waiting for answers."""
        for _ in range(_ACCEPTED_AT_ONCE):
            try:
                sock, peer = self._sock.accept()
            except OSError as error:
                if error.errno in _NO_FILES:
                    self._loop.remove_reader(self._sock)
                    self._loop.call_later(1.0, self._listen)
                return
            sock.setblocking(False)  # noqa: FBT003 - socket's own word
            self._admit(Connection(sock, address_of(peer)))

    def _admit(self, one: Connection) -> None:
        if self._table.full:
            victim = self._table.choose_victim(one.address)
            self._refused("crowded", (victim or one).address)
            if victim is None:
                one.close()
                return
            self._table.remove(victim)
            victim.close()
        self._table.add(one)
        # Who says nothing costs nothing but this.
        one.expect(partial(self._greeted, one), partial(self._drop, one), SILENCE)

    def _drop(self, one: Connection) -> None:
        self._refused("silent", one.address)
        self._table.remove(one)
        one.close()

    def _greeted(self, one: Connection) -> None:
        """Its first bytes are there."""
        one.expect_no_more()
        self._waiting.setdefault(one.address, deque()).append(one)
        self._open_next(one.address)

    def _open_next(self, address: str) -> None:
        """Begin the handshakes of an address, as many as it may have at a time."""
        waiting = self._waiting.get(address, deque())
        while waiting and self._opening[address] < HANDSHAKES:
            one = waiting.popleft()
            if one.sock.fileno() >= 0:  # it may have been closed to make room
                self._opening[address] += 1
                one.opening = self._loop.create_task(self._open(one))
                # Not in the task: one that is cancelled at once never begins.
                one.opening.add_done_callback(partial(self._opened, address))
        if not waiting:
            self._waiting.pop(address, None)

    async def _open(self, one: Connection) -> None:
        protocol = self._make_protocol()
        protocol.on_lost = partial(self._forget, one)
        try:
            await self._loop.connect_accepted_socket(
                lambda: protocol,
                one.sock,
                ssl=self._context,
                ssl_handshake_timeout=HANDSHAKE_TIMEOUT if self._context else None,
                ssl_shutdown_timeout=GOODBYE_TIMEOUT if self._context else None,
            )
            one.protocol = None if protocol.lost else protocol
        except OSError:
            self._refused("handshake", one.address)
            self._forget(one)

    def _forget(self, one: Connection) -> None:
        self._table.remove(one)
        # They hold each other, and the collector comes late: 100 KB of TLS would wait for it.
        one.protocol = one.opening = None

    def _opened(self, address: str, _task: "asyncio.Task[None]") -> None:
        self._opening[address] -= 1
        if not self._opening[address]:
            del self._opening[address]
        self._open_next(address)


class GuardedServer(uvicorn.Server):
    """uvicorn behind a Listener: at most ``most`` connections."""

    def __init__(
        self, config: uvicorn.Config, most: int, refused: Callable[[str, str], None]
    ) -> None:
        super().__init__(config)
        self._table = ConnectionTable(most)
        self._refused = refused
        self._listener: Listener | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen."""
        await super().startup(sockets or [])
        self._listener = Listener(
            self._bind(), self.config.ssl, self._make_protocol, self._table, self._refused
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting connections, and close the open ones."""
        self.stop_listening()
        await super().shutdown(sockets)

    def stop_listening(self) -> None:
        """Stop accepting connections."""
        if self._listener is not None:
            self._listener.close()

    async def on_tick(self, counter: int) -> bool:
        """Called by uvicorn ten times a second."""
        if self._listener is not None:
            self._listener.resume()
        return await super().on_tick(counter)

    def cut_off(self) -> None:
        """End all connections for their clients and refuse new ones, from another thread, until
        the event loop goes on."""
        if self._listener is not None:
            self._listener.suspend()
        self._table.cut_all()

    def _bind(self) -> socket.socket:
        host, port = self.config.host, self.config.port
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            sock = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        except OSError as error:
            logging.getLogger("uvicorn.error").error(error)  # noqa: TRY400 - its text is enough
            sys.exit(_FAILURE)
        sock.setblocking(False)  # noqa: FBT003 - socket's own word
        return sock

    def _make_protocol(self) -> BoundedProtocol:
        make = self.config.http_protocol_class
        protocol = make(  # type: ignore[call-arg] # uvicorn's types know no constructor
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        assert isinstance(protocol, BoundedProtocol)  # noqa: S101 - the configuration names one
        return protocol
