"""A thread that sees when the event loop stands still, so that nobody waits for it.

A replica that is not ready gets no new connections, but an API server goes on asking on those that
it keeps open: each review would cost its whole time-out.
"""

import threading
from collections.abc import Callable

from webhook.observability.logs import Log
from webhook.observability.metrics import Metrics
from webhook.server.lifecycle import Lifecycle

LOOK_SECONDS = 0.25
"""Between two looks; the loop's heart beats ten times a second."""
STALLED_LOOKS = 6
"""Looks without a heartbeat in between after which the loop counts as stalled: a second and a half,
in which this thread was awake. Where the machine itself is slow, both are late, and nothing is
wrong."""


class StallWatch(threading.Thread):
    """Records in ``lifecycle`` whether the event loop is stuck, and calls ``cut`` when that
    begins."""

    def __init__(
        self, lifecycle: Lifecycle, cut: Callable[[], None], log: Log, metrics: Metrics
    ) -> None:
        super().__init__(name="stall-watch", daemon=True)
        self._lifecycle = lifecycle
        self._cut = cut
        self._log = log
        self._metrics = metrics
        self._missed = 0
        self._seen = -1
        self._stop_event = threading.Event()

    def run(self) -> None:
        """Look, wait, look again."""
        while not self._stop_event.wait(LOOK_SECONDS):
            self.look()

    def stop(self) -> None:
        """Stop looking."""
        self._stop_event.set()

    def look(self) -> None:
        """Count a look at which the heart has not beaten since the last one."""
        lifecycle = self._lifecycle
        awaited = lifecycle.started and not lifecycle.stopping
        self._missed = self._missed + 1 if awaited and lifecycle.beats == self._seen else 0
        self._seen = lifecycle.beats
        stalled = self._missed >= STALLED_LOOKS
        if stalled is lifecycle.stalled:
            return
        lifecycle.stalled = stalled
        if stalled:
            self._cut()
            self._metrics.stalls.inc()
        # At the end: it may be the log for which the loop is waiting.
        self._log.event("warning" if stalled else "info", "stalled", stalled=stalled)
