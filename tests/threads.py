"""Threads that go on until the end of a block."""

import threading
from abc import ABC, abstractmethod
from typing import Self


class Threads(ABC):
    """``count`` threads in ``run``, each with its number, until the block ends.

    ``end`` is set then, and ``run`` must heed it."""

    def __init__(self, count: int) -> None:
        self.end = threading.Event()
        self._threads = [threading.Thread(target=self.run, args=(n,)) for n in range(count)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end.set()
        for thread in self._threads:
            thread.join()

    @abstractmethod
    def run(self, number: int) -> None:
        """What each thread does."""
