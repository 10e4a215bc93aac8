"""What an update changes."""

from typing import Any

from rules.kinds.argo import WORK_IN_STATUS
from rules.paths import dig

_BESIDE = {"metadata", "status"}


def is_only_metadata(body: dict[str, Any], old: Any) -> bool:
    """Whether nothing that a controller acts on differs: labels, annotations, finalizers and
    owner references may always change."""
    # Otherwise a namespace of denied objects could not be emptied (kubernetes/kubernetes#129883).
    if not isinstance(old, dict):
        return False
    return all(body.get(key) == old.get(key) for key in (body.keys() | old.keys()) - _BESIDE)


def changes_work_in_status(body: dict[str, Any], old: Any) -> bool:
    """Whether the status has work that it did not have before."""
    return any(dig(body, path) not in (None, dig(old, path)) for path in WORK_IN_STATUS)
