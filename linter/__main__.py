"""``python -m linter`` is the ``mlgate`` command."""

from linter.console import start

start()
