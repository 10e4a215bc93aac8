"""A file written as a whole or not at all: whatever interrupts, never half of it."""

import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

from rules.type_names import BinaryIO

_NO_ROOM_BESIDE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY})
"""A folder that takes no new file may hold one that can be written, such as a mounted one."""


def write_whole(path: str, text: str, errors: str = "backslashreplace") -> None:
    """Put ``text`` in the file at ``path``, new or not: written beside it and renamed. A link stays
    a link; a device or a pipe is written to as it is. Raises OSError."""
    write_pieces(path, lambda: [text], errors)


def write_pieces(
    path: str, make_pieces: Callable[[], Iterable[str]], errors: str = "backslashreplace"
) -> None:
    """The same with a text in pieces, which are made once more where nothing can be renamed."""
    target = os.path.realpath(path)

    def encode() -> Iterator[bytes]:
        return (piece.encode("utf-8", errors) for piece in make_pieces())

    try:
        mode = os.stat(target).st_mode
    except FileNotFoundError:
        mode = None
    if mode is not None and not stat.S_ISREG(mode):
        _write(target, encode())
        return
    try:
        _replace(target, encode(), mode)
    except OSError as error:
        if mode is None or error.errno not in _NO_ROOM_BESIDE:
            raise
        _write(target, encode())


def _replace(target: str, data: Iterable[bytes], mode: int | None) -> None:
    with written_beside(target) as file:
        file.writelines(data)
        if mode is not None:
            os.chmod(file.name, stat.S_IMODE(mode))


@contextmanager
def written_beside(target: str, mode: int = 0o666) -> Iterator[BinaryIO]:
    """A new file in the folder of ``target``, which takes its place in the end. Where that is not
    reached nothing is left of it. ``mode`` is what it is made with, less the umask."""
    folder, name = os.path.split(target)
    # In the same folder: a rename does not cross file systems.
    beside = os.path.join(folder, f".{name}.{os.urandom(4).hex()}.tmp")
    with open(beside, "xb", opener=lambda path, flags: os.open(path, flags, mode)) as file:
        try:
            yield file
            file.close()
            os.replace(beside, target)
        # Ctrl-C too: nothing half-written is left behind.
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(beside)
            raise


def _write(path: str, data: Iterable[bytes]) -> None:
    with open(path, "wb") as file:
        file.writelines(data)
