"""A request's head and body, read within bounds of size and time."""

import asyncio

from starlette.types import Receive

from webhook.review.deadline import Deadline
from webhook.server.concurrency_limit import ReviewPlace

BODY_TIMEOUT = 5.0
"""Seconds that a body may take, however long the client is willing to wait for its answer."""

_MOST_DIGITS = 18
_READ_HEADERS = (b"content-type", b"content-length")


class RequestRefused(Exception):
    """A request that gets no review; ``status`` is the HTTP code."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class RequestBody:
    """The body of one request, counted against the limit by its place."""

    def __init__(self, place: ReviewPlace, max_bytes: int) -> None:
        self._place = place
        self._max_bytes = max_bytes
        self._chunks: list[bytes] = []
        self.size = 0

    async def read(self, receive: Receive, deadline: Deadline, announced: str) -> None:
        """Read all of it, before the API server stops waiting and before others have waited too
        long for its place. Raises ``RequestRefused``, ``Overloaded``."""
        now = asyncio.get_running_loop().time()
        ends = now + deadline.ends - deadline.started
        try:
            async with self._place.waiting(min(ends, now + BODY_TIMEOUT)):
                await self._read(receive)
        except TimeoutError:
            text = f"no whole body in time; expected {announced} bytes"
            raise RequestRefused(408, text) from None

    async def _read(self, receive: Receive) -> None:
        more = True
        while more:
            message = await receive()
            # Nobody reads the answer; it is counted all the same.
            if message["type"] == "http.disconnect":
                raise RequestRefused(400, "the client went away")
            chunk = message.get("body", b"")
            # The announced length was checked, but a chunked body announces none.
            if self.size + len(chunk) > self._max_bytes:
                raise _too_large(self._max_bytes)
            self._place.reserve(len(chunk))
            self.size += len(chunk)
            self._chunks.append(chunk)
            more = message.get("more_body", False)

    def take(self) -> bytes:
        """The bytes, which are held here no longer."""
        whole = b"".join(self._chunks) if len(self._chunks) != 1 else self._chunks[0]
        self._chunks.clear()
        return whole


def check_head(headers: list[tuple[bytes, bytes]], max_bytes: int) -> str:
    """The length that a request announces, for messages. Raises ``RequestRefused``."""
    found = {name: value for name, value in headers if name in _READ_HEADERS}
    kind = found.get(b"content-type", b"").decode("latin-1")
    if kind.partition(";")[0].strip().lower() != "application/json":
        raise RequestRefused(415, f"content-type is '{kind[:80]}'; expected application/json")
    length = found.get(b"content-length", b"").decode("latin-1")
    # Of thousands of digits Python makes no number.
    if length.isdecimal() and (len(length) > _MOST_DIGITS or int(length) > max_bytes):
        raise _too_large(max_bytes)
    return length or "more"


def _too_large(max_bytes: int) -> RequestRefused:
    return RequestRefused(413, f"the body is larger than {max_bytes} bytes")
