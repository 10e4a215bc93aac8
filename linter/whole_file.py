"""A text file written as a whole or not at all: whatever interrupts, never half of it."""

import errno
import os
import stat

_NO_ROOM_BESIDE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY})
"""A folder that takes no new file may hold one that can be written, such as a mounted one."""


def write_whole(path: str, text: str, errors: str = "backslashreplace") -> None:
    """Put ``text`` in the file at ``path``, new or not: written beside it and renamed. A link stays
    a link; a device or a pipe is written to as it is. Raises OSError."""
    target = os.path.realpath(path)
    data = text.encode("utf-8", errors)
    try:
        mode = os.stat(target).st_mode
    except FileNotFoundError:
        mode = None
    if mode is not None and not stat.S_ISREG(mode):
        _write(target, data, "wb")
        return
    try:
        _replace(target, data, mode)
    except OSError as error:
        if mode is None or error.errno not in _NO_ROOM_BESIDE:
            raise
        _write(target, data, "wb")


def _replace(target: str, data: bytes, mode: int | None) -> None:
    beside = f"{target}.{os.getpid()}.tmp"
    try:
        _write(beside, data, "xb")
        if mode is not None:
            os.chmod(beside, stat.S_IMODE(mode))
        os.replace(beside, target)
    # Ctrl-C too: nothing half-written is left behind.
    except BaseException:
        if os.path.exists(beside):
            os.unlink(beside)
        raise


def _write(path: str, data: bytes, mode: str) -> None:
    with open(path, mode) as file:
        file.write(data)
