"""The policy in force: read from a file, read again when the file changes.

A mounted ConfigMap changes by a symlink that kubelet swaps; a path that is read anew each time
follows it. What is read is compared, not the file's dates, so that nothing is missed.
"""

import datetime
import difflib  # noqa: F401 - as below
import hashlib
from pathlib import Path
from typing import NamedTuple, TypeAlias

# The engine imports some of these when it first needs them, for the sake of runs over one file. No
# review waits for that, nor for a rule: ``ALL`` is every one of them.
from rules import composer, diagnosis  # noqa: F401
from rules.checks import ALL
from rules.policy import DEFAULT, Policy, suppression  # noqa: F401
from rules.policy.file import PolicyError, read_policy
from rules.reader import ReadError, decode
from webhook.review.self_test import SelfTestFailure, self_test
from webhook.review.warmth import warm_up

BUILT_IN_REVISION = "built-in"

Bases: TypeAlias = dict[Path, bytes | None]
"""What the policies hold that one extends; None where there is no such file."""


class PolicyUnusable(Exception):
    """A policy file that cannot be used; the message is whole lines."""


class ActivePolicy(NamedTuple):
    """A policy and the short name of its text."""

    policy: Policy
    revision: str


class PolicyReloader:
    """The policy in force, and what is wrong with the file, if anything is.

    Raises ``PolicyUnusable`` where there is no good policy to begin with.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._seen: bytes | None = None
        self._bases: Bases = {}
        self.error: str | None = None
        self.active = ActivePolicy(DEFAULT, BUILT_IN_REVISION)
        if path is None:
            _try(DEFAULT, BUILT_IN_REVISION)
            return
        self._seen = _read(path)
        self.active = load_active_policy(path, self._seen, self._bases)

    def refresh(self) -> bool | None:
        """Read the file again. None where nothing changed, True where a new policy is in force,
        False where the file cannot be used and the last good policy stays."""
        if self._path is None:
            return None
        try:
            raw = _read(self._path)
            if raw == self._seen and all(_look(one) == was for one, was in self._bases.items()):
                return self._recovered()
            self._seen = raw
            self.active = load_active_policy(self._path, raw, self._bases)
        except PolicyUnusable as unusable:
            return self._broke(str(unusable))
        self.error = None
        return True

    def _recovered(self) -> bool | None:
        """True where a file that could not be read is back as it was."""
        if self.error is None or (
            revision_of(_join(self._seen or b"", self._bases)) != self.active.revision
        ):
            return None
        self.error = None
        return True

    def _broke(self, error: str) -> bool | None:
        # The same fault is reported once, not at every poll.
        if error == self.error:
            return None
        self.error = error
        return False


def load_active_policy(
    path: Path, raw: bytes | None = None, bases: Bases | None = None
) -> ActivePolicy:
    """The policy in a file, which has passed the self-test. ``bases`` is given those that it
    extends, with what they held.

    Raises ``PolicyUnusable`` with one line ``FILE:LINE:COLUMN: message`` for each problem.
    """
    raw = _read(path) if raw is None else raw
    bases = {} if bases is None else bases
    bases.clear()

    def read_base(name: str) -> str:
        base = path.parent / name
        # One that is not there yet may come later: the two need not be of one ConfigMap.
        bases[base] = None
        raw = bases[base] = base.read_bytes()
        return decode(raw)

    try:
        policy = read_policy(decode(raw), ALL, read_base)
    except ReadError as error:
        raise PolicyUnusable(f"{path}:{error}") from None
    except PolicyError as error:
        lines = [
            f"{path}:{one.span.line}:{one.span.column}: {one.message}" for one in error.problems
        ]
        raise PolicyUnusable("\n".join(lines)) from None
    _try(policy, str(path))
    return ActivePolicy(policy, revision_of(_join(raw, bases)))


def _join(raw: bytes, bases: Bases) -> bytes:
    """All that a policy is made of."""
    return b"\0".join([raw, *filter(None, bases.values())])


def revision_of(raw: bytes) -> str:
    """The short name of a policy's text, by its SHA-256."""
    return hashlib.sha256(raw).hexdigest()[:12]


def count_expired_exceptions(policy: Policy, today: datetime.date) -> int:
    """How many of a policy's exceptions are past their last day."""
    return sum(one.expires is not None and one.expires < today for one in policy.exceptions)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PolicyUnusable(f"{path}: {error.strerror}") from None


def _look(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _try(policy: Policy, name: str) -> None:
    """Judge with a policy before it is put in force."""
    # No first review pays for what is compiled or read when it is first used.
    warm_up()
    try:
        self_test(policy)
    except SelfTestFailure as error:
        raise PolicyUnusable(f"{name}: {error}") from None
