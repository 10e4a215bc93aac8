"""Work split over processes: what goes round, and what is said when a process ends early."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from linter.errors import WorkerError
from linter.judging.workers import Exchange, Turns, run_workers


def test_parts_exchange_and_answer_in_order() -> None:
    def part(name: str) -> Any:
        def work(exchange: Exchange) -> Any:
            return name, os.getpid(), exchange(name)

        return work

    answers = run_workers([part(name) for name in "abc"])
    assert [(name, told) for name, _, told in answers] == [
        (name, ["a", "b", "c"]) for name in "abc"
    ]
    assert len({process for _, process, _ in answers}) == 3


@pytest.mark.parametrize("count", [0, 1, 7, 5000])
def test_what_is_dealt_out_is_dealt_once(count: int) -> None:
    with Turns(count) as turns:

        def work(exchange: Exchange) -> list[int]:
            exchange(1)
            return list(turns.deal(range(count)))

        answers = run_workers([work, work, work])
    assert sorted(number for answer in answers for number in answer) == list(range(count))


def test_much_data_passes() -> None:
    def work(exchange: Exchange) -> int:
        return sum(len(text) for text in exchange("x" * 3_000_000))

    assert run_workers([work, work, work]) == [9_000_000] * 3


@pytest.mark.parametrize("late", [False, True])
def test_a_killed_worker_is_an_error(late: bool) -> None:  # noqa: FBT001
    def work(exchange: Exchange) -> Any:
        return exchange(1)

    def die(exchange: Exchange) -> None:
        if late:
            exchange(1)
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(WorkerError, match=r"ended early \(signal 9\); --jobs 1"):
        run_workers([work, work, die])


def test_a_worker_s_exception_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    def fail(exchange: Exchange) -> None:
        raise ValueError(f"in the worker {exchange(1)}")

    with pytest.raises(WorkerError, match=r"\(code 1\)"):
        run_workers([lambda exchange: exchange(1), fail])
    assert "ValueError: in the worker [1, 1]" in capfd.readouterr().err


def test_the_workers_end_where_the_parent_fails() -> None:
    def fail(exchange: Exchange) -> None:
        raise ValueError("here")

    before = children()
    with pytest.raises(ValueError, match="here"):
        run_workers([fail, lambda exchange: exchange(1), lambda exchange: exchange(1)])
    assert children() == before


def children() -> set[str]:
    """The processes that this one began and has not seen the end of."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())
