"""JSON lines: one a review, one an event. Only fields named here; nothing of an object's content.

docs/webhook.md lists every field.
"""

import datetime
import logging
import threading
import traceback
from collections.abc import Callable, Sequence
from typing import Any, TextIO

import orjson

from webhook.review.admission import Outcome
from webhook.review.record import Record, decision

QUIET = 1.0
"""Seconds after a line of another library's in which it is not written again."""


class Log:
    """Writes lines to ``stream``; each is flushed, so that nothing is lost with the process."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def review(self, record: Record, outcome: Outcome, seconds: float, revision: str) -> None:
        """One review, answered."""
        fields = {
            "event": "review",
            **record._asdict(),
            "decision": decision(outcome),
            "reason": outcome.passed,
            "profile": outcome.profile,
            "rules": _rules(outcome),
            "patched": outcome.patched,
            "errors": outcome.errors,
            "ms": round(seconds * 1000, 3),
            "revision": revision,
        }
        self._write("info", {key: value for key, value in fields.items() if value or key == "ms"})

    def event(self, level: str, event: str, **fields: Any) -> None:
        """Something that happened to the server."""
        self._write(level, {"event": event, **fields})

    def crash(self, event: str, error: BaseException, **fields: Any) -> None:
        """An unexpected exception: its type and where it came from. Its text is left out, which
        may quote an object."""
        frames = traceback.extract_tb(error.__traceback__)[-8:]
        where = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        self.event("error", event, error=type(error).__name__, where=where, **fields)

    def _write(self, level: str, fields: dict[str, Any]) -> None:
        time = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        line = orjson.dumps({"time": time, "level": level, **fields}, default=str)
        with self._lock:
            self._stream.write(line.decode() + "\n")
            self._stream.flush()


class Complaint:
    """Tells of a failure once, however often it comes again, until it is withdrawn."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._told = ""

    def make(self, error: str) -> None:
        """Tell, unless this was told last."""
        if error != self._told:
            self._told = error
            self._tell(error)

    def withdraw(self) -> None:
        """All is well again."""
        self._told = ""


class Bridge(logging.Handler):
    """Other libraries' log records as lines of ours. What is said again at once is left out: a
    client can make a server complain as often as it likes."""

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
        self._last, self._until = what, record.created + QUIET
        if error is not None:
            self._log.crash(record.name, error)
            return
        self._log.event(record.levelname.lower(), record.name, message=record.getMessage())


def _rules(outcome: Outcome) -> Sequence[str]:
    """``TRN001/batch=deny``: rule, form and action of each finding, each once."""
    return sorted({f"{one.rule}/{one.form}={one.action}" for one in outcome.findings})
