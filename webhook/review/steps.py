"""The steps of a review, for measuring how long each takes."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import ParamSpec, TypeVar

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")


class Step:
    """A step, with when it began and ended: Unix times in nanoseconds. ``inside`` is the place of
    the step around it in ``Steps.taken``, None for one of the review itself."""

    __slots__ = ("began", "ended", "inside", "name")

    def __init__(self, name: str, began: int, inside: int | None) -> None:
        self.name = name
        self.began = began
        self.ended = began
        self.inside = inside


class Steps:
    """The steps of one review in the order in which they began. One thread takes them at a time."""

    def __init__(self) -> None:
        self.began = time.time_ns()
        self.taken: list[Step] = []
        self._inside: int | None = None

    def note(self, name: str) -> None:
        """Note that all until now was one step, the first."""
        self.taken.append(Step(name, self.began, None))
        self.taken[-1].ended = time.time_ns()

    @contextmanager
    def taking(self, name: str) -> Iterator[None]:
        """Take a step; those that begin meanwhile are inside of it."""
        step = Step(name, time.time_ns(), self._inside)
        self._inside = len(self.taken)
        self.taken.append(step)
        try:
            yield
        finally:
            step.ended = time.time_ns()
            self._inside = step.inside


def begin_step(steps: Steps | None, name: str) -> AbstractContextManager[None]:
    """A step to be taken; nothing where there are no ``steps``."""
    return nullcontext() if steps is None else steps.taking(name)


def take_step(
    steps: Steps | None,
    name: str,
    work: Callable[_Given, _Result],
    *arguments: _Given.args,
    **keywords: _Given.kwargs,
) -> _Result:
    """What ``work`` returns or raises; where there are ``steps``, it is one of them."""
    if steps is None:
        return work(*arguments, **keywords)
    with steps.taking(name):
        return work(*arguments, **keywords)
