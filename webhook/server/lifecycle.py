"""Where a server is between its start and its end, as its probes report it."""

import time

HUNG_SECONDS = 15.0
"""Without a heartbeat for this long, the event loop counts as hung, and the process is to end."""


class Lifecycle:
    """Written by the event loop's thread, and ``stalled`` by the stall watch's; read by that of the
    probes.

    Each attribute is replaced in one operation, so that there is no lock: the probes must answer
    even when the loop hangs. ``beats`` counts the heartbeats.
    """

    def __init__(self) -> None:
        self.started = False
        self.stopping = False
        self.stalled = False
        self.beats = 0
        self._last_heartbeat = time.monotonic()

    def heartbeat(self) -> None:
        """Note that the event loop is running."""
        self.beats += 1
        self._last_heartbeat = time.monotonic()

    @property
    def hung(self) -> bool:
        """Whether the event loop has stood still for too long."""
        return time.monotonic() - self._last_heartbeat > HUNG_SECONDS
