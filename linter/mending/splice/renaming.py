"""Keys that a fix renames, changed where they stand: what stays of the value after them keeps its
quotation marks and its comments."""

from collections.abc import Sequence
from itertools import pairwise

from linter.mending.splice.nodes import Change
from linter.mending.splice.source_text import SourceText, find_pair
from linter.mending.splice.writing import scalar
from rules.edits import same
from rules.model import Edit, Remove, Set
from rules.paths import Path, dig, has
from rules.type_names import Any


def find_renamed(value: Any, edits: Sequence[Edit]) -> dict[Path, str]:
    """The new names of keys by their paths: what an edit takes away the next puts back beside it,
    under a name that is free, all or in part."""
    return {
        gone.path: str(back.path[-1])
        for gone, back in pairwise(edits)
        if isinstance(gone, Remove) and isinstance(back, Set) and _renames(value, gone, back)
    }


def _renames(value: Any, gone: Remove, back: Set) -> bool:
    beside = gone.path[:-1] == back.path[:-1] and isinstance(dig(value, gone.path[:-1]), dict)
    return (
        beside
        and has(value, gone.path)
        and not has(value, back.path)
        and _alike(dig(value, gone.path), back.value)
    )


def _alike(old: Any, new: Any) -> bool:
    """Whether something of the old value stays."""
    if isinstance(old, dict) and isinstance(new, dict):
        return not old or any(key in new and same(old[key], new[key]) for key in old)
    return same(old, new)


def change_names(source: SourceText, value: Any, renamed: dict[Path, str]) -> list[Change]:
    """The new names in place of the old ones, in quotation marks where those are."""
    changes = []
    for path, name in renamed.items():
        key, _ = find_pair(source, value, path)
        text = scalar(name, key.style or source.style.quote, quoted=bool(key.style))
        changes.append(Change(key.body, key.end, text))
    return changes


def rename_keys(value: Any, renamed: dict[Path, str]) -> Any:
    """``value`` with its keys renamed, in the order in which they stand."""
    for path in sorted(renamed, key=len, reverse=True):
        value = _rename(value, path, renamed[path])
    return value


def _rename(tree: Any, path: Path, name: str) -> Any:
    key, *rest = path
    if not rest:
        return {name if one == key else one: item for one, item in tree.items()}
    copy: Any = list(tree) if isinstance(tree, list) else dict(tree)
    copy[key] = _rename(tree[key], tuple(rest), name)
    return copy
