"""How many reviews a server takes on at once, and how much memory they may take.

A request beyond either bound is refused at once, so that the client may ask another replica. Before
that, whoever keeps a place waiting has to leave it: of the address that holds the most, or anybody
who is slow.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Self

PATIENCE = 1.0
"""Seconds after which a review that still waits may have to leave for one of its own address; an
API server sends a body within a few milliseconds."""


class Overloaded(Exception):
    """There is no room for another review."""


class ReviewPlace:
    """The place of one review, and the memory that it holds; as a context, until its end."""

    def __init__(self, limit: "ConcurrencyLimit", address: str) -> None:
        self.address = address
        self.size = 0
        self._limit = limit
        self._since = time.monotonic()
        self.timeout: asyncio.Timeout | None = None
        """Of what the place waits for."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._limit.remove(self)

    def reserve(self, size: int) -> None:
        """Take ``size`` more bytes. Raises ``Overloaded``."""
        self._limit.reserve(self, size)

    def waiting(self, until: float) -> "Waiting":
        """Wait for something until ``until``, by the event loop's clock, or until the place is
        needed. Raises ``TimeoutError``."""
        return Waiting(self, until)

    @property
    def waits(self) -> bool:
        return self.timeout is not None

    @property
    def late(self) -> bool:
        return self.waits and time.monotonic() - self._since > PATIENCE

    def leave(self) -> None:
        """End what the place waits for."""
        if self.timeout is not None:
            self.timeout.reschedule(asyncio.get_running_loop().time())


class Waiting:
    """A place while it waits. No generator: each review waits twice."""

    __slots__ = ("_place", "_timeout")

    def __init__(self, place: ReviewPlace, until: float) -> None:
        self._place = place
        self._timeout = asyncio.timeout_at(until)

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()
        self._place.timeout = self._timeout

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._place.timeout = None
        await self._timeout.__aexit__(kind, error, trace)


class ConcurrencyLimit:
    """``max_reviews``: at a time. ``max_bytes``: of all that they hold.

    Used by the event loop's thread only, so that there is no lock.
    """

    def __init__(self, max_reviews: int, max_bytes: int) -> None:
        self.max_reviews = max_reviews
        self.max_bytes = max_bytes
        self.held_bytes = 0
        self._places: dict[ReviewPlace, None] = {}
        """The oldest first: a dict for its order and quick removal."""

    @property
    def in_flight(self) -> int:
        return len(self._places)

    def slot(self, address: str = "") -> ReviewPlace:
        """A place for one review, which holds it as a context. Raises ``Overloaded``."""
        place = ReviewPlace(self, address)
        if len(self._places) >= self.max_reviews:
            self._make_room(place, lambda _: 1)
        self._places[place] = None
        return place

    def reserve(self, place: ReviewPlace, size: int) -> None:
        """Take ``size`` more bytes for a place. Raises ``Overloaded``."""
        while self.held_bytes + size > self.max_bytes:
            self._make_room(place, lambda one: one.size)
        if place not in self._places:  # it had to leave, and is about to learn of it
            raise Overloaded
        place.size += size
        self.held_bytes += size

    def _make_room(self, newcomer: ReviewPlace, weigh: Callable[[ReviewPlace], int]) -> None:
        """Have the oldest waiting review of the address that holds the most leave."""
        held: Counter[str] = Counter()
        for one in self._places:
            held[one.address] += weigh(one)
        own = held[newcomer.address]
        others = [one for one in self._places if one is not newcomer and weigh(one) > 0]
        leaving = [one for one in others if one.late or (one.waits and held[one.address] > own)]
        if not leaving:
            raise Overloaded
        victim = max(leaving, key=lambda one: held[one.address])
        self.remove(victim)
        victim.leave()

    def remove(self, place: ReviewPlace) -> None:
        """Take back a place and what it holds, unless it had to leave already."""
        if place in self._places:
            del self._places[place]
            self.held_bytes -= place.size
            place.size = 0
