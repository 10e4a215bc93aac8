"""The policy in force: read from a file, read again when the file changes.

A mounted ConfigMap changes by a symlink that kubelet swaps; a path that is read anew each time
follows it. What is read is compared, not the file's dates, so that nothing is missed.
"""

import datetime
import hashlib
from pathlib import Path
from typing import NamedTuple

from rules.checks import ALL
from rules.policy import DEFAULT, Policy
from rules.policy.file import PolicyError, read_policy
from rules.reader import ReadError, decode
from webhook.review.self_test import Broken, try_policy

BUILT_IN = "built-in"


class Unusable(Exception):
    """A policy file that cannot be used; the message is whole lines."""


class Active(NamedTuple):
    """A policy and the short name of its text."""

    policy: Policy
    revision: str


class Settings:
    """The policy in force, and what is wrong with the file, if anything is.

    Raises ``Unusable`` where there is no good policy to begin with.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._seen: bytes | None = None
        self.error: str | None = None
        self.active = Active(DEFAULT, BUILT_IN)
        if path is None:
            _try(DEFAULT, BUILT_IN)
            return
        self._seen = _read(path)
        self.active = load_policy(path, self._seen)

    def refresh(self) -> bool | None:
        """Look at the file. None where nothing changed, True where a new policy is in force,
        False where the file cannot be used and the last good policy stays."""
        if self._path is None:
            return None
        try:
            raw = _read(self._path)
            if raw == self._seen:
                return self._recovered()
            self._seen = raw
            self.active = load_policy(self._path, raw)
        except Unusable as unusable:
            return self._broke(str(unusable))
        self.error = None
        return True

    def _recovered(self) -> bool | None:
        """A file that could not be read is back as it was."""
        if self.error is None or revise(self._seen or b"") != self.active.revision:
            return None
        self.error = None
        return True

    def _broke(self, error: str) -> bool | None:
        if error == self.error:
            return None
        self.error = error
        return False


def load_policy(path: Path, raw: bytes | None = None) -> Active:
    """The policy in a file, tried on a review of our own before it counts.

    Raises ``Unusable`` with one line ``FILE:LINE:COLUMN: message`` for each problem.
    """
    raw = _read(path) if raw is None else raw
    try:
        policy = read_policy(decode(raw), ALL)
    except ReadError as error:
        raise Unusable(f"{path}:{error}") from None
    except PolicyError as error:
        places = [(one.span.line, one.span.column, one.message) for one in error.problems]
        lines = [f"{path}:{line}:{column}: {message}" for line, column, message in places]
        raise Unusable("\n".join(lines)) from None
    _try(policy, str(path))
    return Active(policy, revise(raw))


def revise(raw: bytes) -> str:
    """The short name of a policy's text."""
    return hashlib.sha256(raw).hexdigest()[:12]


def count_expired(policy: Policy, today: datetime.date) -> int:
    """How many of a policy's exceptions are past their last day."""
    return sum(one.expires is not None and one.expires < today for one in policy.exceptions)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unusable(f"{path}: {error.strerror}") from None


def _try(policy: Policy, name: str) -> None:
    """Judge with a policy before it counts, which also compiles what the rules compile once."""
    try:
        try_policy(policy)
    except Broken as error:
        raise Unusable(f"{name}: {error}") from None
