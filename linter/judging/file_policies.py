"""Which policy holds for which file: the nearest one above it, and what that says of its path.

A policy that the command line names holds for all files. Otherwise the nearest policy file above a
file counts, no further than the root of its repository, and where there is none that of the working
directory.
"""

import os
import re
from collections.abc import Iterable

from linter.errors import UserError
from linter.input.repository import find_root
from linter.judging.settings import FILE_NAMES, load_policy, pick_policy
from rules.lazy_pattern import LazyPattern
from rules.policy.decisions import ORDER
from rules.policy.values import Policy
from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from linter.input.gitignore import IgnoreScope
    from linter.input.sources import Source


_POLICY = LazyPattern(r"""^[ \t{]*["']?apiVersion["']?\s*:\s*["']?mlgate\.dev/""", re.MULTILINE)
_HEAD = 64 * 1024


class FilePolicies:
    """The policies of a run. ``file`` is where ``policy`` stands (None: it is built in). Where it
    is ``stated`` no other is looked for."""

    def __init__(self, policy: Policy, file: str | None, *, stated: bool) -> None:
        self._stated = stated
        self._policy = policy
        self._file = os.path.abspath(file) if file else None
        self._nearest: dict[str, str | None] = {}
        self._files: dict[str, str | None] = {}
        self._loaded: dict[str, Policy] = {self._file: policy} if self._file else {}
        self._laid_over: dict[tuple[str, int], Policy] = {}
        self._scopes: dict[str, list[IgnoreScope]] = {}
        self._found: dict[str, Policy] = {}

    def find(self, path: str) -> Policy:
        """The policy that holds for a file, by the path it was reached by. Raises UserError."""
        if path not in self._found:
            self._found[path] = self._choose(path)
        return self._found[path]

    def prepare(self, paths: Iterable[str]) -> None:
        """Read all that hold for some files, before a run is split. Raises UserError."""
        for path in paths:
            self.find(path)

    def list_others(self) -> list[str]:
        """The policy files that hold beside the run's own, by their paths from here."""
        return sorted(os.path.relpath(one) for one in self._loaded if one != self._file)

    def keep_included(self, sources: "Iterable[Source]") -> "list[Source]":
        """The files but for those that a walk met and their own policy excludes."""
        return [one for one in sources if one.named or not self._is_excluded(one.path)]

    def _is_excluded(self, path: str) -> bool:
        file = self._find_file(path)
        if file is None or file == self._file:
            return False  # the walk has left out what that one excludes
        policy = self._load(file)
        return bool(policy.exclude) and _fits(_make_scope(policy.exclude), file, path)

    def _choose(self, path: str) -> Policy:
        file = self._find_file(path)
        policy = self._policy if file is None else self._load(file)
        if file is None or not policy.paths:
            return policy
        if file not in self._scopes:
            self._scopes[file] = [_make_scope(one.match) for one in policy.paths]
        for number, scope in enumerate(self._scopes[file]):
            if _fits(scope, file, path):
                key = file, number
                if key not in self._laid_over:
                    self._laid_over[key] = policy.for_path(number)
                return self._laid_over[key]
        return policy

    def _find_file(self, path: str) -> str | None:
        """The policy file (absolute) for a file, or the run's own."""
        if self._stated:
            return self._file
        folder = os.path.dirname(path)
        if folder not in self._files:
            self._files[folder] = self._find_above(os.path.abspath(folder)) or self._file
        return self._files[folder]

    def _find_above(self, folder: str) -> str | None:
        if folder not in self._nearest:
            self._nearest[folder] = self._look(folder)
        return self._nearest[folder]

    def _look(self, folder: str) -> str | None:
        paths = (os.path.join(folder, name) for name in FILE_NAMES)
        own = [path for path in paths if path == self._file or _is_policy(path)]
        if own:
            return pick_policy(own)
        parent = _parent_in_repository(folder)
        return None if parent is None else self._find_above(parent)

    def _load(self, file: str) -> Policy:
        if file not in self._loaded:
            policy = load_policy(os.path.relpath(file))
            self._loaded[file] = policy
            # A team's policy further down must not escape the platform's locks by not extending it.
            _refuse_loosened(file, policy, self._find_locks(file))
        return self._loaded[file]

    def _find_locks(self, file: str) -> tuple[str, Policy] | None:
        """The policy above another one, which may have locks."""
        parent = _parent_in_repository(os.path.dirname(file))
        above = self._find_above(parent) if parent is not None else None
        return (above, self._load(above)) if above is not None else None


def _is_policy(path: str) -> bool:
    """Whether a file of a policy's name says that it is one: among manifests it may be another,
    such as what installs mlgate."""
    if not os.path.isfile(path):
        return False
    try:
        with open(path, "rb") as file:
            return _POLICY.search(file.read(_HEAD).decode("utf-8", "replace")) is not None
    except OSError:
        return True  # whoever loads it says what is wrong


def _parent_in_repository(folder: str) -> str | None:
    """The folder above, unless this is a repository's root, or there is none."""
    parent = os.path.dirname(folder)
    return None if parent == folder or find_root(folder) == folder else parent


def _make_scope(patterns: "Sequence[str]") -> "IgnoreScope":
    from linter.input.gitignore import IgnoreFile, IgnoreScope

    return IgnoreScope().add(IgnoreFile(tuple(patterns)))


def _fits(scope: "IgnoreScope", file: str, path: str) -> bool:
    """Whether patterns from the folder of a policy file fit a path."""
    below = os.path.relpath(os.path.abspath(path), os.path.dirname(file))
    parts = tuple(below.split(os.sep))
    return parts[0] != os.pardir and scope.excludes(parts)


def _refuse_loosened(file: str, policy: Policy, above: tuple[str, Policy] | None) -> None:
    """Raises UserError where a policy further up has locks, and the one in ``file`` has not."""
    if above is None:
        return
    other, locks = above
    loose = [
        code
        for code, floor in locks.locked.items()
        if code not in policy.locked or ORDER.index(policy.locked[code]) < ORDER.index(floor)
    ]
    loose += [key for key in locks.locked_keys if key not in policy.locked_keys]
    if loose:
        name = os.path.relpath(other, os.path.dirname(file))
        raise UserError(
            f"{os.path.relpath(file)}: {os.path.relpath(other)} locks {', '.join(loose)}: "
            f"extend it (extends: [{name}])"
        )
