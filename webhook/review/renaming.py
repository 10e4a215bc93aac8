"""Containers that an update has given another name."""

from collections.abc import Iterable
from typing import Any

_NESTED = frozenset({dict, list})


def rename_containers(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """``old`` with the names of ``new`` for each container that was only renamed: its image and its
    position are the same, and the name is no other's. ``old`` itself where none was."""
    # What managers of fields note is often most of an object, and holds no containers.
    parts = {key: one for key, one in old.items() if key != "metadata"}
    renamed = _rename(parts, new)
    return old if renamed is parts else {**old, **renamed}


def _rename(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, dict) and _holds_more(old.values()):
        return _keep(old, {key: _rename(one, new.get(key)) for key, one in old.items()})
    if isinstance(old, list) and isinstance(new, list) and _holds_more(old):
        return _keep(old, _rename_items(old, new))
    return old


def _holds_more(values: Iterable[Any]) -> bool:
    """Whether some value is a mapping or list itself: told without a look at each."""
    return not _NESTED.isdisjoint(map(type, values))


def _rename_items(old: list[Any], new: list[Any]) -> list[Any]:
    renamed = [_rename(*pair) for pair in zip(old, new, strict=False)]
    names, later = _names(old), _names(new)
    for index, (one, other) in enumerate(zip(old, new, strict=False)):
        if _is_same_image(one, other) and one["name"] not in later and other["name"] not in names:
            renamed[index] = {**renamed[index], "name": other["name"]}
    return [*renamed, *old[len(renamed) :]]


def _names(items: list[Any]) -> set[str]:
    names = (item.get("name") for item in items if isinstance(item, dict))
    return {name for name in names if isinstance(name, str)}


def _is_same_image(one: Any, other: Any) -> bool:
    """Whether both are containers of one image."""
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return False
    image = one.get("image")
    named = isinstance(one.get("name"), str) and isinstance(other.get("name"), str)
    return named and isinstance(image, str) and image == other.get("image")


def _keep(old: Any, copy: Any) -> Any:
    """The value itself where nothing in it is another one."""
    pairs = (
        zip(old.values(), copy.values(), strict=True)
        if isinstance(old, dict)
        else zip(old, copy, strict=True)
    )
    return old if all(one is two for one, two in pairs) else copy
