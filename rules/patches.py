"""A kustomize patch laid over an object, and where in the patch what came of it was written.

Sources: kustomize ``api/builtins/PatchTransformer`` (a patch is a strategic merge patch, or a list
of JSON Patch operations) and ``kyaml/yaml/merge2``.
"""

from collections.abc import Iterator, Mapping

from rules.edits import Inapplicable, apply, same
from rules.kinds.strategic_merge import strategic_merge, tell_apart
from rules.model import Finding, Fix, Related, Set
from rules.paths import Path, dig, has
from rules.record import NamedTuple
from rules.rfc6902 import PatchFailure, apply_patch
from rules.type_names import Any
from rules.whole_numbers import parse_whole

_WRITING = ("add", "replace")
_DEEPEST = 16
"""Fields below each other in which a list is looked for: pod specs stand nine deep at most."""


class Patched(NamedTuple):
    """``body`` is an object with ``patch`` laid over it; ``written`` pairs paths in the object with
    the paths in the patch that wrote what stands there, the last ones first.
    """

    body: dict[str, Any]
    patch: Any
    written: tuple[tuple[Path, Path], ...]

    def find(self, path: Path) -> Path | None:
        """Where in the patch that was written which stands at ``path`` of the object; None for
        what the object had."""
        for start, place in self.written:
            if path[: len(start)] != start:
                continue
            found = (*place, *path[len(start) :])
            if has(self.patch, found) and _agree(dig(self.patch, found), dig(self.body, path)):
                return found
        return None

    def locate(self, finding: Finding) -> Finding | None:
        """The finding on the object as one of the patch; None where the patch did not write it."""
        path = self.find(finding.path)
        if path is None:
            return None
        if finding.embedded is not None and finding.embedded.text:
            return finding._replace(path=path)
        return finding._replace(
            path=path,
            related=tuple(self._relate(finding.related)),
            fix=self._move(finding.fix),
        )

    def _relate(self, related: tuple[Related, ...]) -> Iterator[Related]:
        for one in related:
            path = self.find(one.path) if one.object is None else one.path
            if path is not None:
                yield one._replace(path=path)

    def _move(self, fix: Fix | None) -> Fix | None:
        """The fix with the paths of the patch; None where it writes beside what the patch has."""
        if fix is None:
            return None
        edits = []
        for edit in fix.edits:
            path = self.find(edit.path)
            if path is None:
                return None
            edits.append(edit._replace(path=path))
        return fix._replace(edits=tuple(edits))


def lay_over(base: dict[str, Any], patch: Any) -> Patched:
    """``base``, which stays as it is, with ``patch`` laid over it: a mapping is merged, operations
    are carried out. Room is made for what does not fit, as another patch may.
    """
    if isinstance(patch, list):
        return _operate(base, patch)
    body = strategic_merge(base, patch) if isinstance(patch, dict) else base
    return Patched(_named_as(base, body), patch, (((), ()),))


class LostItems(NamedTuple):
    """A list of a patch that takes the place of one of the object, whose items it does not repeat.

    ``lost`` are fields of items that it names (``image of trainer``), and names of other items.
    """

    path: Path
    lost: tuple[str, ...]


def find_lost_items(
    base: Any, patch: Any, path: Path = (), depth: int = _DEEPEST
) -> Iterator[LostItems]:
    """The lists of a patch that a merge would join to those of the object ``base``, and that take
    their place where the merge keys are not known. Whoever says ``$patch`` means it."""
    if depth == 0:
        return
    if isinstance(base, dict) and isinstance(patch, dict) and "$patch" not in patch:
        for key in (key for key in patch if key in base):
            yield from find_lost_items(base[key], patch[key], (*path, key), depth - 1)
    elif isinstance(base, list) and isinstance(patch, list):
        key = str(path[-1])
        own = tell_apart(patch, key)
        lost = tuple(_name_lost(tell_apart(base, key), own)) if own else ()
        if lost:
            yield LostItems(path, lost)


def _name_lost(base: Mapping[Any, Any], patch: Mapping[Any, Any]) -> Iterator[str]:
    for name, item in base.items():
        fields = list(_name_fields(item, patch[name])) if name in patch else []
        if fields:
            *others, last = fields
            told = f"{', '.join(others)} and {last}" if others else last
            yield f"{told} of {name}"
        elif name not in patch:
            yield str(name)


def _name_fields(base: Mapping[str, Any], patch: Mapping[str, Any]) -> Iterator[str]:
    """The fields of an item that a patch's item of that name lacks, wholly or in part."""
    for key, value in base.items():
        if key not in patch:
            yield key
        elif any(find_lost_items(value, patch[key], (key,))):
            yield f"part of {key}"


def _agree(written: Any, found: Any) -> bool:
    """Whether one may come of the other: mappings and lists are merged, scalars stay."""
    if isinstance(written, dict | list):
        return type(written) is type(found)
    return same(written, found)


def _named_as(base: dict[str, Any], body: Any) -> dict[str, Any]:
    """A patch with a target may call itself anything: the object keeps its name."""
    metadata = {**(dig(body, ("metadata",)) or {})}
    for key in ("name", "namespace"):
        own = dig(base, ("metadata", key))
        metadata.pop(key, None)
        if own is not None:
            metadata[key] = own
    named = {key: base[key] for key in ("apiVersion", "kind")}
    return {**body, **named, "metadata": metadata}


def _operate(base: dict[str, Any], operations: list[Any]) -> Patched:
    body: Any = base
    written: list[tuple[Path, Path]] = []
    for index, one in enumerate(operations):
        if not _is_operation(one):
            continue
        path = _resolve(body, one.get("path"))
        try:
            body = _carry_out(body, one, path)
        except (PatchFailure, Inapplicable):
            continue
        if one["op"] != "remove":
            written.append((path, (index, "value")))
    return Patched(_named_as(base, body), operations, tuple(reversed(written)))


def _is_operation(value: Any) -> bool:
    """Whether it is one that changes what stands at its path: no test, and no copy."""
    if not isinstance(value, dict) or not isinstance(value.get("path"), str):
        return False
    return value.get("op") == "remove" or (value.get("op") in _WRITING and "value" in value)


def _carry_out(body: Any, operation: dict[str, Any], path: Path) -> Any:
    try:
        return apply_patch(body, [operation])
    except PatchFailure:
        numbered = any(str(key).isdecimal() for key in path if isinstance(key, str))
        if operation["op"] == "remove" or not path or numbered:
            raise  # no list is begun at its third item
        return apply(body, [Set(path, operation["value"])])


def _resolve(body: Any, pointer: Any) -> Path:
    """A JSON Pointer as the path it is in ``body``, where ``-`` is the end of a list."""
    path: list[str | int] = []
    for token in str(pointer).split("/")[1:]:
        key: str | int = token.replace("~1", "/").replace("~0", "~")
        if isinstance(body, list):
            number = len(body) if key == "-" else parse_whole(str(key))
            key = key if number is None else number
        path.append(key)
        body = dig(body, (key,))
    return tuple(path)
