"""Work that would keep pages waiting, done in a process of its own."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from linter.errors import UserError

_NICENESS = 5
"""Pages are answered first."""

_Result = TypeVar("_Result")


class SideProcessError(Exception):
    """The process came to nothing. The text names an exception or a signal and no more: the text of
    an exception may quote a value of an object."""


def call_aside(function: Callable[..., _Result], *arguments: Any) -> _Result:
    """What a function of a module returns, called in a new process. Raises what it raises: a
    UserError as it is, anything else as SideProcessError."""
    # A forked one would begin with locks that threads of this process hold at the moment.
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(there, function, arguments), daemon=True)
    with _uninterrupted():
        process.start()
    there.close()
    with here:
        try:
            outcome, value = here.recv()
        except EOFError:
            outcome, value = "crashed", ""
    process.join()
    if outcome == "refused":
        raise UserError(value)
    if outcome == "crashed":
        raise SideProcessError(value or _tell_end(process.exitcode))
    result: _Result = value
    return result


def end_side_processes() -> None:
    """End what is going on: with this process goes whoever waits for it."""
    for one in multiprocessing.active_children():
        one.terminate()


def tell_crash(crash: Exception) -> str:
    """What a crash may be called in public."""
    return str(crash) if isinstance(crash, SideProcessError) else type(crash).__name__


def _tell_end(code: int | None) -> str:
    """How a process ended that gave no answer, by its exit code: below 0 it is a signal."""
    if code is not None and code < 0:
        return f"its process was ended by signal {-code}"
    return f"its process ended with {code}"


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """What is started here gets no SIGINT, from its first moment on: whoever interrupts means the
    dashboard, with which it ends."""
    # Started with the first process, it would take SIGINT out of the mask again.
    resource_tracker.ensure_running()
    # The mask is one thread's, and a new process has that of the thread which starts it.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(there: Connection, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    os.nice(_NICENESS)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    try:
        outcome = ("done", function(*arguments))
    except UserError as error:
        outcome = ("refused", str(error))
    except Exception as crash:  # noqa: BLE001 - whoever waits for it is told
        outcome = ("crashed", type(crash).__name__)
    there.send(outcome)


def _end_with_parent() -> None:
    """End when the dashboard is gone without a word, as one that is killed: a pipe that it holds
    closes."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
