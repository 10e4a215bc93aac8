"""A run split over processes: ``os.fork``, plain data over pipes, the parent works too.

Every process reads its share and sends its facts; the facts of all go back to each; then all
judge. A process that ends early is an error of the run, never a smaller report.
"""

import gc
import marshal
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from types import TracebackType

from linter.errors import WorkerError
from rules.type_names import Any, BinaryIO, Self, TypeAlias

WorkerTask: TypeAlias = Callable[["Exchange"], Any]
"""What one process does: it may exchange data with the others once, and returns plain data."""

Exchange: TypeAlias = Callable[[Any], list[Any]]
"""Sends the facts of this process, and returns those of all of them."""


_MOST_TURNS = 2000


def run_workers(parts: list[WorkerTask]) -> list[Any]:
    """Run each part in a process of its own, the first one in this. Returns what they return, in
    their order. Raises WorkerError."""
    # A collection in a child would touch, and so copy, every page that it shares with the parent.
    gc.freeze()
    with _Workers([_Worker(part) for part in parts[1:]]) as workers:
        mine = parts[0](workers.exchange)
        return [mine, *workers.finish()]


class Turns:
    """Deals numbers out to processes, each to the one that is free first. It is made before they
    part, and closed when they have ended; ``most`` is how many numbers there may be."""

    def __init__(self, most: int) -> None:
        # As much as any pipe has room for: nobody waits while it is filled.
        self._count = min(most, _MOST_TURNS)
        self._turns, outbox = os.pipe()
        os.write(outbox, b"".join(turn.to_bytes(2, "big") for turn in range(self._count)))
        os.close(outbox)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._turns)

    def deal(self, numbers: Sequence[int]) -> Iterator[int]:
        """Those that no other process gets; all of them give the same ones."""
        # What one reader takes out of a pipe is there for no other: each turn comes once.
        while turn := os.read(self._turns, 2):
            yield from numbers[int.from_bytes(turn, "big") :: self._count]


class _Worker:
    """The parent's end of one worker process."""

    def __init__(self, part: WorkerTask) -> None:
        inbox, outbox = os.pipe(), os.pipe()
        # What is still buffered would be written once by each process.
        sys.stdout.flush()
        sys.stderr.flush()
        self.process = os.fork()
        if self.process == 0:
            os.close(inbox[1])
            os.close(outbox[0])
            _serve(part, os.fdopen(inbox[0], "rb"), os.fdopen(outbox[1], "wb"))
        os.close(inbox[0])
        os.close(outbox[1])
        self._requests = os.fdopen(inbox[1], "wb")
        self._answers = os.fdopen(outbox[0], "rb")

    def send(self, data: Any) -> None:
        try:
            _send(self._requests, data)
        except BrokenPipeError:
            raise WorkerError(self._explain()) from None

    def receive(self) -> Any:
        try:
            return _receive(self._answers)
        except EOFError:
            raise WorkerError(self._explain()) from None

    def release(self) -> None:
        """Close both pipes: a process that waits for us, or has more to say, ends."""
        self._answers.close()
        with suppress(BrokenPipeError):
            self._requests.close()

    def wait(self) -> None:
        if self.process:
            os.waitpid(self.process, 0)

    def _explain(self) -> str:
        _, status = os.waitpid(self.process, 0)
        self.process = 0
        code = os.waitstatus_to_exitcode(status)
        how = f"signal {-code}" if code < 0 else f"code {code}"
        return f"a worker process ended early ({how}); --jobs 1 runs without them"


class _Workers:
    """All workers of a run."""

    def __init__(self, workers: list[_Worker]) -> None:
        self._workers = workers

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # All pipes first: a later process holds copies of the ends of those before it.
        for worker in self._workers:
            worker.release()
        for worker in self._workers:
            worker.wait()

    def exchange(self, facts: Any) -> list[Any]:
        everything = [facts, *(worker.receive() for worker in self._workers)]
        for worker in self._workers:
            worker.send(everything)
        return everything

    def finish(self) -> list[Any]:
        return [worker.receive() for worker in self._workers]


def _serve(part: WorkerTask, requests: BinaryIO, answers: BinaryIO) -> None:
    """Do one part and end this process: nothing of the parent's may run on here."""

    def exchange(facts: Any) -> list[Any]:
        _send(answers, facts)
        everything: list[Any] = _receive(requests)
        return everything

    code = 1
    try:
        _send(answers, part(exchange))
        code = 0
    finally:
        error = sys.exc_info()[1]
        try:
            # Where a pipe has ended the parent is gone: there is nobody to report to.
            if isinstance(error, Exception) and not isinstance(error, EOFError | BrokenPipeError):
                sys.excepthook(type(error), error, error.__traceback__)
            sys.stderr.flush()
        finally:
            os._exit(code)


def _send(stream: BinaryIO, data: Any) -> None:
    # marshal takes plain data alone: no object of ours can slip into the rows.
    packed = marshal.dumps(data)
    stream.write(len(packed).to_bytes(8, "big"))
    stream.write(packed)
    stream.flush()


def _receive(stream: BinaryIO) -> Any:
    """Raises EOFError where the other end has gone."""
    size = int.from_bytes(stream.read(8), "big")
    packed = stream.read(size)
    # A process that is killed may leave half a message.
    if not packed or len(packed) < size:
        raise EOFError
    return marshal.loads(packed)  # noqa: S302 - from our own processes
