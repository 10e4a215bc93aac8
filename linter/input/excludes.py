"""What the policy and the command line leave out, by patterns as git has them."""

import os

from rules.record import NamedTuple
from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    from linter.input.gitignore import IgnoreScope


class Excludes(NamedTuple):
    """Gitignore patterns: the policy's ``exclude``, from ``folder`` (absolute), and those of the
    command line, from the working directory."""

    folder: str
    patterns: tuple[str, ...] = ()
    here: tuple[str, ...] = ()

    def match(self, path: str) -> bool:
        """Whether a file, or a folder on the way to it, is excluded."""
        from linter.input.gitignore import IgnoreFile, IgnoreScope

        return any(
            parts is not None and IgnoreScope().add(IgnoreFile(patterns)).excludes(parts)
            for patterns, parts in self._list_patterns(path)
        )

    def scope(self, folder: str) -> "IgnoreScope":
        """What holds in ``folder`` (absolute)."""
        from linter.input.gitignore import IgnoreFile, IgnoreScope

        scope = IgnoreScope()
        for patterns, parts in self._list_patterns(folder):
            if parts is not None:
                scope = scope.add(IgnoreFile(patterns), parts)
        return scope

    def _list_patterns(self, path: str) -> list[tuple[tuple[str, ...], tuple[str, ...] | None]]:
        """Patterns, and the way to ``path`` from where they hold (None: not below)."""
        layers = ((self.folder, self.patterns), (os.getcwd(), self.here))
        return [(patterns, _parts_below(top, path)) for top, patterns in layers if patterns]


def _parts_below(folder: str, path: str) -> tuple[str, ...] | None:
    """The components of ``path`` from ``folder`` on; None where it is not inside."""
    below = os.path.relpath(os.path.abspath(path), folder)
    parts = tuple(below.split(os.sep))
    if parts[0] == os.pardir:
        return None
    return () if below == os.curdir else parts
