"""The thread that keeps things as they should be: the certificate, and the registration."""

import random
import threading
from collections.abc import Callable

from webhook.observability.logs import Complaint, Log

PAUSE = 10.0
"""Seconds between two looks when nothing wakes it."""
REST = 0.2
"""Seconds between two looks when something wakes it all the time."""


class Keeper(threading.Thread):
    """Calls ``look`` from time to time, and at once when woken.

    ``look`` may say in how many seconds it wants to be called again."""

    def __init__(self, look: Callable[[], float | None], log: Log, pause: float = PAUSE) -> None:
        super().__init__(name="keeper", daemon=True)
        self._look = look
        self._complaint = Complaint(
            lambda error: log.event("warning", "keeper-failed", error=error)
        )
        self._pause = pause
        self._bell = threading.Event()
        self._end = threading.Event()

    def run(self) -> None:
        """Look, wait, look again."""
        while not self._end.is_set():
            self._bell.clear()
            soon = self._try()
            pause = self._pause * random.uniform(0.8, 1.2)  # noqa: S311 - it spreads
            self._bell.wait(pause if soon is None else min(soon, pause))
            self._end.wait(REST)

    def wake(self) -> None:
        """Look now."""
        self._bell.set()

    def stop(self) -> None:
        """Look no more."""
        self._end.set()
        self._bell.set()

    def _try(self) -> float | None:
        try:
            soon = self._look()
        except Exception as failure:  # noqa: BLE001 - the top of a thread: it must go on
            self._complaint.make(f"{type(failure).__name__}: {failure}")
            return None
        self._complaint.withdraw()
        return soon
