"""Reviews that arrive together are judged back to back, one of each address after the other.

Most of what a review costs beside others is that the rules have left the processor's caches: judged
right after another one it takes a fifth less time. Whoever sends five hundred at once is no reason
for others to wait for all of them.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeAlias, TypeVar

BATCH_SECONDS = 0.005
"""How long a batch may keep the event loop from connections and probes."""
LONGEST_BATCH = 0.1
"""Seconds of a batch where connections have taken as long: however many there are, reviews get half
of the loop."""

_Answer = TypeVar("_Answer")
_Request: TypeAlias = tuple["asyncio.Future[_Answer]", Callable[[], _Answer]]


class Batches(Generic[_Answer]):
    """Work of one event loop: what is asked for in one of its turns is done in the next, one after
    the other for ``seconds`` at most, and the rest in the turns after that."""

    def __init__(self, seconds: float = BATCH_SECONDS) -> None:
        self._seconds = seconds
        self._waiting: dict[str, deque[_Request[_Answer]]] = {}
        """By address; the one whose turn it is comes first."""
        self._left_at = 0.0
        """When the last batch ended with work left, 0 where it left none."""

    async def run(self, address: str, work: Callable[[], _Answer]) -> _Answer:
        """What ``work`` returns or raises, once the turn of ``address`` has come."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[_Answer] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._work, loop)
        self._waiting.setdefault(address, deque()).append((answer, work))
        try:
            return await answer
        finally:
            # An exception holds the frames that it passed: none of them may hold the exception.
            del answer, work

    def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        begin = time.monotonic()
        others = begin - self._left_at if self._left_at else 0.0
        share = min(others, LONGEST_BATCH) if others > BATCH_SECONDS else self._seconds
        end = begin + share
        while self._waiting:
            _settle(*self._take())
            if time.monotonic() >= end:
                break
        self._left_at = time.monotonic() if self._waiting else 0.0
        if self._waiting:
            loop.call_soon(self._work, loop)

    def _take(self) -> _Request[_Answer]:
        address = next(iter(self._waiting))
        waiting = self._waiting.pop(address)
        one = waiting.popleft()
        if waiting:
            self._waiting[address] = waiting  # as the last one
        return one


def _settle(answer: asyncio.Future[_Answer], work: Callable[[], _Answer]) -> None:
    if answer.done():  # whoever asked was cancelled meanwhile
        return
    try:
        answer.set_result(work())
    except Exception as error:  # noqa: BLE001 - it is raised where the work was asked for
        answer.set_exception(error)
    finally:
        del answer, work  # as above
