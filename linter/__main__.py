"""``python -m linter`` is the ``mlgate`` command."""

from linter.cli import run_console

run_console()
