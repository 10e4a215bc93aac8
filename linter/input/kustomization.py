"""What one kustomization says: what it is built from, and what it patches in that.

Source: kustomize ``api/types`` (Kustomization, Patch, Selector), at v5.
"""

import os
import re
from collections.abc import Collection, Iterable, Iterator

from linter.input.kustomization_files import ToldKustomization
from rules.inventory import Row
from rules.kinds.config_maps import CONFIG_MAP
from rules.kinds.neighbours import SECRET
from rules.lazy_pattern import LazyPattern
from rules.manifest import Manifest
from rules.model import ObjectKey
from rules.paths import Path, dig
from rules.record import NamedTuple
from rules.type_names import Any

_LITERAL = LazyPattern(r"[\w.*+?|()\[\]-]*")
_REPEATED_GROUP = LazyPattern(r"[)\]*+?][*+?]")
_REPETITION = LazyPattern(r"[*+?]")
_MOST_REPETITIONS = 3


class PatchTarget(NamedTuple):
    """Which objects a patch is for: regular expressions for all of a value; None for any.

    ``labels``: it selects by labels or annotations too, which other kustomizations may add.
    """

    group: str | None = None
    kind: str | None = None
    name: str | None = None
    namespace: str | None = None
    labels: bool = False

    def selects(self, key: ObjectKey, names: Collection[str]) -> bool:
        """Whether an object is meant, ``names`` being those it has on its way through the build."""
        return (
            _fits(self.group, [key.group])
            and _fits(self.kind, [key.kind])
            and _fits(self.name, names)
            and _fits(self.namespace, [key.namespace])
        )


class KustomizePatch(NamedTuple):
    """A patch: in a ``file`` (absolute), or the text at ``place`` in the kustomization."""

    target: PatchTarget | None
    file: str | None
    place: Path = ()


class ImageChange(NamedTuple):
    """An entry of ``images``: the image ``name`` becomes another, or has another tag or digest;
    what is empty stays as it is."""

    name: str
    new_name: str = ""
    new_tag: str = ""
    digest: str = ""


class Kustomization(NamedTuple):
    """The fields of a Kustomization or Component that say which object is patched by what.

    ``resources`` and ``components`` are absolute paths of files and folders; what stands on another
    host is not among them. ``schema``: it brings the schemas of custom resources.
    """

    file: str
    resources: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    patches: tuple[KustomizePatch, ...] = ()
    prefix: str = ""
    suffix: str = ""
    schema: bool = False
    images: tuple[ImageChange, ...] = ()

    @property
    def folder(self) -> str:
        return os.path.dirname(self.file)

    def rename(self, name: str) -> str:
        """What an object is called after this kustomization was built."""
        return f"{self.prefix}{name}{self.suffix}"


def read_kustomization(file: str, body: Any) -> Kustomization | None:
    """The kustomization in ``file`` (absolute), whose document is ``body``; None where it is no
    mapping."""
    if not isinstance(body, dict):
        return None
    folder = os.path.dirname(file)
    return Kustomization(
        file,
        tuple(_paths(folder, body, ("resources", "bases"))),
        tuple(_paths(folder, body, ("components",))),
        tuple(_patches(folder, body)),
        _text(body.get("namePrefix")) or "",
        _text(body.get("nameSuffix")) or "",
        bool(body.get("openapi")),
        tuple(_images(body)),
    )


def list_generated(told: Iterable[ToldKustomization]) -> Iterator[Row]:
    """The ConfigMaps and Secrets that kustomizations make, by the names that their pods use, in
    whatever namespace."""
    for _, body, _ in told:
        for key, kind in (("configMapGenerator", CONFIG_MAP), ("secretGenerator", SECRET)):
            for entry in _items(body, key) if isinstance(body, dict) else ():
                name = _text(dig(entry, ("name",)))
                if name is not None:
                    yield kind.group, kind.name, "", name, {}, None


def key_of(body: dict[str, Any]) -> ObjectKey:
    """What a patch may call an object."""
    manifest = Manifest(body)
    identity = manifest.identity
    return ObjectKey(manifest.group, identity.kind, identity.namespace or "", identity.name or "")


def _paths(folder: str, body: dict[str, Any], keys: tuple[str, ...]) -> Iterator[str]:
    for key in keys:
        for entry in _items(body, key):
            if isinstance(entry, str) and "\n" not in entry and "://" not in entry:
                yield os.path.normpath(os.path.join(folder, entry))


def _patches(folder: str, body: dict[str, Any]) -> Iterator[KustomizePatch]:
    """``patchesStrategicMerge`` may hold a patch's text in place of a file's name: text of more
    than a line names no file."""
    for key in ("patches", "patchesJson6902"):
        for index, entry in enumerate(_items(body, key)):
            if not isinstance(entry, dict):
                continue
            target = _read_target(entry.get("target"))
            if isinstance(path := entry.get("path"), str):
                yield KustomizePatch(target, os.path.normpath(os.path.join(folder, path)))
            elif isinstance(entry.get("patch"), str):
                yield KustomizePatch(target, None, (key, index, "patch"))
    for index, entry in enumerate(_items(body, "patchesStrategicMerge")):
        if isinstance(entry, str):
            inline = "\n" in entry
            file = None if inline else os.path.normpath(os.path.join(folder, entry))
            yield KustomizePatch(None, file, ("patchesStrategicMerge", index) if inline else ())


def _images(body: dict[str, Any]) -> Iterator[ImageChange]:
    """A tag may be a number, as people forget its quotes."""
    for entry in _items(body, "images"):
        name, *changes = (
            str(dig(entry, (key,)) or "") for key in ("name", "newName", "newTag", "digest")
        )
        if name:
            yield ImageChange(name, *changes)


def _read_target(target: Any) -> PatchTarget | None:
    if not isinstance(target, dict):
        return None
    group, kind, name, namespace = (
        _text(target.get(key)) for key in ("group", "kind", "name", "namespace")
    )
    labels = bool(target.get("labelSelector") or target.get("annotationSelector"))
    return PatchTarget(group, kind, name, namespace, labels)


def _fits(pattern: str | None, values: Collection[str]) -> bool:
    if pattern is None or pattern in values:
        return True
    if not _is_simple(pattern):
        return False
    try:
        return any(re.fullmatch(pattern, value) for value in values)
    except re.error:
        return False


def _is_simple(pattern: str) -> bool:
    """Whether a pattern is matched in a time that nobody has to wait for: Go's take no longer."""
    if not _LITERAL.fullmatch(pattern) or _REPEATED_GROUP.search(pattern):
        return False
    return len(_REPETITION.findall(pattern)) <= _MOST_REPETITIONS


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _items(body: dict[str, Any], key: str) -> list[Any]:
    found = body.get(key)
    return found if isinstance(found, list) else []
