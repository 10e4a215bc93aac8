"""The standard streams: output that cannot be written is reported in a line, with no traceback."""

import io
import os
import sys

from linter.errors import UserError
from rules.type_names import TextIO


class UnwritableError(UserError, OSError):
    """Standard output or standard error takes nothing more. An OSError too, so that a server which
    outlives its log can."""


class OutputStream(io.TextIOWrapper):
    """A standard stream for output. Raises UnwritableError, or BrokenPipeError."""

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except OSError as error:
            raise _report(error) from None

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            raise _report(error) from None


def open_streams() -> None:
    """Put streams that report failures in place of ``sys.stdout`` and ``sys.stderr``.

    Where one is closed, its number is taken, so that no file which is opened later gets what is
    meant for the stream: by one that cannot be used, or for standard error by one that takes all.
    """
    for number, mode in enumerate((os.O_WRONLY, os.O_RDONLY, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, mode)
    sys.stdin = sys.stdin or open(0, encoding="utf-8")  # noqa: SIM115 - for the whole run
    sys.stdout = _wrap(sys.stdout, 1)
    sys.stderr = _wrap(sys.stderr, 2)


def _wrap(stream: TextIO | None, number: int) -> OutputStream:
    # A file's name may hold bytes, and a terminal may lack characters.
    errors = "backslashreplace"
    # Python leaves None in place of a stream whose descriptor is closed.
    if not isinstance(stream, io.TextIOWrapper):
        raw = io.FileIO(number, "wb")
        return OutputStream(io.BufferedWriter(raw), "utf-8", errors, line_buffering=True)
    return OutputStream(
        stream.buffer,
        stream.encoding,
        errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def _report(error: OSError) -> OSError:
    if isinstance(error, BrokenPipeError | UnwritableError):
        return error
    return UnwritableError(f"mlgate: cannot write: {error.strerror}")
