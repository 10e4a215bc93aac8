"""Where kustomizations stand: in the folder of a file, and above it."""

import os
from collections.abc import Callable

from linter.input.repository import find_root, list_parents
from rules.type_names import Any, TypeAlias

KUSTOMIZATION_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")

ReadBodies: TypeAlias = Callable[[str], list[Any]]
"""The path of a file -> what its documents hold; nothing for a file that cannot be read."""

ToldKustomization: TypeAlias = tuple[str, Any, bool]
"""A kustomization as another process can send it: its file (absolute), its document, and whether
the run holds it."""


class FolderKustomizations:
    """The kustomizations in folders and above them. Each folder is looked at once."""

    __slots__ = ("_found", "_looked_above", "_read_bodies")

    def __init__(self, read_bodies: ReadBodies) -> None:
        self._read_bodies = read_bodies
        self._found: dict[str, ToldKustomization | None] = {}
        self._looked_above: dict[str, bool] = {}

    def look_above(self, path: str) -> bool:
        """Look in the folder of a file, and above it up to the repository's root; whether there is
        one."""
        folder = os.path.dirname(os.path.abspath(path))
        if folder not in self._looked_above:
            found = [self.find(parent) for parent in list_parents(folder, find_root(folder))]
            self._looked_above[folder] = any(one is not None for one in found)
        return self._looked_above[folder]

    def find(self, folder: str) -> ToldKustomization | None:
        """The kustomization of a folder (absolute); one that cannot be read says nothing."""
        if folder not in self._found:
            self._found[folder] = self._look(folder)
        return self._found[folder]

    def add(self, file: str, body: Any) -> None:
        """Take in what a file of the run holds, which may stand nowhere else."""
        folder = os.path.dirname(file)
        if folder in self._found and self._found[folder] is None:
            self._looked_above.clear()  # there was none when somebody looked
        self._found[folder] = (file, body, True)

    def export(self) -> list[ToldKustomization]:
        """All that were found, as plain data."""
        return [found for found in self._found.values() if found is not None]

    def _look(self, folder: str) -> ToldKustomization | None:
        for name in KUSTOMIZATION_NAMES:
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                return next(((path, body, False) for body in self._read_bodies(path)), None)
        return None
