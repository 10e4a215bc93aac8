"""The keys of mlgate's own on objects: what it reads there, and what it writes."""

from collections.abc import Iterator

from rules.paths import Path, dig, dotted, shorten
from rules.type_names import Any
from rules.wording import suggestion

PREFIX = "mlgate.dev/"

IGNORE_ANNOTATION = PREFIX + "ignore"
"""Rules that are not to be reported, and why: on an object or a pod template."""

LOAD_ANNOTATION = PREFIX + "model-load-seconds"
"""How long a model may load: on a pod template."""

CULLING_ANNOTATION = PREFIX + "idle-culling"
"""``external``: something else than Kubernetes ends an idle notebook: on an object or a pod
template."""

DEFAULTED = PREFIX + "defaulted"
"""What the webhook added, so that whoever keeps the manifest can add it there."""

PROFILE_LABEL = PREFIX + "profile"
"""The profile of a Namespace."""

_ANNOTATIONS = frozenset({IGNORE_ANNOTATION, LOAD_ANNOTATION, CULLING_ANNOTATION, DEFAULTED})
"""What is read as an annotation of a workload alone; a role may stand in a label too."""

_MISPLACED = (("metadata", "annotation"), ("metadata", "label"), ("annotations",), ("labels",))
"""Where annotations and labels are written by mistake: the API server drops these fields."""
_HOLDERS = frozenset({"annotations", "labels", "annotation", "label"})


def has_own_key(scope: Any, label: str) -> bool:
    """Whether an object or pod template has a key of mlgate's, or ``label``, anywhere that one may
    be meant to be read."""
    if not isinstance(scope, dict):
        return False
    places = (scope, scope.get("metadata"))
    keys = [
        str(key)
        for place in places
        if place and isinstance(place, dict) and not _HOLDERS.isdisjoint(place)
        for name in _HOLDERS.intersection(place)
        if isinstance(place[name], dict)
        for key in place[name]
    ]
    return label in keys or PREFIX in " ".join(keys)


def find_unread(body: Any, scope: Path, label: str) -> Iterator[tuple[Path, str]]:
    """The keys of mlgate's that nobody reads on the object or pod template at ``scope``, and why;
    ``label`` is the key that states a role."""
    for place in ("annotations", "labels"):
        at = (*scope, "metadata", place)
        known = {label, *_ANNOTATIONS} if place == "annotations" else {label}
        for key in _own_keys(body, at):
            if key not in known:
                yield (*at, key), _tell_unread(key, label)
    for misplaced in _MISPLACED:
        at = (*scope, *misplaced)
        for key in _own_keys(body, at):
            expected = "labels" if misplaced[-1].startswith("label") else "annotations"
            where = f"in {dotted(at)}; expected it in metadata.{expected}"
            yield (*at, key), f"nobody reads {shorten(key)} {where}"


def _own_keys(body: Any, at: Path) -> list[str]:
    found = dig(body, at)
    keys = found if isinstance(found, dict) else ()
    return [key for key in keys if key.startswith(PREFIX)]


def _tell_unread(key: str, label: str) -> str:
    if key in _ANNOTATIONS:
        return f"{key} is not read as a label; expected an annotation"
    if key == PROFILE_LABEL:
        return f"{key} is read on a Namespace alone"
    names = tuple(name.removeprefix(PREFIX) for name in sorted({*_ANNOTATIONS, label}))
    close = suggestion(key.removeprefix(PREFIX), names)
    return f"nobody reads {shorten(key)}" + (close or f"; known are {', '.join(names)}")
