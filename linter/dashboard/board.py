"""What is shown at the moment: the last good scan, and what became of those before it."""

import threading
from collections import deque
from datetime import UTC, datetime

from cluster.client import ApiError
from linter.dashboard.answers import BoardStatus, ScanSummary, UnreadPart
from linter.dashboard.cluster_scan import ClusterScan
from linter.dashboard.view import ScanView
from rules import VERSION

_KEPT = 100
"""Scans that are remembered."""
_MOST_ERRORS = 200
_PATIENCE = 3
"""Scans in a row that are not shown because they could read less than the one before."""


class Board:
    """Written by the thread that scans, read by those that answer: what they read is replaced as a
    whole."""

    def __init__(self, interval: float, team_label: str) -> None:
        self.interval = interval
        self.team_label = team_label
        self.view: ScanView | None = None
        self.scanning = False
        self.next_scan: float | None = None
        self._shown: ScanSummary | None = None
        self._failure: ScanSummary | None = None
        self._history: deque[ScanSummary] = deque(maxlen=_KEPT)
        self._number = 0
        self._refused = 0
        self._lock = threading.Lock()

    def begin(self) -> None:
        """A scan begins."""
        self.next_scan = None
        self.scanning = True

    def end(self, next_scan: float) -> None:
        """It is over; the next begins at ``next_scan``, in seconds since 1970."""
        self.scanning = False
        self.next_scan = next_scan

    def take(self, done: ClusterScan) -> ScanSummary:
        """Show a scan, unless it is worth less than the one that is shown: what that could read it
        could not. That is expected to pass; if it does not for a while, the new one is shown."""
        lost = self._find_lost(done)
        if lost and self._refused < _PATIENCE:
            self._refused += 1
            return self.fail(f"not all could be read: {lost[0]}", done.seconds, done.policy)
        self._refused = 0
        self._number += 1
        view = ScanView(self._number, done, self.team_label)
        summary = _summarize(view, self.view)
        with self._lock:
            self._history.append(summary)
            self.view, self._shown, self._failure = view, summary, None
        return summary

    def _find_lost(self, done: ClusterScan) -> list[ApiError]:
        """What kept collections from being listed that are in what is shown."""
        if self.view is None:
            return []
        known = self.view.source.passing
        return [error for path, error in done.passing.items() if path not in known]

    def fail(self, reason: str, seconds: float = 0.0, policy: str = "") -> ScanSummary:
        """A scan has come to nothing; what was shown stays."""
        self._number += 1
        summary = ScanSummary(
            number=self._number,
            finished=datetime.now(UTC),
            seconds=seconds,
            outcome="failed",
            policy=policy,
            reason=reason,
        )
        with self._lock:
            self._history.append(summary)
            self._failure = summary
        return summary

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
            simulator=view is not None and view.source.snapshot.whole,
            shown=view.shown if view else 0,
        )


def _summarize(view: ScanView, before: ScanView | None) -> ScanSummary:
    result, done = view.source.result, view.source
    errors = [UnreadPart(name=one["file"], reason=one["reason"]) for one in result["errors"]]
    return ScanSummary(
        number=view.number,
        finished=datetime.fromtimestamp(done.finished, UTC),
        seconds=done.seconds,
        outcome="partial" if errors else "whole",
        policy=done.policy,
        counts=view.counts,
        objects=result["coverage"]["objects"],
        at_stake=view.at_stake,
        new=len(view.marks - before.marks) if before else 0,
        gone=len(before.marks - view.marks) if before else 0,
        errors=errors[:_MOST_ERRORS],
    )
