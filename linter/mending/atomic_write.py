"""A file replaced as a whole, or left as it was: whatever happens, never half of each."""

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from linter.input.sources import explain_error
from linter.whole_file import written_beside


class NotWritten(Exception):
    """The file was left as it was; the message is the reason."""


class Unwritable(NotWritten):
    """The system does not let it be written."""


def replace_file(path: Path, original: bytes, new: bytes, roots: Iterable[Path]) -> None:
    """Put ``new`` in place of ``original``, which is what ``path`` held when it was read.

    Written to a new file in the same folder, synced and renamed; mode and owner are kept. A link
    stays a link, and its target is only written where it lies in one of ``roots`` (the paths that
    the user named). Raises ``Unwritable`` for a read-only file or folder and whatever else the
    system says, ``NotWritten`` for a target outside, what is no file, and a file that has changed
    since.
    """
    try:
        target = _target(path, roots)
        _replace(target, original, new)
    except OSError as error:
        raise Unwritable(explain_error(error)) from error


def _target(path: Path, roots: Iterable[Path]) -> Path:
    target = path.resolve(strict=True)
    # A link in a repository may lead anywhere: nothing outside of what was named is written.
    if path.is_symlink() or target.parent != Path(os.path.abspath(path)).parent:
        real = [root.resolve() for root in roots if not root.is_symlink()]
        if not any(target.is_relative_to(root) for root in real):
            raise NotWritten(f"a symbolic link to {target}, outside the given paths")
    return target


def _replace(target: Path, original: bytes, new: bytes) -> None:
    status = target.stat()
    if not stat.S_ISREG(status.st_mode):
        raise NotWritten("not a regular file")
    if not status.st_mode & 0o222 or not os.access(target, os.W_OK):
        raise Unwritable("the file is read-only")
    # Nobody else's to read before it has the mode of what it replaces.
    with written_beside(str(target), mode=0o600) as file:
        file.write(new)
        file.flush()
        _keep_owner(file.fileno(), status)
        os.fsync(file.fileno())
        # As late as can be: an editor may have saved the file meanwhile.
        _check_unchanged(target, original)
    _sync_folder(target.parent)


def _check_unchanged(target: Path, original: bytes) -> None:
    if target.read_bytes() != original:
        raise NotWritten("the file changed since it was read")


def _keep_owner(handle: int, status: os.stat_result) -> None:
    if (status.st_uid, status.st_gid) != (os.getuid(), os.getgid()):
        # Only root gives files away; the mode below is the more important part.
        with suppress(PermissionError):
            os.fchown(handle, status.st_uid, status.st_gid)
    os.fchmod(handle, stat.S_IMODE(status.st_mode))


def _sync_folder(folder: Path) -> None:
    """Make the rename itself last over a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
