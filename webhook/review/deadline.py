"""How long a review may take: the API server says so in each call (``?timeout=10s``).

It is the smaller of the webhook's ``timeoutSeconds`` and what is left of the user's request
(apiserver ``webhook/validating/dispatcher.go``).
"""

import re
import time

DEFAULT_TIMEOUT = 10.0
"""Seconds, as for a webhook without ``timeoutSeconds``."""
MAX_TIMEOUT = 30.0
REVIEW_SHARE = 0.8
"""The part of it that a review may use; the rest is for the way back."""
LARGE_SHARE, TURN_SHARE = 0.65, 0.4
"""The part that a large review may use, whose way takes longer, and in which it has to begin."""

_UNITS = {b"ms": 0.001, b"s": 1.0, b"m": 60.0, b"h": 3600.0}
# Nine digits at most: the text comes from a client, and a longer number means nothing.
_PARAMETER = re.compile(rb"(?:\A|&)timeout=((?:\d{1,9}(?:\.\d{1,9})?(?:ms|s|m|h))+)(?:&|\Z)")
_PART = re.compile(rb"([\d.]+)(ms|s|m|h)")


class Deadline:
    """``turn``: when the review has to have begun; ``due``: when it is to be done; ``ends``: when
    the API server stops waiting. All are seconds of the monotonic clock."""

    __slots__ = ("due", "ends", "started", "turn")

    def __init__(self, query: bytes) -> None:
        self.started = time.monotonic()
        seconds = read_timeout(query)
        self.due = self.turn = self.started + seconds * REVIEW_SHARE
        self.ends = self.started + seconds

    def tighten(self) -> None:
        """Make it that of a large review."""
        seconds = self.ends - self.started
        self.due = self.started + seconds * LARGE_SHARE
        self.turn = self.started + seconds * TURN_SHARE

    def expired(self) -> bool:
        """Whether no further rule may start."""
        return time.monotonic() >= self.due

    def over(self) -> bool:
        """Whether the API server has stopped waiting."""
        return time.monotonic() >= self.ends

    @property
    def left(self) -> float:
        """Seconds until the review has to have begun."""
        return self.turn - time.monotonic()

    @property
    def spent(self) -> float:
        """Seconds since the request came."""
        return time.monotonic() - self.started


def read_timeout(query: bytes) -> float:
    """The seconds that a query string asks for (a Go duration), or the default; no more than the
    longest ``timeoutSeconds`` there is."""
    found = _PARAMETER.search(query)
    if found is None:
        return DEFAULT_TIMEOUT
    asked = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(found[1]))
    return min(asked, MAX_TIMEOUT) or DEFAULT_TIMEOUT
