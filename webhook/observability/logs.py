"""JSON lines: one a review, one an event. Only the fields named here, and nothing that stands in an
object.

docs/webhook.md lists every field.
"""

import contextlib
import datetime
import logging
import threading
import traceback
from collections.abc import Callable, Sequence
from typing import Any, TextIO

import orjson

from webhook.review.admission import ReviewOutcome
from webhook.review.record import ReviewRecord, decision

REPEAT_SECONDS = 1.0
"""Seconds in which a line of another library is not written again."""

_REFUSALS = ("deny", "postpone", "undecided")


class Log:
    """Writes lines to ``stream``. Each is flushed, so that the last ones of a crash are there.

    ``denials_only``: of the reviews, only those that were refused or that nobody could judge.
    """

    def __init__(self, stream: TextIO, *, denials_only: bool = False) -> None:
        self._stream = stream
        self._denials_only = denials_only
        self._lock = threading.Lock()

    def review(
        self, record: ReviewRecord, outcome: ReviewOutcome, seconds: float, revision: str
    ) -> None:
        """One review, answered."""
        decided = decision(outcome)
        if self._denials_only and decided not in _REFUSALS and not outcome.errors:
            return
        fields = {
            "event": "review",
            **record._asdict(),
            "decision": decided,
            "reason": outcome.passed,
            "profile": outcome.profile,
            "rules": list_results(outcome),
            "patched": outcome.patched,
            "ignored": outcome.ignored,
            "waiver": outcome.waiver,
            "would": list(map("=".join, outcome.would)),
            "errors": outcome.errors,
            "ms": round(seconds * 1000, 3),
            "revision": revision,
        }
        self._write("info", {key: value for key, value in fields.items() if value or key == "ms"})

    def event(self, level: str, event: str, **fields: Any) -> None:
        """Something that happened to the server, with fields of its own."""
        self._write(level, {"event": event, **fields})

    def crash(self, event: str, error: BaseException, **fields: Any) -> None:
        """An unexpected exception: its type and where it was raised."""
        # Its text is left out: many exceptions quote the value at fault, which may be an object's.
        frames = traceback.extract_tb(error.__traceback__)[-8:]
        where = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        self.event("error", event, error=type(error).__name__, where=where, **fields)

    def _write(self, level: str, fields: dict[str, Any]) -> None:
        time = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        line = orjson.dumps({"time": time, "level": level, **fields}, default=str)
        # A full disk or a pipe that nobody reads any more must not keep a review from its answer.
        with self._lock, contextlib.suppress(OSError):
            self._stream.write(line.decode() + "\n")
            self._stream.flush()


class FailureReport:
    """Reports a failure that comes again and again only once, until it is cleared.

    A loop that retries every few seconds would fill the log while an API server is away."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._last = ""

    def report(self, error: str) -> None:
        """Write ``error``, unless it is the one that was written last."""
        if error != self._last:
            self._last = error
            self._write(error)

    def clear(self) -> None:
        """The failure is over: the same one is written again when it comes back."""
        self._last = ""


class LogBridge(logging.Handler):
    """Writes other libraries' log records as lines of the log.

    A record that is repeated at once is left out: a client can make a server complain as often as
    it likes."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log
        self._last = ("", "")
        self._until = 0.0

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        what = record.name, type(error).__name__ if error is not None else record.getMessage()
        if what == self._last and record.created < self._until:
            return
        self._last, self._until = what, record.created + REPEAT_SECONDS
        if error is not None:
            self._log.crash(record.name, error)
            return
        self._log.event(record.levelname.lower(), record.name, message=record.getMessage())


def list_results(outcome: ReviewOutcome) -> Sequence[str]:
    """``TRN001/batch=deny``: rule, form and action of each finding, each once."""
    return sorted({f"{one.rule}/{one.form}={one.action}" for one in outcome.findings})
