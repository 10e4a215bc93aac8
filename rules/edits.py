"""Two readings of an edit: applied to an object, and written as an RFC 6902 JSON Patch."""

from collections.abc import Iterable, Iterator

from rules.model import Edit, Remove, Set
from rules.paths import Path, dig, dotted, has, pointer
from rules.type_names import Any


class Inapplicable(Exception):
    """An edit's path leads through something that is not a mapping or list; the message says
    where."""


def apply(tree: Any, edits: Iterable[Edit]) -> Any:
    """``tree`` with ``edits`` made, one after the other. The input is left as it was:
    only the mappings and lists along each path are copied. Raises ``Inapplicable``."""
    for edit in edits:
        step = resolve(tree, edit)
        if step is not None:
            tree = _change(tree, step.path, step)
    return tree


def json_patch(tree: Any, edits: Iterable[Edit]) -> list[dict[str, Any]]:
    """The same edits for the API server; empty where nothing would change. Only what differs is
    named, so that no list is replaced as a whole. Raises ``Inapplicable``."""
    patch: list[dict[str, Any]] = []
    for edit in edits:
        step = resolve(tree, edit)
        if step is None:
            continue
        patch += _operations(tree, step)
        tree = _change(tree, step.path, step)
    return patch


def resolve(tree: Any, edit: Edit) -> Edit | None:
    """``edit`` as it stands for this tree: None if it changes nothing, missing parents folded
    into the value. A null parent counts as missing, as the API server treats it. Raises
    ``Inapplicable`` where the path leads through a value of another type, or past a list's end."""
    if isinstance(edit, Remove):
        return edit if has(tree, edit.path) else None
    if has(tree, edit.path) and same(dig(tree, edit.path), edit.value):
        return None
    depth = _missing_from(tree, edit.path)
    _check_parent(dig(tree, edit.path[: depth - 1]), edit.path[:depth])
    value = edit.value
    for key in reversed(edit.path[depth:]):
        value = [value] if isinstance(key, int) else {key: value}
    return Set(edit.path[:depth], value)


def conflict(first: Iterable[Edit], second: Iterable[Edit]) -> bool:
    """Whether two fixes, made in this order, say different things of one place, or one takes
    the other's ground away."""
    theirs = list(second)
    return any(_clash(one, two) for one in first for two in theirs)


def same(one: Any, two: Any) -> bool:
    """Equal as JSON: true is not 1."""
    if one is two:
        return True
    if isinstance(one, bool) or isinstance(two, bool):
        return False
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(same(one[key], two[key]) for key in one)
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(map(same, one, two))
    return bool(one == two)


def _missing_from(tree: Any, path: Path) -> int:
    """How much of ``path`` to keep: up to and with the first key whose value must be made."""
    for depth in range(1, len(path)):
        if dig(tree, path[:depth]) is None:
            return depth
    return len(path)


def _check_parent(parent: Any, path: Path) -> None:
    if not path:
        return
    key = path[-1]
    if isinstance(parent, dict) and isinstance(key, str):
        return
    if isinstance(parent, list) and isinstance(key, int) and 0 <= key <= len(parent):
        return
    raise Inapplicable(f"{dotted(path)} has no place in the object as it is")


def _operations(tree: Any, step: Edit) -> Iterator[dict[str, Any]]:
    if isinstance(step, Remove):
        yield {"op": "remove", "path": pointer(step.path)}
    elif has(tree, step.path):
        yield from _difference(step.path, dig(tree, step.path), step.value)
    else:
        yield {"op": "add", "path": pointer(step.path), "value": step.value}


def _difference(path: Path, old: Any, new: Any) -> Iterator[dict[str, Any]]:
    """The operations that make ``new`` of ``old``; a list's tail goes from its end."""
    if same(old, new):
        return
    gone: Iterable[Any]
    both: Iterable[Any]
    fresh: Iterable[Any]
    if isinstance(old, dict) and isinstance(new, dict):
        gone = [key for key in old if key not in new]
        both = [key for key in old if key in new]
        fresh = [key for key in new if key not in old]
    elif isinstance(old, list) and isinstance(new, list):
        gone = range(len(old) - 1, len(new) - 1, -1)
        both, fresh = range(min(len(old), len(new))), range(len(old), len(new))
    else:
        yield {"op": "replace", "path": pointer(path), "value": new}
        return
    for key in gone:
        yield {"op": "remove", "path": pointer((*path, key))}
    for key in both:
        yield from _difference((*path, key), old[key], new[key])
    for key in fresh:
        yield {"op": "add", "path": pointer((*path, key)), "value": new[key]}


def _change(tree: Any, path: Path, step: Edit) -> Any:
    if not path:
        return step.value if isinstance(step, Set) else None
    copy: Any = list(tree) if isinstance(tree, list) else dict(tree)
    key = path[0]
    if len(path) > 1:
        copy[key] = _change(copy[key], path[1:], step)
    elif isinstance(step, Remove):
        del copy[key]
    elif isinstance(copy, list) and key == len(copy):
        copy.append(step.value)
    else:
        copy[key] = step.value
    return copy


def _clash(one: Edit, two: Edit) -> bool:
    if _moves(one, two.path) or _moves(two, one.path):
        return True
    if two.path[: len(one.path)] == one.path:
        return _undoes(one, two)
    if one.path[: len(two.path)] == two.path:
        return not _says(two, one.path[len(two.path) :], one)
    return False


def _moves(edit: Edit, path: Path) -> bool:
    """Whether removing a list's item gives the items of ``path`` other indexes."""
    *parent, last = edit.path or ("",)
    depth = len(parent)
    if isinstance(edit, Set) or not isinstance(last, int) or len(path) <= depth:
        return False
    index = path[depth]
    return path[:depth] == tuple(parent) and isinstance(index, int) and index > last


def _undoes(one: Edit, two: Edit) -> bool:
    """Whether ``two``, at or below the place of ``one`` and made after it, changes what it says."""
    rest = two.path[len(one.path) :]
    if isinstance(one, Remove):
        return not (isinstance(two, Remove) and not rest)
    if not rest or has(one.value, rest):
        return not _says(one, rest, two)
    depth = next((at for at in range(len(rest)) if not has(one.value, rest[: at + 1])), 0)
    return not isinstance(dig(one.value, rest[:depth]), dict) and isinstance(two, Set)


def _says(one: Edit, rest: Path, two: Edit) -> bool:
    """Whether ``one`` leaves at ``rest`` below its place what ``two`` puts there."""
    if isinstance(one, Remove):
        return isinstance(two, Remove)
    if isinstance(two, Remove):
        return not has(one.value, rest)
    return has(one.value, rest) and same(dig(one.value, rest), two.value)
