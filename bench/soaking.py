"""Whether a server that runs for long keeps its memory: 50 reviews a second of mixed bodies.

Usage: python -m bench.soaking [MINUTES]; 20 unless given, at least 4. Damaged bodies, good ones of
6 and 60 KB whose names are always new, and an update of 2.8 MB now and then, from one client that
opens a new connection every hundred requests.
"""

import contextlib
import http.client
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.bodies import make_body
from bench.reviewing import make_job, make_update
from tests.webhook.processes import Pairs, Served, ask, serve

MINUTES = 20.0
RATE = 50
ON_ONE = 100
"""Requests on one connection."""
MOST_GROWTH = 2.0
"""MiB over the last three quarters."""
RESIDENT = "process_resident_memory_bytes"


def main() -> None:
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else MINUTES
    with tempfile.TemporaryDirectory() as folder:
        pairs = Pairs(Path(folder))
        pairs.write(pairs.issue())
        with serve(pairs) as served:
            growth, bad = soak(served, minutes)
    good = growth <= MOST_GROWTH and not bad
    print(f"{'ok  ' if good else 'MISS'} growth {growth:.1f} MiB (wanted <= {MOST_GROWTH})")
    sys.exit(0 if good else 1)


def soak(served: Served, minutes: float) -> tuple[float, int]:
    """Load for so long: the MiB by which the last three quarters grew, and failed requests."""
    print(f"start        {read_memory(served):.1f} MiB", flush=True)
    client = Client(served)
    start = time.monotonic()
    samples: list[float] = []
    while len(samples) < max(4, minutes):
        client.run_until(start + (len(samples) + 1) * 60 * minutes / max(4, minutes))
        samples.append(read_memory(served))
        print(f"{(time.monotonic() - start) / 60:6.1f} min   {samples[-1]:.1f} MiB", flush=True)
    print(f"requests     {client.sent}, {client.sent / (time.monotonic() - start):.1f} a second")
    print(f"answers      {', '.join(f'{status} {n}' for status, n in client.answers.items())}")
    print(f"slowest      {client.slowest * 1000:.0f} ms")
    bad = sum(client.answers[status] for status in ("broken", 500, 503))
    return samples[-1] - samples[len(samples) // 4 - 1], bad


def read_memory(served: Served) -> float:
    """The resident memory of the server in MiB."""
    return served.sample(RESIDENT) / 2**20


class Client:
    """Requests one after the other, at an even pace."""

    def __init__(self, served: Served) -> None:
        self.sent = 0
        self.answers: Counter[int | str] = Counter()
        self.slowest = 0.0
        self._served = served
        self._bodies = make_bodies()
        self._due = time.monotonic()

    def run_until(self, end: float) -> None:
        """Send until ``end``, in monotonic time."""
        while time.monotonic() < end:
            with contextlib.closing(self._served.connect()) as connection:
                self._burst(connection, end)

    def _burst(self, connection: http.client.HTTPSConnection, end: float) -> None:
        for _ in range(ON_ONE):
            if time.monotonic() >= end:
                return
            self.sent += 1
            body = next(self._bodies)
            self._due = max(self._due + 1 / RATE, time.monotonic() - 1)
            time.sleep(max(0.0, self._due - time.monotonic()))
            if not self._send(connection, body, "/mutate" if self.sent % 2 else "/validate"):
                return

    def _send(self, connection: http.client.HTTPSConnection, body: bytes, path: str) -> bool:
        """Send one, count its answer; whether there was any."""
        start = time.monotonic()
        try:
            status, _ = ask(connection, body, path)
        except (OSError, http.client.HTTPException):
            self.answers["broken"] += 1
            return False
        self.answers[status] += 1
        self.slowest = max(self.slowest, time.monotonic() - start)
        return True


def make_bodies() -> Iterator[bytes]:
    """Half of them damaged; one in a thousand is a large update."""
    update = make_update()
    kinds: tuple[Callable[[int], bytes], ...] = (
        *(_damaged, _damaged, _damaged, _damaged, _damaged),
        *(_small, _small, _small, _small, _middle),
    )
    number = 0
    while True:
        number += 1
        yield update if number % 1000 == 0 else kinds[number % len(kinds)](number)


def _damaged(number: int) -> bytes:
    return make_body(number)[1]


def _small(number: int) -> bytes:
    """A name, script, image and resource that the server has not seen."""
    return make_job(1, 19).replace(b"bert", b"bert-%d" % number).replace(b"gpu", b"g%d" % number)


def _middle(number: int) -> bytes:
    return make_job(20, 11).replace(b"finetune", b"finetune%d" % number)


if __name__ == "__main__":
    main()
