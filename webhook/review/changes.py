"""What an update changes."""

from typing import Any

_BESIDE = {"metadata", "status"}


def is_only_metadata(body: dict[str, Any], old: Any) -> bool:
    """Whether nothing that a controller acts on differs: labels, annotations, finalizers and
    owner references may always change."""
    # Otherwise a namespace of denied objects could not be emptied (kubernetes/kubernetes#129883).
    if not isinstance(old, dict):
        return False
    return all(body.get(key) == old.get(key) for key in (body.keys() | old.keys()) - _BESIDE)
