"""A watch of single objects that says at once when one of them changes."""

import threading
import time
from collections.abc import Callable

from cluster.client import Client
from webhook.observability.logs import Complaint

_SECONDS = 300
"""How long one watch lasts before it is opened anew."""
_PAUSE = 5.0
"""Seconds between two tries; whoever is woken looks by itself from time to time as well."""


class Trigger(threading.Thread):
    """Calls ``wake`` for each change of the object ``name`` in the collection at ``path``."""

    def __init__(
        self,
        client: Client,
        path: str,
        name: str,
        wake: Callable[[], None],
        failed: Callable[[str], None] = lambda _error: None,
    ) -> None:
        super().__init__(name=f"trigger {name}", daemon=True)
        self._client = client
        self._path = path
        self._query = {"fieldSelector": f"metadata.name={name}"}
        self._wake = wake
        self._complaint = Complaint(failed)
        self._end = threading.Event()

    def run(self) -> None:
        """Watch until stopped."""
        while not self._end.is_set():
            began = time.monotonic()
            try:
                self._follow()
            except Exception as failure:  # noqa: BLE001 - the top of a thread: it must go on
                self._complaint.make(f"{type(failure).__name__}: {failure}")
            if time.monotonic() - began < _PAUSE:  # one that ends at once is not opened at once
                self._end.wait(_PAUSE)

    def _follow(self) -> None:
        for _ in self._client.watch(self._path, _SECONDS, self._query):
            self._complaint.withdraw()
            self._wake()
            if self._end.is_set():
                return

    def stop(self) -> None:
        """Wake nobody any more. The thread ends with its watch, or with the process."""
        self._end.set()
