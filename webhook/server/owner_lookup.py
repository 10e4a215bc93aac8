"""Owners of which nothing is known yet, asked for at the API server.

A controller makes its objects within milliseconds of their owner, and the watch that tells of the
owner may come later. Without this such an object would be judged on its own, and perhaps denied.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from webhook.review.context import OwnerRecord, OwnerReference
from webhook.review.deadline import Deadline

LOOKUP_SECONDS = 0.3
"""That a review may wait for the answer; an API server that is near takes a hundredth of it."""
LOOKUPS = 4
"""At a time; whoever comes then is judged by what is known."""
KEPT_SECONDS = 5.0
"""For which an answer counts: ``/mutate`` and ``/validate`` are asked about the same object."""
_KEPT = 256

FetchOwner = Callable[[OwnerReference, float], OwnerRecord | None]
"""Asks the API server, within seconds; blocks."""


class OwnerLookup:
    """Used by one event loop's thread; the asking itself is done in threads beside it."""

    def __init__(self, fetch: FetchOwner) -> None:
        self._fetch = fetch
        self._threads = ThreadPoolExecutor(LOOKUPS, "owners")
        self._asked: dict[OwnerReference, asyncio.Future[OwnerRecord | None]] = {}
        self._under_way = 0

    async def find(self, sought: OwnerReference, deadline: Deadline) -> OwnerRecord | None:
        """What the API server has under that reference; None where it has nothing, is busy, or
        takes too long."""
        loop = asyncio.get_running_loop()
        asked = self._asked.get(sought)
        if asked is None:
            if self._under_way >= LOOKUPS or len(self._asked) >= _KEPT:
                return None
            asked = loop.run_in_executor(self._threads, self._fetch, sought, LOOKUP_SECONDS)
            self._asked[sought] = asked
            self._under_way += 1
            asked.add_done_callback(self._count)
            loop.call_later(KEPT_SECONDS, self._asked.pop, sought, None)
        try:
            # Half of what is left: then the object is judged once more.
            async with asyncio.timeout(min(LOOKUP_SECONDS, deadline.left / 2)):
                return await asyncio.shield(asked)
        except TimeoutError:
            return None

    def _count(self, _asked: "asyncio.Future[OwnerRecord | None]") -> None:
        self._under_way -= 1
