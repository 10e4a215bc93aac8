"""Where a server is in its life, as its probes tell."""

import time

HUNG = 15.0
"""Seconds without a beat after which the event loop counts as hung."""


class Life:
    """Shared between the server's loop, which writes, and the probes' thread, which reads."""

    def __init__(self) -> None:
        self.started = False
        self.stopping = False
        self._beat = time.monotonic()

    def beat(self) -> None:
        """The event loop turns."""
        self._beat = time.monotonic()

    @property
    def hung(self) -> bool:
        """Whether the event loop has stood still for long."""
        return time.monotonic() - self._beat > HUNG
