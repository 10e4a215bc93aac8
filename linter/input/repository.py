"""Where a run stands: in which folder, and where the git repository around it begins."""

import os

from linter.errors import UserError

_ROOTS: dict[str, str | None] = {}


def find_place() -> str:
    """The working directory. Raises UserError: of one that was removed no path leads anywhere."""
    try:
        return os.getcwd()
    except OSError as error:
        raise UserError(f"mlgate: the working directory cannot be read: {error.strerror}") from None


def find_root(folder: str) -> str | None:
    """The nearest folder at or above ``folder`` (absolute) that holds ``.git``; None outside one.

    A work tree's or a submodule's ``.git`` is a file: it counts.
    """
    passed = []
    while folder not in _ROOTS:
        passed.append(folder)
        if os.path.lexists(os.path.join(folder, ".git")):
            _ROOTS[folder] = folder
            break
        parent = os.path.dirname(folder)
        if parent == folder:
            _ROOTS[folder] = None
            break
        folder = parent
    root = _ROOTS[folder]
    # All folders on the way have the same root: a tree is climbed once.
    _ROOTS.update(dict.fromkeys(passed, root))
    return root


def list_parents(folder: str, top: str | None) -> list[str]:
    """``folder`` and the folders above it up to ``top``, or to the file system's root."""
    folders = [folder]
    while folder != top and (parent := os.path.dirname(folder)) != folder:
        folder = parent
        folders.append(folder)
    return folders
