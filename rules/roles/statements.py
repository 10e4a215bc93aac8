"""What people say of a role: by annotation or label of mlgate's, and by labels of others."""

from rules.kinds.pods import Pod
from rules.kinds.roles import ANCESTOR_STEP, INITIALIZERS, TRAINER, Role
from rules.manifest import Manifest
from rules.type_names import Any

OVERRIDES: frozenset[str] = frozenset(map(str, Role))
"""What the annotation or label ``mlgate.dev/role`` may say."""

_COMPONENT = "app.kubernetes.io/component"
_COMPONENTS = {
    "training": Role.TRAINING,
    "trainer": Role.TRAINING,
    "inference": Role.SERVING,
    "serving": Role.SERVING,
    "predictor": Role.SERVING,
    "notebook": Role.NOTEBOOK,
    "data-prep": Role.DATA,
}
_STEPS = {TRAINER: Role.TRAINING, **dict.fromkeys(INITIALIZERS, Role.DATA)}
_LABELS = ((_COMPONENT, _COMPONENTS), (ANCESTOR_STEP, _STEPS))
_KEYS = frozenset({_COMPONENT, ANCESTOR_STEP})


def read_override(manifest: Manifest, pod: Pod, label: str) -> Role | None:
    """The role that the user says on the pod template, else on the object; an annotation first."""
    return _find_override(_read_entries(manifest, pod, label), label)


def _read_entries(manifest: Manifest, pod: Pod, label: str) -> list[tuple[str, dict[str, Any]]]:
    """The annotations and labels of the pod template, then the object's, that may say a role."""
    return [
        (place, entries)
        for metadata in (pod.metadata, manifest.object.get("metadata"))
        if metadata and isinstance(metadata, dict)
        for place in ("annotations", "labels")
        if (entries := metadata.get(place)) and isinstance(entries, dict)
        if label in entries or not _KEYS.isdisjoint(entries)
    ]


def _find_override(found: list[tuple[str, dict[str, Any]]], label: str) -> Role | None:
    for _, entries in found:
        value = entries.get(label)
        if isinstance(value, str) and value in OVERRIDES:
            return Role(value)
    return None


def read_said(manifest: Manifest, pod: Pod, label: str) -> tuple[Role, str] | None:
    """The role that annotations or labels say, and which one does."""
    found = _read_entries(manifest, pod, label)
    if not found:
        return None
    override = _find_override(found, label)
    if override is not None:
        return override, label
    for key, roles in _LABELS:
        for place, entries in found:
            value = entries.get(key)
            if place == "labels" and isinstance(value, str) and value in roles:
                return roles[value], key
    return None
