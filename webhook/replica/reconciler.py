"""The thread that reconciles what the cluster has with what it should have."""

import random
import threading
from collections.abc import Callable

from webhook.observability.logs import FailureReport, Log

RESYNC_SECONDS = 10.0
"""Between two passes when nothing wakes it."""
MIN_INTERVAL = 0.2
"""Seconds between two passes when something wakes it all the time."""


class Reconciler(threading.Thread):
    """Calls ``reconcile`` from time to time, and at once when woken.

    ``reconcile`` may return the seconds after which it wants to be called again. Whatever it raises
    is logged, and it is called again.
    """

    def __init__(
        self, reconcile: Callable[[], float | None], log: Log, resync: float = RESYNC_SECONDS
    ) -> None:
        super().__init__(name="reconciler", daemon=True)
        self._reconcile = reconcile
        self._failures = FailureReport(
            lambda error: log.event("warning", "reconcile-failed", error=error)
        )
        self._resync = resync
        self._woken = threading.Event()
        self._stopped = threading.Event()

    def run(self) -> None:
        """Reconcile, wait, reconcile again."""
        while not self._stopped.is_set():
            # Cleared before the pass: a wake-up during it must lead to another pass.
            self._woken.clear()
            wanted = self._try()
            pause = self._resync * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
            self._woken.wait(pause if wanted is None else min(wanted, pause))
            self._stopped.wait(MIN_INTERVAL)

    def wake(self) -> None:
        """Reconcile now."""
        self._woken.set()

    def stop(self) -> None:
        """Stop reconciling; a pass that is under way goes on to its end."""
        self._stopped.set()
        self._woken.set()

    def _try(self) -> float | None:
        try:
            wanted = self._reconcile()
        except Exception as failure:  # noqa: BLE001 - the top of a thread: it must go on
            self._failures.report(f"{type(failure).__name__}: {failure}")
            return None
        self._failures.clear()
        return wanted
