"""What is shown at the moment: the last good scan, and what became of those before it."""

import threading
from collections import Counter, deque
from datetime import UTC, datetime

from linter.dashboard.answers import BoardStatus, ScanSummary
from linter.dashboard.scan_history import HistoryFile
from linter.dashboard.view import ScanView
from rules import VERSION

KEPT = 1000
"""Scans that are remembered: a week of them, ten minutes apart."""
_PATIENCE = 3
"""Scans in a row that are not shown because they could read less than the one before."""


class Board:
    """Written by the thread that scans, read by those that answer: what they read is replaced as a
    whole. ``history`` keeps what became of scans for the next process."""

    def __init__(
        self, interval: float, team_label: str, history: HistoryFile | None = None
    ) -> None:
        self.interval = interval
        self.team_label = team_label
        self.view: ScanView | None = None
        self.scanning = False
        self.next_scan: float | None = None
        self.outcomes: Counter[str] = Counter()
        self._shown: ScanSummary | None = None
        self._failure: ScanSummary | None = None
        self._file = history
        self._history: deque[ScanSummary] = deque(history.read() if history else (), KEPT)
        self._number = self._history[-1].number if self._history else 0
        self._refused = 0
        self._lock = threading.Lock()

    def begin(self) -> int:
        """A scan begins; its number."""
        self.next_scan = None
        self.scanning = True
        self._number += 1
        return self._number

    def end(self, next_scan: float) -> None:
        """It is over; the next begins at ``next_scan``, in seconds since 1970."""
        self.scanning = False
        self.next_scan = next_scan

    def take(self, view: ScanView) -> ScanSummary:
        """Show a scan, unless it is worth less than the one that is shown: what that could read it
        could not. That is expected to pass; if it does not for a while, the new one is shown."""
        lost = self._find_lost(view)
        if lost and self._refused < _PATIENCE:
            self._refused += 1
            one = view.summary
            return self.fail(f"not all could be read: {lost[0]}", one.seconds, one.policy)
        self._refused = 0
        summary = self._hold_against(view)
        with self._lock:
            self.view, self._shown, self._failure = view, summary, None
        self._remember(summary)
        return summary

    def _find_lost(self, view: ScanView) -> list[str]:
        """What kept collections from being listed that are in what is shown."""
        known = view.passing if self.view is None else self.view.passing
        return [error for path, error in view.passing.items() if path not in known]

    def _hold_against(self, view: ScanView) -> ScanSummary:
        """Its summary, with what came and went since the one that is shown."""
        before = view.marks if self.view is None else self.view.marks
        changes = {"new": len(view.marks - before), "gone": len(before - view.marks)}
        return view.summary.model_copy(update=changes)

    def fail(self, reason: str, seconds: float = 0.0, policy: str = "") -> ScanSummary:
        """A scan has come to nothing; what was shown stays."""
        summary = ScanSummary(
            number=self._number,
            finished=datetime.now(UTC),
            seconds=seconds,
            outcome="failed",
            policy=policy,
            reason=reason,
        )
        with self._lock:
            self._failure = summary
        self._remember(summary)
        return summary

    def _remember(self, summary: ScanSummary) -> None:
        with self._lock:
            self._history.append(summary)
            self.outcomes[summary.outcome] += 1
        if self._file is not None:
            self._file.write(self.list_history())

    def list_history(self) -> list[ScanSummary]:
        """The last scans, the oldest first."""
        with self._lock:
            return list(self._history)

    def describe(self) -> BoardStatus:
        """How fresh it is."""
        with self._lock:
            view, shown, failure = self.view, self._shown, self._failure
        return BoardStatus(
            version=VERSION,
            now=datetime.now(UTC),
            state="starting" if shown is None else "stale" if failure else "fresh",
            scanning=self.scanning,
            next_scan=datetime.fromtimestamp(self.next_scan, UTC) if self.next_scan else None,
            interval=self.interval,
            team_label=self.team_label,
            scan=shown,
            failure=failure,
            simulator=view is not None and view.seen.snapshot.whole,
            shown=view.shown if view else 0,
        )
