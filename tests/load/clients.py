"""Clients of replicas that behave as an API server's: they keep connections, and change them."""

import contextlib
import http.client
import select
import socket
import threading
import time
from collections import Counter

from tests.load.sized_reviews import make_job
from tests.threads import Threads
from tests.webhook.processes import Served, ask

RATE, THREADS = 200, 8
"""Reviews a second, from so many threads."""
ON_ONE = 50
"""Requests on one connection."""
TIMEOUT = 2.0
"""Seconds that the registered webhook gives a review: what comes later has failed."""


class Tally:
    """What became of the requests."""

    def __init__(self) -> None:
        self.requests = 0
        self.seconds: list[float] = []
        self.failures: Counter[str] = Counter()

    def __str__(self) -> str:
        times = sorted(self.seconds)
        slowest, p99 = times[-1] * 1000, times[int(len(times) * 0.99)] * 1000
        failures = "".join(f"\n     {count} x {text}" for text, count in self.failures.items())
        return f"{self.requests} requests, p99 {p99:.0f} ms, slowest {slowest:.0f} ms{failures}"


class Caller:
    """One connection at a time to one of the replicas.

    It goes to another replica where one refuses a connection or has closed it, and never sends a
    review twice.
    """

    def __init__(self, replicas: list[Served], number: int) -> None:
        self._replicas = replicas
        self._next = number
        self._connection: http.client.HTTPSConnection | None = None
        self._left = 0

    def post(self, body: bytes) -> int:
        """The status of one review. Raises what goes wrong once it may have been sent."""
        connection = self._ready()
        self._left -= 1
        try:
            status, _ = ask(connection, body)
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        return status

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _ready(self) -> http.client.HTTPSConnection:
        """The open connection, or a new one where it is closed or has been used enough."""
        if self._connection is not None and self._left > 0 and _is_open(self._connection):
            return self._connection
        self.close()
        self._connection = self._connect()
        self._left = ON_ONE
        return self._connection

    def _connect(self) -> http.client.HTTPSConnection:
        """A connection to the next replica that takes one. Raises ``ConnectionRefusedError``."""
        for _ in range(2 * len(self._replicas)):
            self._next += 1
            connection = self._replicas[self._next % len(self._replicas)].connect()
            with contextlib.suppress(OSError):
                connection.connect()
                return connection
        raise ConnectionRefusedError


class SteadyLoad(Threads):
    """Reviews at an even rate from some threads, until the end of the block."""

    def __init__(self, *replicas: Served) -> None:
        self.tally = Tally()
        self._replicas = [*replicas]
        self._body = make_job(1, 19)
        self._lock = threading.Lock()
        super().__init__(THREADS)

    def run(self, number: int) -> None:
        """Send reviews."""
        caller = Caller(self._replicas, number)
        start = time.monotonic() + number / RATE
        for count in range(10**9):
            if self.end.wait(max(0.0, start + count * THREADS / RATE - time.monotonic())):
                break
            self._send(caller)
        caller.close()

    def _send(self, caller: Caller) -> None:
        start = time.monotonic()
        try:
            status = caller.post(self._body)
            failure = None if status == 200 else f"HTTP {status}"
        except (OSError, http.client.HTTPException) as error:
            failure = f"{type(error).__name__}: {error}"
        seconds = time.monotonic() - start
        if failure is None and seconds > TIMEOUT:
            failure = "too late"
        with self._lock:
            self.tally.requests += 1
            self.tally.seconds.append(seconds)
            if failure is not None:
                self.tally.failures[failure] += 1


def _is_open(connection: http.client.HTTPSConnection) -> bool:
    """Whether the server has not closed it: nothing but the end can be there to read."""
    sock: socket.socket | None = connection.sock
    return sock is not None and not select.select([sock], [], [], 0)[0]
