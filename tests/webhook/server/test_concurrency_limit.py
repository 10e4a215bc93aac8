"""Who has to leave where reviews are too many, or too large together."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.webhook.in_process import InProcessServer
from webhook.review import admission
from webhook.server.concurrency_limit import ConcurrencyLimit, Overloaded, ReviewPlace
from webhook.server.handler import LARGE_BODY, LARGE_OF_ONE


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def call() -> None:
        async with asyncio.timeout(20):
            await test()

    asyncio.run(call())


async def wait(place: ReviewPlace) -> str:
    try:
        async with place.waiting(asyncio.get_running_loop().time() + 10):
            await asyncio.sleep(10)
    except TimeoutError:
        return place.address
    return ""


def test_whoever_holds_the_most_and_waits_leaves_the_oldest_place() -> None:
    async def check() -> None:
        limit = ConcurrencyLimit(3, 1000)
        with limit.slot("a") as judged, limit.slot("b") as first, limit.slot("b") as second:
            judged.reserve(400)
            first.reserve(300)
            second.reserve(300)
            tasks = [asyncio.create_task(wait(one)) for one in (first, second)]
            await asyncio.sleep(0)
            with limit.slot("c"):
                assert await asyncio.wait_for(tasks[0], 1) == "b"
                assert not tasks[1].done()
                assert (limit.in_flight, limit.held_bytes) == (3, 700)
                with pytest.raises(Overloaded):
                    first.reserve(1)
            tasks[1].cancel()
        assert (limit.in_flight, limit.held_bytes) == (0, 0)

    run(check)


def test_nobody_leaves_who_is_being_judged_or_holds_no_more() -> None:
    async def check() -> None:
        limit = ConcurrencyLimit(2, 1000)
        with limit.slot("a"), limit.slot("b") as waiting:
            task = asyncio.create_task(wait(waiting))
            await asyncio.sleep(0)
            for newcomer in ("a", "b"):
                with pytest.raises(Overloaded), limit.slot(newcomer):
                    pass
            task.cancel()

    run(check)


def test_k96_large_reviews_of_one_address_leave_room_for_those_of_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = InProcessServer()
    released = threading.Event()
    body = json.dumps({"a": "x" * LARGE_BODY}).encode()
    begun: list[Any] = []

    def judge(review: Any, _context: Any) -> Any:
        begun.append(review)
        released.wait(10)
        raise admission_error

    admission_error = RuntimeError("judged")
    monkeypatch.setitem(admission.ENDPOINTS, "validate", judge)

    async def check() -> None:
        many = [asyncio.create_task(server.ask(body, client=("10.0.0.2", 1))) for _ in range(9)]
        await until(lambda: len(begun) == LARGE_OF_ONE)
        one = asyncio.create_task(server.ask(body, client=("10.0.0.1", 1)))
        await until(lambda: len(begun) == LARGE_OF_ONE + 1)
        assert not one.done()
        released.set()
        for task in (one, *many):
            assert (await task).status == 500

    run(check)


async def until(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110 - what is waited for happens in threads
        await asyncio.sleep(0.01)
