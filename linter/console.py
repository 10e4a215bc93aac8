"""The console's entry: at whatever moment Ctrl-C comes, the command ends with no traceback."""

import os
import sys

from linter.errors import INTERRUPTED


def start() -> None:
    """Run the command and end the process. It is imported alone, so that an interruption of all
    other imports is met here."""
    sys.unraisablehook = _tell_unraisable
    try:
        from linter.cli import run_console

        run_console()
    except KeyboardInterrupt:
        os._exit(INTERRUPTED)


def _tell_unraisable(unraisable: "sys.UnraisableHookArgs") -> None:
    # Within a callback, such as that of an import's lock, Python would print it and go on.
    if issubclass(unraisable.exc_type, KeyboardInterrupt):
        os._exit(INTERRUPTED)
    sys.__unraisablehook__(unraisable)
