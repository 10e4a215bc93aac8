"""Writes to a cluster that has trouble end soon, and make it no worse."""

from collections.abc import Callable

from cluster.client import ApiError
from cluster.listing import ListTiming, Pace

MOST_FAILURES = 5
"""So many writes that fail one after the other end the writing: the server has trouble, or the
account lacks the right, and more would only make it worse."""

_TRIES = 3
_FORBIDDEN = 403
_NOT_FOUND = 404
_ENDING = "being terminated"
"""What the API server says of a namespace that takes no more objects (apiserver
``plugin/namespace/lifecycle/admission.go``)."""


class WriteTally:
    """What became of what was to be written: ``what`` it is called."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.written = 0
        self.unchanged = 0
        self.deleted = 0
        self.left = 0
        """Those that were not tried any more."""
        self.failures: list[str] = []

    def __str__(self) -> str:
        return (
            f"{self.what}: {self.written} written, {self.unchanged} as they were, "
            f"{self.deleted} deleted"
        )

    @property
    def complaint(self) -> str | None:
        """The error of the run; None if nothing failed."""
        if not self.failures:
            return None
        failed = f"{len(self.failures)} not written or deleted: {self.failures[-1]}"
        if not self.left:
            return failed
        stopped = f"stopped after {MOST_FAILURES} failures in a row; {self.left} more not tried"
        return f"{failed}; {stopped}"


class BreakableWrites:
    """Writes one after the other, ``rate`` a second at most, until too many fail in a row."""

    def __init__(self, rate: float) -> None:
        self._pace = Pace(ListTiming(rate=rate, tries=_TRIES))
        self._in_a_row = 0

    def attempt(self, request: Callable[[], object], tally: WriteTally) -> bool:
        """Whether a request was done; what is gone meanwhile needs none."""
        if self._in_a_row == MOST_FAILURES:
            tally.left += 1
            return False
        try:
            self._pace.ask(request)
        except ApiError as error:
            ending = error.status == _FORBIDDEN and _ENDING in str(error)
            if error.status != _NOT_FOUND and not ending:
                tally.failures.append(str(error))
                self._in_a_row += 1
            return False
        self._in_a_row = 0
        return True
