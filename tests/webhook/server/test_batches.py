"""Reviews that arrive together."""

import asyncio
import gc
import time

import pytest

from tests.webhook.in_process import InProcessServer
from webhook.server.batches import Batches


def note(seen: list[str], what: str) -> str:
    seen.append(what)
    return what.upper()


async def run_together(batches: Batches[str], seen: list[str]) -> list[str]:
    """Three pieces of work that are asked for in one turn, beside something else of the loop's."""
    loop = asyncio.get_running_loop()
    asked = [
        loop.create_task(batches.run("a", lambda what=what: note(seen, what)))  # type: ignore[misc]
        for what in "abc"
    ]
    loop.call_soon(lambda: loop.call_soon(lambda: loop.call_soon(note, seen, "other")))
    return await asyncio.gather(*asked)


def test_what_is_asked_for_in_one_turn_is_done_back_to_back() -> None:
    seen: list[str] = []
    assert asyncio.run(run_together(Batches(1.0), seen)) == ["A", "B", "C"]
    assert "".join(one for one in seen if one != "other") == "abc"
    assert seen.index("c") == seen.index("a") + 2


def test_after_its_time_a_batch_lets_the_loop_do_other_things() -> None:
    seen: list[str] = []
    assert asyncio.run(run_together(Batches(0.0), seen)) == ["A", "B", "C"]
    assert seen.index("a") < seen.index("other") < seen.index("c")


def test_what_one_piece_of_work_raises_is_its_own() -> None:
    def crash() -> str:
        raise ZeroDivisionError

    async def run() -> tuple[str | BaseException, str | BaseException]:
        batches: Batches[str] = Batches()
        return await asyncio.gather(
            batches.run("a", crash), batches.run("a", lambda: "fine"), return_exceptions=True
        )

    crashed, fine = asyncio.run(run())
    assert isinstance(crashed, ZeroDivisionError)
    assert fine == "fine"


def test_what_nobody_waits_for_any_more_is_not_done() -> None:
    seen: list[str] = []

    async def run() -> None:
        batches: Batches[str] = Batches()
        task = asyncio.create_task(batches.run("a", lambda: note(seen, "a")))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0)

    asyncio.run(run())
    assert seen == []


def test_k96_of_many_reviews_each_address_has_its_turn() -> None:
    async def run() -> list[str]:
        batches: Batches[str] = Batches(1.0)
        seen: list[str] = []
        asked = [f"a{number}" for number in range(5)] + [f"b{number}" for number in range(2)]
        tasks = [
            asyncio.create_task(batches.run(what[0], lambda what=what: note(seen, what)))  # type: ignore[misc]
            for what in asked
        ]
        await asyncio.sleep(0)
        tasks[2].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return seen

    assert asyncio.run(run()) == ["a0", "b0", "a1", "b1", "a3", "a4"]


def test_damaged_bodies_leave_nothing_for_the_garbage_collector() -> None:
    """They would else fill the memory until it comes by."""
    server = InProcessServer()
    server.post(b'{"kind": [}')
    gc.collect()
    gc.disable()
    try:
        for _ in range(20):
            server.post(b'{"kind": [}')
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_k141_reviews_get_half_of_a_loop_that_connections_keep_busy() -> None:
    """Twenty reviews of a loop that each turn gives to others for as long as five of them take."""

    async def run() -> int:
        batches: Batches[None] = Batches(0.0)
        loop = asyncio.get_running_loop()
        turns = 0

        def serve_others() -> None:
            nonlocal turns
            turns += 1
            time.sleep(0.02)
            loop.call_soon(serve_others)

        loop.call_soon(serve_others)
        await asyncio.gather(*(batches.run("a", lambda: time.sleep(0.004)) for _ in range(20)))
        return turns

    assert asyncio.run(run()) < 12
