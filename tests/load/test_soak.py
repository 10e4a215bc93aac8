"""Whether a server that runs for long keeps its memory: 50 reviews a second of mixed bodies.

Damaged bodies, good ones of 6 and 60 KB whose names are always new, and an update of 2.8 MB now and
then, from one client that opens a new connection every hundred requests. SOAK_MINUTES says how
long: 20 unless given, at least 4.
"""

import contextlib
import http.client
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.load.hostile_bodies import make_body
from tests.load.sized_reviews import make_job, make_update
from tests.webhook.processes import Pairs, Served, ask, serve

MINUTES = max(4.0, float(os.environ.get("SOAK_MINUTES", "20")))
SAMPLES = int(MINUTES)
RATE = 50
ON_ONE = 100
"""Requests on one connection."""
MAX_GROWTH = 2.0
"""MiB over the last three quarters."""


@pytest.mark.soak
def test_memory_stays_as_it_is(tmp_path: Path) -> None:
    pairs = Pairs(tmp_path)
    pairs.write(pairs.issue())
    with serve(pairs) as served:
        client = Client(served)
        samples = [*soak(served, client)]
    print(", ".join(f"{status} {count}" for status, count in client.answers.items()))
    assert not client.answers.keys() & {"broken", 500, 503}
    assert samples[-1] - samples[SAMPLES // 4 - 1] <= MAX_GROWTH, samples


def soak(served: Served, client: "Client") -> Iterator[float]:
    """The resident memory of the server in MiB, once a minute."""
    start = time.monotonic()
    for sample in range(1, SAMPLES + 1):
        client.run_until(start + sample * 60 * MINUTES / SAMPLES)
        memory = served.sample("process_resident_memory_bytes") / 2**20
        print(f"{(time.monotonic() - start) / 60:6.1f} min   {memory:.1f} MiB", flush=True)
        yield memory


class Client:
    """Requests one after the other, at an even pace."""

    def __init__(self, served: Served) -> None:
        self.sent = 0
        self.answers: Counter[int | str] = Counter()
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
        try:
            status, _ = ask(connection, body, path)
        except (OSError, http.client.HTTPException):
            self.answers["broken"] += 1
            return False
        self.answers[status] += 1
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
