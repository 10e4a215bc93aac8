"""The policy file: where it is, and reading it."""

import os
from collections.abc import Callable
from functools import partial

from linter.errors import UserError
from linter.input.repository import find_root, list_parents
from rules.policy.values import DEFAULT, Policy
from rules.reader import ReadError, decode
from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime

FILE_NAMES = ("mlgate.yaml", "mlgate.yml", ".mlgate.yaml", ".mlgate.yml")
"""What a policy file may be called. The first is the name that messages and pages use."""


def find_policy(start: str) -> str | None:
    """The policy file in ``start`` or the nearest folder above it, no further than the
    repository's root; None where there is none. The path leads there from the working directory.

    Raises UserError where a folder holds two: one of them would be passed over in silence.
    """
    folder = os.path.abspath(start)
    for above, parent in enumerate(list_parents(folder, find_root(folder))):
        # All names are asked for, so that a second policy is an error and not passed over.
        names = [name for name in FILE_NAMES if os.path.isfile(os.path.join(parent, name))]
        here = [os.path.normpath(os.path.join(start, *[os.pardir] * above, name)) for name in names]
        if here:
            return pick_policy(here)
    return None


def pick_policy(found: list[str]) -> str:
    """The one policy file of a folder. Raises UserError where there are two."""
    if len(found) > 1:
        raise UserError(f"more than one policy: {' and '.join(found)}; keep one, or give --policy")
    return found[0]


def _read_base(path: str, name: str) -> str:
    """The text of a policy that the one at ``path`` extends."""
    with open(os.path.join(os.path.dirname(path), name), "rb") as file:
        return decode(file.read())


def list_bases(path: str) -> set[str]:
    """The files that the policy at ``path`` extends, as far as it can be read."""
    from contextlib import suppress

    from rules.checks import INDEX
    from rules.policy.file import PolicyError, read_policy

    bases: set[str] = set()

    def read_base(name: str) -> str:
        bases.add(os.path.join(os.path.dirname(path), name))
        return _read_base(path, name)

    with suppress(OSError, ReadError, PolicyError):
        read_policy(_read_text(path), INDEX, read_base)
    return bases


def load_policy(path: str) -> Policy:
    """The policy in the file at ``path``.

    Raises UserError, with one line ``FILE:LINE:COLUMN: message`` for each problem.
    """
    return _load_policy(path, lambda: _read_text(path))


def parse_policy_text(path: str, text: str) -> Policy:
    """The policy in a text that is to stand in the file at ``path``. Raises as ``load_policy``."""
    return _load_policy(path, lambda: text)


def _read_text(path: str) -> str:
    with open(path, "rb") as file:
        return decode(file.read())


def _load_policy(path: str, read: Callable[[], str]) -> Policy:
    from rules.checks import INDEX  # a run without a policy spares both
    from rules.policy.file import PolicyError, read_policy

    try:
        return read_policy(read(), INDEX, partial(_read_base, path))
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from None
    except ReadError as error:
        raise UserError(f"{path}:{error}") from None
    except PolicyError as error:
        lines = [
            f"{path}:{problem.span.line}:{problem.span.column}: {problem.message}"
            for problem in error.problems
        ]
        raise UserError("\n".join(lines)) from None


def settle_policy(stated: str | None, start: str) -> tuple[Policy, str | None]:
    """The policy in the file that the command line states, else in one that is found from the
    folder ``start``, else the built-in one; and the file. Raises UserError."""
    if stated == "":  # as a variable that is not set leaves it: no other policy is meant
        raise UserError("mlgate: --policy is empty: name a file, or leave it out")
    file = stated or find_policy(start)
    return (load_policy(file) if file else DEFAULT), file


def name_policy(policy: Policy, file: str | None, flag_profile: str | None) -> str:
    """The policy in force, in words."""
    return f"{file or 'built-in'}, profile {flag_profile or policy.profile}"


def find_today() -> "datetime.date":
    """The day on which exceptions are judged."""
    import datetime

    return datetime.date.today()  # noqa: DTZ011 - a policy's dates are the reader's own days
