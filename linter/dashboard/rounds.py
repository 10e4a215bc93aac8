"""Scans again and again, one at a time, in a thread of its own."""

import random
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from cluster.client import ApiError
from cluster.reflector import Backoff, WatchTiming
from linter.dashboard.board import Board
from linter.dashboard.side_process import tell_crash
from linter.dashboard.view import ScanView
from linter.errors import UserError

if TYPE_CHECKING:
    from linter.dashboard.answers import ScanSummary

_FIRST_PAUSE = 10.0
_JITTER = 0.1
"""A part of the interval: dashboards that start together do not ask together for ever."""


class ScanRounds(threading.Thread):
    """``scan_once`` is given the scan's number, and raises UserError where there is nothing to
    show. ``tell`` is given a line about each scan. After a failure the pause doubles, up to the
    interval."""

    def __init__(
        self,
        scan_once: Callable[[int], ScanView],
        board: Board,
        tell: Callable[[str], None],
        first_pause: float = _FIRST_PAUSE,
    ) -> None:
        super().__init__(name="scans", daemon=True)
        self._scan_once = scan_once
        self._board = board
        self._tell = tell
        self._ended = threading.Event()
        longest = board.interval
        self._backoff = Backoff(WatchTiming(first=min(first_pause, longest), longest=longest))

    def run(self) -> None:
        """Scan at once, and then after each pause."""
        pause = 0.0
        while not self._ended.wait(pause):
            summary = self._scan(self._board.begin())
            if summary is None:
                return
            pause = self._choose_pause(summary)
            self._board.end(time.time() + pause)
            self._tell(tell_scan(summary))

    def stop(self) -> None:
        """End after the current scan; a failure of that scan is not reported."""
        self._ended.set()

    def _scan(self, number: int) -> "ScanSummary | None":
        start = time.monotonic()
        try:
            return self._board.take(self._scan_once(number))
        except UserError as error:
            reason = str(error)
        except Exception as crash:  # noqa: BLE001 - what is shown stays, and the next scan may do
            reason = f"the scan crashed: {tell_crash(crash)}; please report it"
        if self._ended.is_set():
            return None
        return self._board.fail(reason, round(time.monotonic() - start, 3))

    def _choose_pause(self, summary: "ScanSummary") -> float:
        if summary.outcome == "failed":
            return self._backoff.after(ApiError(0, summary.reason))
        self._backoff.reset()
        spread = self._board.interval * _JITTER
        return self._board.interval + random.uniform(-spread, spread)  # noqa: S311 - no secret


def tell_scan(summary: "ScanSummary") -> str:
    """A line for the log."""
    head = f"scan {summary.number} ({summary.outcome}, {summary.seconds:.1f} s)"
    if summary.counts is None:
        return f"{head}: {summary.reason}"
    found = f"{summary.counts.deny} deny, {summary.counts.warn} warn in {summary.objects} objects"
    missing = f"; not read: {len(summary.errors)} collections" if summary.errors else ""
    return f"{head}: {found}{missing}"
