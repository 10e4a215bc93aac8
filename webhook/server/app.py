"""The HTTP side of a review: what comes in is bounded, what goes out is a decision or an error.

A decision is always HTTP 200. Whatever else goes wrong is an HTTP error, so that the API server
applies the webhook's failure policy; it is never a denial.
"""

import asyncio
import datetime
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

import orjson
from fastapi import FastAPI, Request, Response
from starlette.types import Receive, Scope, Send

from webhook.knowledge.cluster_facts import Knowledge
from webhook.observability.logs import Log
from webhook.observability.metrics import Metrics
from webhook.review.admission import Outcome, Surroundings, mutate, validate
from webhook.review.deadline import Deadline
from webhook.review.decoding import decode
from webhook.review.finding_cache import Memory
from webhook.review.record import Record, read_record
from webhook.review.request import BadReview
from webhook.server.concurrency import Busy, Gate
from webhook.server.lifecycle import Life
from webhook.server.settings import Active, Settings

MAX_BODY = 7 * 1024 * 1024
"""An update carries the object twice, and the API server takes objects of 3 MiB."""
CONCURRENCY = 64
LARGE = 128 * 1024
"""A body above this is judged beside the event loop, so that others do not wait for it."""
BODY_PATIENCE = 5.0
"""Seconds that a body may take, whatever the client says of its patience."""
FULL_BODIES = 4
"""How many bodies of the largest size may be held at a time."""

ENDPOINTS = {"validate": validate, "mutate": mutate}
_READ = (b"content-type", b"content-length")


class Answer(NamedTuple):
    """An HTTP answer in JSON; ``close``: the connection ends with it."""

    status: int
    content: bytes
    close: bool = False


class Refusal(Exception):
    """A request that gets no review; ``status`` is the HTTP code."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Limits(NamedTuple):
    """``max_body``: bytes of one body; ``concurrency``: reviews in work or waiting."""

    max_body: int = MAX_BODY
    concurrency: int = CONCURRENCY


class Desk:
    """Everything that a review needs, and the one place where its answer is made."""

    def __init__(
        self,
        *,
        settings: Settings,
        knowledge: Knowledge,
        log: Log,
        metrics: Metrics | None = None,
        life: Life | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.settings = settings
        self.knowledge = knowledge
        self.log = log
        self.metrics = metrics or Metrics()
        self.life = life or Life()
        self.limits = limits or Limits()
        self.gate = Gate(self.limits.concurrency, FULL_BODIES * self.limits.max_body)
        self.metrics.in_flight.set_function(lambda: self.gate.taken)
        self._beside = ThreadPoolExecutor(1, "large-reviews")
        self._memory = Memory(orjson.dumps)

    async def answer(self, endpoint: str, scope: Scope, receive: Receive) -> Answer:
        """The answer to one request for ``/<endpoint>``."""
        deadline = Deadline(scope["query_string"])
        try:
            answer = await self._answer(endpoint, scope, receive, deadline)
        except Refusal as refusal:
            answer = self._refuse(refusal.status, str(refusal))
        except Busy:
            answer = self._refuse(503, "too many reviews at once")
        except Exception as error:  # noqa: BLE001 - no bug may look like a decision
            self.log.crash("crash", error, endpoint=endpoint)
            answer = self._refuse(500, "internal error")
        return answer._replace(close=True) if self.life.stopping else answer

    async def _answer(
        self, endpoint: str, scope: Scope, receive: Receive, deadline: Deadline
    ) -> Answer:
        length = _check_head(scope["headers"], self.limits.max_body)
        with self.gate.enter():
            body = Body(self.gate, self.limits.max_body)
            try:
                await _read_in_time(body, receive, deadline, length)
                return await self._in_turn(endpoint, body, deadline)
            finally:
                body.drop()

    async def _in_turn(self, endpoint: str, body: "Body", deadline: Deadline) -> Answer:
        """Judge a body when those before it are done; a large one goes beside the loop."""
        active = self.settings.active
        if body.size > LARGE:
            judge = partial(self._judge, endpoint, body, deadline, active)
            loop = asyncio.get_running_loop()
            record, outcome = await loop.run_in_executor(self._beside, judge)
        else:
            async with self.gate.turn:
                record, outcome = self._judge(endpoint, body, deadline, active)
        seconds = deadline.spent
        self.metrics.review(record, outcome, seconds, active.policy)
        self.log.review(record, outcome, seconds, active.revision)
        return Answer(200, orjson.dumps(outcome.body))

    def _judge(
        self, endpoint: str, body: "Body", deadline: Deadline, active: Active
    ) -> tuple[Record, Outcome]:
        """The decision on one body. Raises ``Refusal``; ``Busy`` where nobody waits any more."""
        if deadline.over():
            raise Busy
        try:
            review = decode(body.take())
            outcome = ENDPOINTS[endpoint](review, self._surround(active, deadline))
        except BadReview as bad:
            raise Refusal(bad.status, str(bad)) from None
        return read_record(endpoint, review), outcome

    def _surround(self, active: Active, deadline: Deadline) -> Surroundings:
        return Surroundings(
            active.policy,
            self.knowledge.inventory,
            datetime.datetime.now(datetime.UTC).date(),
            active.revision,
            self.knowledge.namespace_labels,
            self.knowledge.owner,
            deadline.expired,
            self._memory,
        )

    def _refuse(self, status: int, reason: str) -> Answer:
        self.metrics.refusal(status)
        # What is left of a body that is too large or too late is not worth reading.
        return Answer(status, orjson.dumps({"error": reason}), close=status in (408, 413))


class Body:
    """The body of one request, while it is read."""

    def __init__(self, gate: Gate, most: int) -> None:
        self._gate = gate
        self._most = most
        self._chunks: list[bytes] = []
        self.size = 0

    async def read(self, receive: Receive) -> None:
        """Read all of it, but no more than the limit. Raises ``Refusal``, ``Busy``."""
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Refusal(400, "the client went away")
            chunk = message.get("body", b"")
            if self.size + len(chunk) > self._most:
                raise _too_large(self._most)
            self._gate.hold(len(chunk))
            self.size += len(chunk)
            self._chunks.append(chunk)
            more = message.get("more_body", False)

    def take(self) -> bytes:
        """The bytes, which are kept here no longer."""
        whole = b"".join(self._chunks) if len(self._chunks) != 1 else self._chunks[0]
        self._chunks.clear()
        return whole

    def drop(self) -> None:
        """Give the room back."""
        self._gate.release(self.size)
        self.size = 0


class Application:
    """The ASGI application: POST /validate and POST /mutate.

    They are answered here, and everything else by FastAPI: its middlewares, routes and requests
    take as long as a small review.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._endpoints = {f"/{endpoint}": endpoint for endpoint in ENDPOINTS}
        self._rest = FastAPI(title="mlgate", docs_url=None, redoc_url=None, openapi_url=None)
        for path in self._endpoints:
            self._rest.add_route(path, _not_here, methods=["POST"])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI has it."""
        endpoint = self._endpoints.get(scope.get("path", ""))
        if endpoint is None or scope.get("method") != "POST":
            await self._rest(scope, receive, send)
            return
        answer = await self._desk.answer(endpoint, scope, receive)
        head = {"type": "http.response.start", "status": answer.status, "headers": _head(answer)}
        await send(head)
        await send({"type": "http.response.body", "body": answer.content})


async def _not_here(_request: Request) -> Response:
    """Stands for the two paths, so that other methods are told what is allowed."""
    raise AssertionError("a review is answered before FastAPI is asked")


def _head(answer: Answer) -> list[tuple[bytes, bytes]]:
    head = [
        (b"content-length", b"%d" % len(answer.content)),
        (b"content-type", b"application/json"),
    ]
    return [*head, (b"connection", b"close")] if answer.close else head


def _check_head(headers: list[tuple[bytes, bytes]], most: int) -> str:
    """The length that the request announces. Raises ``Refusal``."""
    found = {name: value for name, value in headers if name in _READ}
    kind = found.get(b"content-type", b"").decode("latin-1")
    if kind.partition(";")[0].strip().lower() != "application/json":
        raise Refusal(415, f"content-type is {kind[:80]!r}; expected application/json")
    length = found.get(b"content-length", b"").decode("latin-1")
    if length.isdigit() and int(length) > most:
        raise _too_large(most)
    return length or "more"


async def _read_in_time(body: Body, receive: Receive, deadline: Deadline, length: str) -> None:
    """Read a body before the API server stops waiting, and before others have waited too long for
    its place. Raises ``Refusal``, ``Busy``."""
    until = min(_loop_time(deadline), asyncio.get_running_loop().time() + BODY_PATIENCE)
    try:
        async with asyncio.timeout_at(until):
            await body.read(receive)
    except TimeoutError:
        raise Refusal(408, f"no whole body in time; expected {length} bytes") from None


def _too_large(most: int) -> Refusal:
    return Refusal(413, f"the body is larger than {most} bytes")


def _loop_time(deadline: Deadline) -> float:
    """When the API server stops waiting, on the running loop's clock."""
    return asyncio.get_running_loop().time() + deadline.ends - deadline.started
