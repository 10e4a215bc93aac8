"""From an object that kustomize built back to the file, and the line, that its values stand in.

A value is looked for in the patches of the object, the last first, and then in the object itself.
Where none of them says what was built (a transformer wrote it, or a patch that cannot be followed),
nothing is claimed.
"""

import os
from collections.abc import Iterator

from linter.input.documents import list_objects
from linter.input.foreign import is_operations
from linter.input.kustomization import key_of, read_kustomization
from linter.input.kustomization_files import FolderKustomizations, ToldKustomization
from linter.input.kustomize import Kustomizations, PatchUse, PlacedObject
from linter.input.origins import read_origin
from linter.input.sources import Source, SourceError, read_source
from rules.patches import Patched, lay_over
from rules.paths import Path, dig, has
from rules.reader import Document, ReadError, decode, read
from rules.record import NamedTuple
from rules.type_names import Any


class SourcePlace(NamedTuple):
    """Where something stands that was built: a file by its path from the working directory, the
    document, and the path in it (``inside``: of text in another document, whose spans it has)."""

    file: str
    document: Document
    path: Path
    inside: bool = False


class _Layer(NamedTuple):
    """A patch laid over an object: its document, in which file, and what came of both."""

    file: str
    document: Document
    patched: Patched
    inside: bool


class KustomizeSources:
    """The files that the kustomization of ``folder`` is built from."""

    def __init__(self, folder: str) -> None:
        self._folder = os.path.abspath(folder)
        self._documents: dict[str, list[Document]] = {}
        folders = FolderKustomizations(self._read_bodies)
        told = list(_read_tree(self._folder, folders))
        # What a build further out says comes later.
        self._order = {one[0]: number for number, one in enumerate(reversed(told))}
        self._kustomizations = Kustomizations(told, (), folders, self._read_bodies)

    def find_file(self, body: dict[str, Any]) -> str | None:
        """The file that an object of the build was written in."""
        placed = self._find_placed(body)
        return os.path.relpath(placed.file) if placed else None

    def find(self, body: dict[str, Any], path: Path) -> SourcePlace | None:
        """Where that stands which the object ``body`` of the build has at ``path``, or lacks."""
        placed = self._find_placed(body)
        own = self._read_own(placed) if placed is not None else None
        if placed is None or own is None:
            return None
        document, prefix = own
        base = dig(document.value, prefix)
        layers = list(self._lay(placed, base))
        last = layers[-1].patched.body if layers else base
        at = follow(body, path, last)
        for number in range(len(layers) - 1, -1, -1):
            layer = layers[number]
            found = layer.patched.find(at)
            if found is not None:
                return SourcePlace(layer.file, layer.document, found, layer.inside)
            below = layers[number - 1].patched.body if number else base
            at = follow(layer.patched.body, at, below)
        if not _says(base, at, body, path):
            return None
        return SourcePlace(os.path.relpath(placed.file), document, (*prefix, *at))

    def _find_placed(self, body: dict[str, Any]) -> PlacedObject | None:
        """The object that one of the build was; None where several may be meant."""
        found = self._kustomizations.find_built(self._folder, key_of(body))
        origin = read_origin(body)
        if origin is not None:
            file = os.path.normpath(os.path.join(self._folder, origin))
            found = [one for one in found if one.file == file]
        return found[0] if len(found) == 1 else None

    def _read_own(self, placed: PlacedObject) -> tuple[Document, Path] | None:
        found = [
            (document, path)
            for document in self._read(placed.file)
            for path, one in list_objects(document.value)
            if one is not None and key_of(one) == placed.key
        ]
        return found[0] if len(found) == 1 else None

    def _lay(self, placed: PlacedObject, body: dict[str, Any]) -> Iterator[_Layer]:
        uses = self._kustomizations.find_patches_of(placed.file, body)
        for use in sorted(uses, key=lambda one: self._order.get(one.kustomization.file, 0)):
            for document in self._read_patch(use):
                if self._is_for(use, document.value, placed):
                    patched = lay_over(body, document.value)
                    inside = use.patch.file is None
                    yield _Layer(os.path.relpath(use.file), document, patched, inside)
                    body = patched.body

    def _is_for(self, use: PatchUse, patch: Any, placed: PlacedObject) -> bool:
        if not isinstance(patch, dict) and not is_operations(patch):
            return False
        return any(
            (one.file, one.key) == (placed.file, placed.key)
            for one in self._kustomizations.find_bases(use, patch)
        )

    def _read_patch(self, use: PatchUse) -> list[Document]:
        if use.patch.file is not None:
            return self._read(use.patch.file)
        return [
            inner
            for document in self._read(use.kustomization.file)[:1]
            for inner in document.embedded(use.patch.place)
            if isinstance(inner, Document)
        ]

    def _read_bodies(self, path: str) -> list[Any]:
        return [document.value for document in self._read(path)]

    def _read(self, path: str) -> list[Document]:
        """The documents of a file; none of one that cannot be read."""
        if path not in self._documents:
            try:
                text = decode(read_source(Source(path, path, 0, named=False)))
                found = [one for one in read(text) if isinstance(one, Document)]
            except (SourceError, ReadError):
                found = []
            self._documents[path] = found
        return self._documents[path]


def _read_tree(top: str, folders: FolderKustomizations) -> Iterator[ToldKustomization]:
    """The kustomization of a folder and those that it is built from, the outer before the inner."""
    pending, seen = [top], set()
    while pending:
        folder = pending.pop(0)
        told = folders.find(folder) if folder not in seen and os.path.isdir(folder) else None
        seen.add(folder)
        one = read_kustomization(*told[:2]) if told is not None else None
        if told is not None and one is not None:
            yield told
            pending += [*one.resources, *one.components]


def follow(one: Any, path: Path, other: Any) -> Path:
    """The path in ``other`` that is ``path`` in ``one``: items of lists go by their names."""
    found: Path = ()
    for key in path:
        item = dig(one, (key,))
        name = item.get("name") if isinstance(key, int) and isinstance(item, dict) else None
        names = [dig(entry, ("name",)) for entry in other] if isinstance(other, list) else []
        found = (*found, names.index(name) if name is not None and name in names else key)
        one, other = item, dig(other, found[-1:])
    return found


def _says(base: Any, at: Path, body: Any, path: Path) -> bool:
    """Whether a file has what was built, or lacks what is missing there."""
    if has(base, at) != has(body, path):
        return False
    written, built = dig(base, at), dig(body, path)
    if isinstance(built, dict | list):
        return type(written) is type(built)
    return bool(written == built)
