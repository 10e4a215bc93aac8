"""The policy file: where it is, and reading it."""

import os

from linter.errors import UserError
from linter.input.repository import find_root, list_parents
from rules.checks import ALL
from rules.policy.values import Policy
from rules.reader import ReadError, decode

FILE_NAME = "mlgate.yaml"


def find_policy(start: str) -> str | None:
    """The policy file in ``start`` or the nearest folder above it, no further than the
    repository's root; None where there is none. The path is as one would reach it from here."""
    folder = os.path.abspath(start)
    for above, parent in enumerate(list_parents(folder, find_root(folder))):
        if os.path.isfile(os.path.join(parent, FILE_NAME)):
            return os.path.normpath(os.path.join(start, *[os.pardir] * above, FILE_NAME))
    return None


def load_policy(path: str) -> Policy:
    """The policy in the file at ``path``.

    Raises UserError, with one line ``FILE:LINE:COLUMN: message`` for each problem.
    """
    from rules.policy.file import PolicyError, read_policy  # a run without a policy spares it

    try:
        with open(path, "rb") as file:
            return read_policy(decode(file.read()), ALL)
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
