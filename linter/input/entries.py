"""What is read of a folder that is walked: manifests, and no folder that is hidden or vendored."""

import os

from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    from linter.input.gitignore import IgnoreScope

_VENDORED = frozenset({"node_modules", "vendor"})
_SUFFIXES = (".yaml", ".yml", ".json")
_KUSTOMIZATION = "Kustomization"  # the one name that has no suffix


def leaves_out(name: str) -> bool:
    """Whether a folder of that name is not entered."""
    return name.startswith(".") or name in _VENDORED


def is_manifest(path: str) -> bool:
    """Whether a file of that name is taken for one of manifests without being named."""
    return path.endswith(_SUFFIXES) or os.path.basename(path) == _KUSTOMIZATION


def is_left_out(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a hidden or vendored folder, or a link to one."""
    name = entry.name
    return leaves_out(name) and (entry.is_dir(follow_symlinks=False) or not is_manifest(name))


def is_passed_by(entry: os.DirEntry[str], scope: "IgnoreScope", excluded: "IgnoreScope") -> bool:
    """Whether an entry is nothing to read, or one that git or the policy wants left alone."""
    name = entry.name
    folder = entry.is_dir(follow_symlinks=False)
    if not folder and not is_manifest(name) and not entry.is_symlink():
        return True
    return scope.ignores(name, folder=folder) or excluded.ignores(name, folder=folder)
