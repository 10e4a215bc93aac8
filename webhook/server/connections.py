"""The open connections of a port, by the address that holds them.

Where places run short, the address that holds the most loses one. A stranger with a thousand
connections so takes places from nobody but itself, and an API server needs no more than a few.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable

from webhook.server.protocol import BoundedProtocol


class Connection:
    """One client's connection, from the moment when it is accepted.

    First it is a bare socket, then ``opening`` is the task of its handshake, then it has a
    ``protocol``.
    """

    def __init__(self, sock: socket.socket, address: str) -> None:
        self.sock = sock
        self.address = address
        self.opening: asyncio.Task[None] | None = None
        self.protocol: BoundedProtocol | None = None
        self._loop = asyncio.get_running_loop()
        self._silence: asyncio.TimerHandle | None = None

    def expect(
        self, greeted: Callable[[], object], silent: Callable[[], object], seconds: float
    ) -> None:
        """Call ``greeted`` when the first bytes come, and ``silent`` where none do."""
        self._loop.add_reader(self.sock, greeted)
        self._silence = self._loop.call_later(seconds, silent)

    def expect_no_more(self) -> None:
        """Call neither any more."""
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None
            self._loop.remove_reader(self.sock)

    @property
    def busy(self) -> bool:
        """Whether a request is waiting for its answer."""
        return self.protocol is not None and self.protocol.busy

    def cut(self) -> None:
        """End it for its client, from another thread, while the event loop stands still; the loop
        learns of it later."""
        # It may be closed, or never have been connected.
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close it at once, however far it has come."""
        if self.protocol is not None:
            self.protocol.transport.abort()
        elif self.opening is not None:
            self.opening.cancel()
        else:
            self.expect_no_more()
            self.sock.close()


class ConnectionTable:
    """At most so many connections; used by one event loop's thread, but for ``cut_all``."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._count = 0
        self._held: dict[str, dict[Connection, None]] = {}
        """Of each address the connections, the oldest first: dicts for order and quick removal."""

    @property
    def full(self) -> bool:
        return self._count >= self._most

    def add(self, one: Connection) -> None:
        self._held.setdefault(one.address, {})[one] = None
        self._count += 1

    def remove(self, one: Connection) -> None:
        """Take out a connection, which may have been taken out before."""
        of_address = self._held.get(one.address, {})
        if one not in of_address:
            return
        del of_address[one]
        self._count -= 1
        if not of_address:
            del self._held[one.address]

    def cut_all(self) -> None:
        """End all connections for their clients; may be called by any thread."""
        for held in tuple(self._held.values()):
            for one in tuple(held):
                one.cut()

    def choose_victim(self, newcomer: str) -> Connection | None:
        """The connection that makes room for one of the address ``newcomer``: the oldest idle one
        of the address that holds the most. None where all are busy and nobody holds more than it
        does."""
        largest = max(self._held.values(), key=len)
        idle = next((one for one in largest if not one.busy), None)
        if idle is not None or len(largest) <= len(self._held.get(newcomer, ())) + 1:
            return idle
        return next(iter(largest))
