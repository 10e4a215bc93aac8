"""What an update changes."""

from typing import Any

_BESIDE = {"metadata", "status"}


def is_only_metadata(body: dict[str, Any], old: Any) -> bool:
    """Whether nothing that a controller acts on differs: labels, annotations, finalizers and
    owners may always change, so that a namespace can be emptied (kubernetes/kubernetes#129883)."""
    if not isinstance(old, dict):
        return False
    return all(body.get(key) == old.get(key) for key in (body.keys() | old.keys()) - _BESIDE)
