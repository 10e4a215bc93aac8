"""A watch of a single object that reports each change at once."""

import threading
import time
from collections.abc import Callable

from cluster.client import ApiError, Client
from webhook.observability.logs import FailureReport

_SECONDS = 300
"""How long one watch lasts before it is opened again."""
_PAUSE = 5.0
"""Seconds between two tries; whoever is woken reconciles from time to time as well."""


class ObjectWatch(threading.Thread):
    """Calls ``wake`` for each change of the object ``name`` in the collection at ``path``."""

    def __init__(
        self,
        client: Client,
        path: str,
        name: str,
        wake: Callable[[], None],
        failed: Callable[[str], None] = lambda _error: None,
    ) -> None:
        super().__init__(name=f"watch {name}", daemon=True)
        self._client = client
        self._path = path
        # By name, which RBAC grants for a single object too.
        self._query = {"fieldSelector": f"metadata.name={name}"}
        self._wake = wake
        self._failures = FailureReport(failed)
        self._stopped = threading.Event()

    def run(self) -> None:
        """Watch until stopped."""
        while not self._stopped.is_set():
            began = time.monotonic()
            try:
                self._follow()
            except (ApiError, ValueError) as failure:  # no answer, or none in JSON
                self._failures.report(f"{type(failure).__name__}: {failure}")
            # A watch that ends at once must not be opened again at once.
            if time.monotonic() - began < _PAUSE:
                self._stopped.wait(_PAUSE)

    def _follow(self) -> None:
        # Without a resourceVersion the watch begins with the object as it is: no change between
        # two watches is lost.
        for _ in self._client.watch(self._path, _SECONDS, self._query):
            self._failures.clear()
            self._wake()
            if self._stopped.is_set():
                return

    def stop(self) -> None:
        """Stop reporting. The thread ends with its watch, or with the process."""
        self._stopped.set()
