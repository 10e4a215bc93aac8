"""What a walk leaves out: hidden and vendored folders, and what git ignores.

The same holds for files that a hook names, so that both look at the same files.
"""

import os

from linter.input.entries import leaves_out
from linter.input.gitignore import IgnoreScope, find_scope, read_ignore_file
from linter.input.repository import find_root


def narrow(folder: str, scope: IgnoreScope, *, has_ignore_file: bool) -> IgnoreScope:
    """The scope inside ``folder`` (with every link resolved), where ``scope`` is what those above
    it say. A repository begins anew; outside one nothing is ignored."""
    root = find_root(folder)
    if root is None:
        return scope
    if root == folder:
        scope = find_scope(folder, folder)
    file = read_ignore_file(os.path.join(folder, ".gitignore")) if has_ignore_file else None
    return scope.add(file) if file is not None else scope


class Boundary:
    """What a walk from ``top`` would leave out. Each folder is looked at once."""

    __slots__ = ("_scopes", "_top")

    def __init__(self, top: str) -> None:
        self._top = os.path.realpath(top)
        scope = find_scope(self._top, find_root(self._top))
        self._scopes: dict[str, IgnoreScope | None] = {self._top: self._enter(self._top, scope)}

    def leaves_out(self, path: str) -> bool:
        """Whether a walk would pass over the file. One outside of ``top`` it would not meet."""
        folder = os.path.realpath(os.path.dirname(path))
        if os.path.commonpath((folder, self._top)) != self._top:
            return False
        scope = self._scope(folder)
        return scope is None or scope.ignores(os.path.basename(path), folder=False)

    def _scope(self, folder: str) -> IgnoreScope | None:
        """What is ignored in ``folder``; None where a walk would not come there."""
        if folder not in self._scopes:
            self._scopes[folder] = self._scope_below(os.path.dirname(folder), folder)
        return self._scopes[folder]

    def _scope_below(self, parent: str, folder: str) -> IgnoreScope | None:
        above, name = self._scope(parent), os.path.basename(folder)
        if above is None or leaves_out(name) or above.ignores(name, folder=True):
            return None
        return self._enter(folder, above.enter(name))

    @staticmethod
    def _enter(folder: str, scope: IgnoreScope) -> IgnoreScope:
        return narrow(folder, scope, has_ignore_file=True)
