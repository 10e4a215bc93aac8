"""The kustomizations of a run, and those above its files: who patches what.

kustomize builds a folder from its resources, which may be other kustomizations, lets components
change what is there, and patches it. Nothing is built here: names tell which object a patch is for.
"""

import os
from collections.abc import Iterable, Iterator
from itertools import chain

from linter.input.documents import list_objects
from linter.input.kustomization import (
    Kustomization,
    KustomizePatch,
    PatchTarget,
    key_of,
    read_kustomization,
)
from linter.input.kustomization_files import FolderKustomizations, ReadBodies, ToldKustomization
from rules.model import ObjectKey
from rules.paths import dig
from rules.reader import Document, read
from rules.record import NamedTuple
from rules.type_names import Any, TypeAlias

ToldObject: TypeAlias = tuple[str, tuple[str, str, str, str]]
"""An object of the run: its file (absolute) and its key."""


class PatchUse(NamedTuple):
    """A patch, and the kustomization that names its target."""

    kustomization: Kustomization
    patch: KustomizePatch

    @property
    def file(self) -> str:
        """The file that the patch stands in."""
        return self.patch.file or self.kustomization.file


class PlacedObject(NamedTuple):
    """An object on its way through a build: its file, and all that it has been called."""

    file: str
    key: ObjectKey
    names: tuple[str, ...]


class Kustomizations:
    """What all kustomizations at hand say of the files of a run.

    ``objects`` are those of the run. What else a kustomization is built from is read.
    """

    def __init__(
        self,
        told: Iterable[ToldKustomization],
        objects: Iterable[ToldObject],
        folders: FolderKustomizations,
        read_bodies: ReadBodies,
    ) -> None:
        self._read_bodies = read_bodies
        self._folders = folders
        self._objects: dict[str, list[ObjectKey]] = {}
        for file, key in objects:
            self._objects.setdefault(file, []).append(ObjectKey(*key))
        self._bodies = {file: body for file, body, _ in sorted(told, key=_by_weight)}
        known = (read_kustomization(file, body) for file, body in sorted(self._bodies.items()))
        self._known = [one for one in known if one is not None]
        self._by_folder = {one.folder: one for one in self._known}
        self._uses: dict[str, list[PatchUse]] = {}
        for use in (PatchUse(one, patch) for one in self._known for patch in one.patches):
            self._uses.setdefault(use.file, []).append(use)
        self._listed = frozenset(path for one in self._known for path in one.resources)
        self._built: dict[str, list[PlacedObject]] = {}
        self._reached: dict[str, dict[str, list[PlacedObject]]] = {}
        self._patched: dict[tuple[str, ObjectKey], list[PatchUse]] | None = None
        self._tagged: dict[tuple[str, ObjectKey], list[Kustomization]] | None = None

    def uses_of(self, path: str) -> list[PatchUse]:
        """The patches that stand in a file: it is one, or a kustomization that holds some."""
        return self._uses.get(os.path.abspath(path), [])

    def names_patch(self, path: str) -> bool:
        """Whether some kustomization names the file as a patch."""
        return any(use.patch.file for use in self.uses_of(path))

    def lists(self, path: str) -> bool:
        """Whether some kustomization names the file as a resource."""
        return os.path.abspath(path) in self._listed

    def find_patches_of(self, path: str, body: dict[str, Any]) -> list[PatchUse]:
        """The patches for an object of a file of the run."""
        return self._find_patched().get((os.path.abspath(path), key_of(body)), [])

    def find_tags_of(self, path: str, body: dict[str, Any]) -> list[Kustomization]:
        """The kustomizations that give images of an object of the run's files other tags."""
        return self._find_tagged().get((os.path.abspath(path), key_of(body)), [])

    def _find_tagged(self) -> dict[tuple[str, ObjectKey], list[Kustomization]]:
        if self._tagged is None:
            self._tagged = {}
            for one in self._known:
                for placed in chain.from_iterable(self._reach(one).values()) if one.images else ():
                    self._tagged.setdefault((placed.file, placed.key), []).append(one)
        return self._tagged

    def _find_patched(self) -> dict[tuple[str, ObjectKey], list[PatchUse]]:
        if self._patched is None:
            self._patched = self._map_patches() if self._uses else {}
        return self._patched

    def find_bases(self, use: PatchUse, patch: Any) -> Iterator[PlacedObject]:
        """The objects that a patch's document is for, in the order of their files: by its target,
        else by what it calls itself."""
        target = use.patch.target
        reached = self._reach(use.kustomization)
        if target is not None:
            yield from (one for one in _of_kind(reached, target) if target.selects(*one[1:]))
        elif isinstance(patch, dict):
            wanted = key_of(patch)
            yield from (one for one in reached.get(wanted.kind, ()) if _is_meant(wanted, one))

    def find_built(self, folder: str, key: ObjectKey) -> list[PlacedObject]:
        """Where the objects stand that the kustomization of a folder (absolute) builds by the name
        of ``key``, whatever their namespace."""
        top = self._in_folder(folder)
        return [
            placed
            for placed in (self._build(top) if top is not None else ())
            if (placed.key.group, placed.key.kind) == (key.group, key.kind)
            and top is not None
            and key.name in (top.rename(placed.names[-1]), placed.names[-1])
        ]

    def read_object(self, placed: PlacedObject) -> Iterator[dict[str, Any]]:
        """The object, or the objects of one name in a file."""
        for body in self._read_bodies(placed.file):
            for _, one in list_objects(body):
                if one is not None and key_of(one) == placed.key:
                    yield one

    def find_patches_for(self, use: PatchUse, body: dict[str, Any]) -> list[Any]:
        """The documents of a patch that are for an object of this name."""
        key = key_of(body)
        return [
            patch
            for patch in self._read_patch(use)
            if any(placed.key == key for placed in self.find_bases(use, patch))
        ]

    def _read_patch(self, use: PatchUse) -> list[Any]:
        """The documents of a patch."""
        if use.patch.file is not None:
            return self._read_bodies(use.patch.file)
        text = dig(self._bodies[use.kustomization.file], use.patch.place)
        return [one.value for one in read(text) if isinstance(one, Document)]

    def _map_patches(self) -> dict[tuple[str, ObjectKey], list[PatchUse]]:
        patched: dict[tuple[str, ObjectKey], list[PatchUse]] = {}
        for uses in self._uses.values():
            for use in uses:
                for patch in self._read_patch(use):
                    for placed in self.find_bases(use, patch):
                        held = patched.setdefault((placed.file, placed.key), [])
                        held += [] if use in held else [use]
        return patched

    def _reach(self, kustomization: Kustomization) -> dict[str, list[PlacedObject]]:
        """What a kustomization's patches can change, by kind: of a component, all that it is put
        into too."""
        if kustomization.file not in self._reached:
            hosts = [kustomization]
            for host in hosts:
                around = (one for one in self._known if host.folder in one.components)
                # The list grows while it is walked: a component may be part of another.
                hosts += [one for one in around if one not in hosts]
            placed = {one for host in hosts for one in self._build(host)}
            by_kind = self._reached[kustomization.file] = {}
            for one in sorted(placed):
                by_kind.setdefault(one.key.kind, []).append(one)
        return self._reached[kustomization.file]

    def _build(self, kustomization: Kustomization) -> list[PlacedObject]:
        if kustomization.file not in self._built:
            self._built[kustomization.file] = []  # one that is built from itself ends here
            self._built[kustomization.file] = list(self._collect(kustomization))
        return self._built[kustomization.file]

    def _collect(self, kustomization: Kustomization) -> Iterator[PlacedObject]:
        for path in (*kustomization.resources, *kustomization.components):
            inner = self._in_folder(path)
            if inner is None:
                for key in self._keys(path):
                    yield PlacedObject(path, key, (key.name,))
                continue
            for placed in self._build(inner):
                name = inner.rename(placed.names[-1])
                # A patch may call it by any name that it had on the way, as in kustomize.
                names = placed.names if name in placed.names else (*placed.names, name)
                yield placed._replace(names=names)

    def _in_folder(self, path: str) -> Kustomization | None:
        if path not in self._by_folder and path not in self._objects and os.path.isdir(path):
            told = self._folders.find(path)
            found = read_kustomization(*told[:2]) if told is not None else None
            if found is not None:
                self._by_folder[path] = found
        return self._by_folder.get(path)

    def _keys(self, path: str) -> list[ObjectKey]:
        if path not in self._objects:
            bodies = self._read_bodies(path) if os.path.isfile(path) else []
            self._objects[path] = [
                key_of(one) for body in bodies for _, one in list_objects(body) if one is not None
            ]
        return self._objects[path]


def _by_weight(told: ToldKustomization) -> bool:
    """What the run holds comes last and counts, not what stands in the file by now."""
    return told[2]


def _of_kind(reached: dict[str, list[PlacedObject]], target: PatchTarget) -> Iterable[PlacedObject]:
    """The objects of the target's kind, if it is one kind's name."""
    if target.kind in reached:
        return reached[target.kind]
    return chain.from_iterable(reached.values())


def _is_meant(wanted: ObjectKey, placed: PlacedObject) -> bool:
    key = placed.key
    if wanted.group != key.group or wanted.name not in placed.names:
        return False
    return not wanted.namespace or not key.namespace or wanted.namespace == key.namespace
