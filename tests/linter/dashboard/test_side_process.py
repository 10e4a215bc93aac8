"""What is done in a process of its own, and what is told of one that comes to nothing."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading

import pytest

from linter.dashboard.side_process import (
    SideProcessError,
    call_aside,
    end_side_processes,
    tell_crash,
)
from linter.errors import UserError
from tests.cluster.waiting import until


def work(how: str) -> tuple[int, int]:
    if how == "refuse":
        raise UserError("the API server cannot be asked")
    if how == "crash":
        raise ValueError("a value of an object")
    if how == "wait":
        threading.Event().wait(60)
    if how == "leave":
        os._exit(7)
    if how == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid(), os.getppid()


def test_it_is_another_process() -> None:
    own, parent = call_aside(work, "well")
    assert own != os.getpid() == parent


@pytest.mark.parametrize(
    ("how", "kind", "text"),
    [
        ("refuse", UserError, "the API server cannot be asked"),
        ("crash", SideProcessError, "ValueError"),
        ("leave", SideProcessError, "its process ended with 7"),
        ("die", SideProcessError, "its process was ended by signal 9"),
    ],
)
def test_what_ends_it_is_told(how: str, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind) as raised:
        call_aside(work, how)
    assert str(raised.value) == text
    assert tell_crash(raised.value) == (text if kind is SideProcessError else "UserError")


def test_what_goes_on_ends_with_the_dashboard() -> None:
    told: list[str] = []

    def wait() -> None:
        try:
            call_aside(work, "wait")
        except SideProcessError as error:
            told.append(str(error))

    waiting = threading.Thread(target=wait)
    waiting.start()
    until(lambda: bool(multiprocessing.active_children()))
    end_side_processes()
    waiting.join(20)
    assert told == ["its process was ended by signal 15"]


def test_it_ends_with_a_dashboard_that_is_killed() -> None:
    program = f"from {__name__} import tell_and_wait, call_aside; call_aside(tell_and_wait)"
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as dashboard:
        assert dashboard.stdout is not None
        assert dashboard.stdout.readline() == "aside\n"
        dashboard.kill()
        # Of a pipe that two hold this is the end of both.
        assert dashboard.stdout.read() == ""


def tell_and_wait() -> None:
    sys.stdout.write("aside\n")
    sys.stdout.flush()
    threading.Event().wait(20)
    sys.stdout.write("not ended\n")
    sys.stdout.flush()


def test_who_interrupts_the_dashboard_hears_nothing_of_it() -> None:
    program = f"from {__name__} import call_aside, interrupt, tell_and_wait, threading\n"
    program += "threading.Thread(target=interrupt, daemon=True).start(); call_aside(tell_and_wait)"
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as dashboard:
        assert dashboard.stdout is not None
        assert dashboard.stdout.readline() == "aside\n"
        dashboard.kill()


def interrupt() -> None:
    """As soon as there is a process aside, long before it runs anything of ours."""
    until(lambda: bool(multiprocessing.active_children()))
    os.kill(multiprocessing.active_children()[0].pid or 0, signal.SIGINT)
