"""How many reviews a server takes on at once, and how many bytes they may hold.

Reviews are judged one after the other; the others are being read or wait for their turn. A request
beyond either bound is refused at once, so that the client may ask another replica.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Overloaded(Exception):
    """There is no room for another review."""


class ConcurrencyLimit:
    """``max_reviews``: at a time. ``max_bytes``: of all their bodies together.

    Used by the event loop's thread only, so that the counters need no lock.
    """

    def __init__(self, max_reviews: int, max_bytes: int) -> None:
        self.max_reviews = max_reviews
        self.max_bytes = max_bytes
        self.in_flight = 0
        self.held_bytes = 0
        # Judging is pure computation on one thread: two at a time would both be late.
        self.turn = asyncio.Lock()

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Count one review while it is in work. Raises ``Overloaded``."""
        if self.in_flight >= self.max_reviews:
            raise Overloaded
        self.in_flight += 1
        try:
            yield
        finally:
            self.in_flight -= 1

    def reserve(self, size: int) -> None:
        """Take in ``size`` more bytes. Raises ``Overloaded``."""
        if self.held_bytes + size > self.max_bytes:
            raise Overloaded
        self.held_bytes += size

    def release(self, size: int) -> None:
        """Give ``size`` bytes back."""
        self.held_bytes -= size
