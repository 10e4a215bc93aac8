"""Which files are kustomize patches: fragments of objects, not objects."""

import os
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from linter.input.repository import find_root, list_parents

KUSTOMIZATION_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")

ReadBodies: TypeAlias = Callable[[str], list[Any]]
"""The path of a file -> what its documents hold; nothing for a file that cannot be read."""


class Kustomizations:
    """The kustomizations of the folders that a run's files stand in, and of those above them.

    Each folder is read once. What a kustomization that cannot be read would have said is
    not known: where it is among the files of the run, it is reported there.
    """

    __slots__ = ("_named", "_read")

    def __init__(self, read: ReadBodies) -> None:
        self._read = read
        self._named: dict[str, frozenset[str]] = {}

    def names_patch(self, path: str) -> bool:
        """Whether a kustomization in the folder of ``path`` or above it, up to the repository
        root, names the file as a patch."""
        path = os.path.abspath(path)
        folder = os.path.dirname(path)
        return any(path in self._patches(one) for one in list_parents(folder, find_root(folder)))

    def _patches(self, folder: str) -> frozenset[str]:
        known = self._named.get(folder)
        if known is None:
            # Paths in a kustomization are relative to its folder, and may lead out of it.
            known = frozenset(
                os.path.normpath(os.path.join(folder, patch))
                for name in KUSTOMIZATION_NAMES
                for path in (os.path.join(folder, name),)
                if os.path.isfile(path)
                for body in self._read(path)
                for patch in read_patches(body)
            )
            self._named[folder] = known
        return known


def read_patches(body: Any) -> Iterator[str]:
    """The files that a Kustomization or Component names as patches.

    ``patchesStrategicMerge`` may hold a patch's text in place of a file's name: text of more than
    a line names no file. Source: kustomize ``api/types`` (Kustomization, Patch).
    """
    if not isinstance(body, dict):
        return
    for key in ("patches", "patchesJson6902"):
        for patch in _items(body, key):
            if isinstance(patch, dict) and isinstance(patch.get("path"), str):
                yield patch["path"]
    for patch in _items(body, "patchesStrategicMerge"):
        if isinstance(patch, str) and "\n" not in patch:
            yield patch


def _items(body: dict[str, Any], key: str) -> list[Any]:
    found = body.get(key)
    return found if isinstance(found, list) else []
