"""A thread that watches mounted files.

It reads them once a second instead of asking the kernel for events: they are small, a mounted
ConfigMap or Secret changes by symlinks that events do not follow, and network mounts send none.
"""

import threading
from collections.abc import Callable

from webhook.observability.logs import Log

POLL_INTERVAL = 1.0
"""Seconds."""


class FilePoller(threading.Thread):
    """Calls each of ``checks`` every ``POLL_INTERVAL`` seconds until stopped."""

    def __init__(self, checks: tuple[Callable[[], None], ...], log: Log) -> None:
        super().__init__(name="file-poller", daemon=True)
        self._checks = checks
        self._log = log
        self._stop_event = threading.Event()

    def run(self) -> None:
        """Check, wait, check again."""
        while not self._stop_event.wait(POLL_INTERVAL):
            for check in self._checks:
                self._try(check)

    def stop(self) -> None:
        """Stop checking."""
        self._stop_event.set()

    def _try(self, check: Callable[[], None]) -> None:
        try:
            check()
        except Exception as error:  # noqa: BLE001 - the thread must outlive whatever it meets
            self._log.crash("poll-crash", error)
