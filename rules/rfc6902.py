"""JSON Patches (RFC 6902) as the API server and kustomize apply them.

The webhook tries its own here: one that does not apply rejects the request, even where the
webhook's failure is to be ignored (apiserver ``mutating/dispatcher.go``). This implementation
shares nothing with the one that makes the patches.
"""

from rules.type_names import Any
from rules.whole_numbers import parse_whole


class PatchFailure(ValueError):
    """The patch does not fit the object."""


def apply_patch(tree: Any, patch: list[dict[str, Any]]) -> Any:
    """``tree`` with ``patch`` applied (RFC 6902: add, replace, remove). The input is unchanged.

    Raises ``PatchFailure`` where an operation does not fit.
    """
    for operation in patch:
        tree = _apply(tree, _keys(operation["path"]), operation)
    return tree


def _keys(pointer: str) -> list[str]:
    if not pointer.startswith("/"):
        raise PatchFailure(f"'{pointer}' is no path below the root")
    return [key.replace("~1", "/").replace("~0", "~") for key in pointer[1:].split("/")]


def _apply(tree: Any, keys: list[str], operation: dict[str, Any]) -> Any:
    copy, key = _open(tree, keys[0], operation["op"] if len(keys) == 1 else "")
    if len(keys) > 1:
        copy[key] = _apply(copy[key], keys[1:], operation)
    elif operation["op"] == "remove":
        del copy[key]
    elif operation["op"] == "add" and isinstance(copy, list):
        copy.insert(key, operation["value"])
    else:
        copy[key] = operation["value"]
    return copy


def _open(tree: Any, key: str, verb: str) -> tuple[Any, Any]:
    """A copy of one level, and the key as that level takes it."""
    if isinstance(tree, dict):
        if verb != "add" and key not in tree:
            raise PatchFailure(f"there is no '{key}'")
        return dict(tree), key
    if not isinstance(tree, list):
        raise PatchFailure(f"there is nothing below '{key}'")
    index = len(tree) if key == "-" else parse_whole(key)
    if index is None or index >= len(tree) + (verb == "add"):
        raise PatchFailure(f"there is no item {key}")
    return list(tree), index
