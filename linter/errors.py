"""What ends a run, and the exit codes."""

FINDINGS = 1
USAGE_ERROR = 2
CRASHED = 3
UNREADABLE = 4
NOTHING_CHECKED = 5
INTERRUPTED = 130
BROKEN_PIPE = 141
"""The last two are what a shell reports of a program that SIGINT, or SIGPIPE, ended."""


class UserError(Exception):
    """A wrong flag, path or policy. The message is whole lines; the command exits with 2."""


class WorkerError(Exception):
    """A worker process ended without an answer."""
