"""How much of a namespace is under review at once.

Reviews that come too late are errors, which the failure policy lets pass under ``Ignore``. Whoever
sends many large objects at once would make their own reviews late, and have all of them let in.
"""

import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

CROWD_BYTES = 256 * 1024
"""Of bodies in one namespace; a manifest that people write has a few kilobytes."""
LOOKBACK = 5.0
"""Seconds for which a crowd is remembered: its last review is late when the others are gone."""
_HEAD = 8 * 1024
_NAMESPACE = re.compile(rb'"namespace":"([^"\\]*)","operation":')
"""As the API server writes it (``admission.k8s.io/v1`` AdmissionRequest): quotes in a name would be
escaped."""


class Crowds:
    """Bytes under review by namespace; used by one event loop's thread."""

    def __init__(self) -> None:
        self._bytes: Counter[str] = Counter()
        self._seen: dict[str, float] = {}
        """When a namespace was last too much, by the monotonic clock."""

    @contextmanager
    def counted(self, namespace: str, size: int) -> Iterator[None]:
        """Count a body while it is under review."""
        self._bytes[namespace] += size
        if self._bytes[namespace] > CROWD_BYTES:
            self._seen[namespace] = time.monotonic()
        try:
            yield
        finally:
            self._bytes[namespace] -= size
            if not self._bytes[namespace]:
                del self._bytes[namespace]
                if self._seen:
                    self._forget()

    def is_crowded(self, namespace: str) -> bool:
        """Whether more of it was under review than ``CROWD_BYTES``, now or a moment ago."""
        return time.monotonic() - self._seen.get(namespace, -LOOKBACK) < LOOKBACK

    def _forget(self) -> None:
        now = time.monotonic()
        self._seen = {name: at for name, at in self._seen.items() if now - at < LOOKBACK}


def find_namespace(content: bytes) -> str:
    """The namespace that stands in the head of a review from the API server, empty for none."""
    found = _NAMESPACE.search(content, 0, _HEAD)
    return found[1].decode() if found else ""
