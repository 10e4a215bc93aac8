"""One mapping laid over another, as Kubernetes' strategic merge patch does it."""

from collections.abc import Mapping

from rules.type_names import Any

_KEYS = {
    "ports": "containerPort",
    "volumeDevices": "devicePath",
    "volumeMounts": "mountPath",
    "workerGroupSpecs": "groupName",
}
"""Merge keys of core/v1 lists (``patchMergeKey`` in the Go types), and what tells Ray's groups
apart (``raycluster_types.go``); ``name`` elsewhere."""
_DEEPEST = 16


def strategic_merge(base: Any, patch: Any, key: str = "", depth: int = _DEEPEST) -> Any:
    """``patch`` over ``base``, neither of them changed; ``key`` is the field that they stand in.

    Mappings merge. Lists of mappings merge by their merge key, the patch's items first, so that
    the indexes of those hold in the result; other lists and values are replaced.
    """
    if patch is None:
        return base
    if not base or depth == 0:
        return patch
    if isinstance(base, dict) and isinstance(patch, dict):
        return {
            **base,
            **{
                name: strategic_merge(base.get(name), patch[name], str(name), depth - 1)
                for name in patch
            },
        }
    if isinstance(base, list) and isinstance(patch, list):
        return _merge_items(base, patch, _KEYS.get(key, "name"), depth)
    return patch


def _merge_items(base: list[Any], patch: list[Any], key: str, depth: int) -> list[Any]:
    if not all(isinstance(item, dict) and _is_key(item.get(key)) for item in (*base, *patch)):
        return patch
    held = {item[key]: item for item in base}
    named = {item[key] for item in patch}
    return [
        *(strategic_merge(held.get(item[key]), item, "", depth - 1) for item in patch),
        *(item for item in base if item[key] not in named),
    ]


def _is_key(value: Any) -> bool:
    return isinstance(value, str | int)


def tell_apart(items: list[Any], key: str) -> dict[Any, Mapping[str, Any]]:
    """The items of the list in the field ``key``, by what tells them apart."""
    merge_key = _KEYS.get(key, "name")
    return {
        item[merge_key]: item
        for item in items
        if isinstance(item, dict) and _is_key(item.get(merge_key))
    }
