"""What is done in a process of its own, and what is told of one that comes to nothing."""

import os
import signal

import pytest

from linter.dashboard.side_process import SideProcessError, call_aside, tell_crash
from linter.errors import UserError


def work(how: str) -> tuple[int, int]:
    if how == "refuse":
        raise UserError("the API server cannot be asked")
    if how == "crash":
        raise ValueError("a value of an object")
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
        ("die", SideProcessError, "its process ended with -9"),
    ],
)
def test_what_ends_it_is_told(how: str, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind) as raised:
        call_aside(work, how)
    assert str(raised.value) == text
    assert tell_crash(raised.value) == (text if kind is SideProcessError else "UserError")
