"""What was refused: each counted, and of the many that may come at once a line now and then."""

import threading
import time

from prometheus_client import Counter

from webhook.observability.logs import Log
from webhook.observability.metrics import Metrics

QUIET_SECONDS = 10.0
"""Seconds between two lines on one reason: a stranger may be refused a thousand times a second."""


class Refusals:
    """Counts refused requests and connections, and logs them. Safe for threads."""

    def __init__(self, log: Log, metrics: Metrics) -> None:
        self._log = log
        self._metrics = metrics
        self._connections = Counter(
            "mlgate_connections_refused",
            "Connections closed unasked, by why",
            ("reason",),
            registry=metrics.registry,
        )
        self._lock = threading.Lock()
        self._unsaid: dict[str, int] = {}
        self._quiet_until: dict[str, float] = {}

    def request(self, status: int, reason: str, address: str) -> None:
        """Count a request that gets no review; ``reason`` is the one that its client is given."""
        self._metrics.refusal(status)
        if status != 500:  # of a bug, and of rules without an answer, a line is written anyway
            self._tell(str(status), address, reason=reason, status=status)

    def connection(self, reason: str, address: str) -> None:
        """A connection that is closed; ``reason`` is one of few words."""
        self._connections.labels(reason).inc()
        self._tell(reason, address, reason=reason)

    def _tell(self, group: str, address: str, **fields: str | int) -> None:
        now = time.monotonic()
        with self._lock:
            self._unsaid[group] = self._unsaid.get(group, 0) + 1
            if now < self._quiet_until.get(group, 0.0):
                return
            self._quiet_until[group] = now + QUIET_SECONDS
            count = self._unsaid.pop(group)
        self._log.event("warning", "refused", **fields, address=address, count=count)
