"""A thread that looks after mounted files.

It reads them once a second instead of asking the kernel for events: they are small, a mounted
ConfigMap or Secret changes by symlinks that events do not follow, and network mounts send none.
"""

import threading
from collections.abc import Callable

from webhook.observability.logs import Log

INTERVAL = 1.0


class Watch(threading.Thread):
    """Calls each of ``looks`` every ``INTERVAL`` seconds until stopped."""

    def __init__(self, looks: tuple[Callable[[], None], ...], log: Log) -> None:
        super().__init__(name="watch", daemon=True)
        self._looks = looks
        self._log = log
        self._end = threading.Event()

    def run(self) -> None:
        """Look, wait, look again."""
        while not self._end.wait(INTERVAL):
            for look in self._looks:
                self._try(look)

    def stop(self) -> None:
        """Look no more."""
        self._end.set()

    def _try(self, look: Callable[[], None]) -> None:
        try:
            look()
        except Exception as error:  # noqa: BLE001 - the thread must outlive whatever it meets
            self._log.crash("watch-crash", error)
