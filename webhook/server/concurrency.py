"""How much a server takes on at once.

Reviews are judged one after the other; the others are being read or wait for their turn. Both
their number and their bytes are bounded: what is beyond is told at once to come again.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Busy(Exception):
    """There is no room for another review."""


class Gate:
    """``places``: reviews at a time. ``room``: bytes that their bodies may hold together."""

    def __init__(self, places: int, room: int) -> None:
        self.places = places
        self.room = room
        self.taken = 0
        self.held = 0
        self.turn = asyncio.Lock()

    @contextmanager
    def enter(self) -> Iterator[None]:
        """Take a place. Raises ``Busy``."""
        if self.taken >= self.places:
            raise Busy
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1

    def hold(self, size: int) -> None:
        """Take in ``size`` more bytes. Raises ``Busy``."""
        if self.held + size > self.room:
            raise Busy
        self.held += size

    def release(self, size: int) -> None:
        """Give ``size`` bytes back."""
        self.held -= size
