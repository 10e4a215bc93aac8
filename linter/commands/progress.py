"""How far a long run has come: a line on a terminal's standard error, gone before the report."""

import time
from collections.abc import Iterable, Iterator, Sized

from rules.type_names import TextIO, TypeVar

_Item = TypeVar("_Item")

_BEGIN = 1.0
"""Seconds after which a run is long."""
_EVERY = 0.1
_CLEAR = "\r\x1b[K"


class ProgressLine:
    """A line that is written over. ``begin`` is after how many seconds there is one."""

    def __init__(self, err: TextIO, begin: float = _BEGIN) -> None:
        self._err = err
        self._next = time.monotonic() + begin
        self._shown = False

    def follow(self, phase: str, items: Iterable[_Item]) -> Iterator[_Item]:
        """The items, while it is shown how many of them are done, in percent where it is known how
        many there are."""
        total = len(items) if isinstance(items, Sized) else 0
        for done, item in enumerate(items):
            if time.monotonic() >= self._next:
                self._next = time.monotonic() + _EVERY
                self._shown = True
                share = f"{100 * done // total} %" if total else str(done)
                self._err.write(f"{_CLEAR}{phase}: {share}")
                self._err.flush()
            yield item

    def clear(self) -> None:
        """Take the line away, if there is one."""
        if self._shown:
            self._shown = False
            self._err.write(_CLEAR)
            self._err.flush()
