"""Pod templates in objects of kinds that nobody knows, and objects in the values of a chart."""

from collections.abc import Iterator

from rules.paths import EACH, Path, expand, items
from rules.type_names import Any

_ELSEWHERE = ("metadata", "status")
_VALUES: dict[tuple[str, str], tuple[Path, ...]] = {
    ("argoproj.io", "Application"): (
        ("spec", "source", "helm", "valuesObject"),
        ("spec", "sources", EACH, "helm", "valuesObject"),
    ),
    ("helm.toolkit.fluxcd.io", "HelmRelease"): (("spec", "values"),),
}
"""Where objects of a kind have values for a chart. What the chart makes of an object in there is
not known before it is rendered."""


def find_pod_templates(body: Any) -> tuple[Path, ...]:
    """Where an object holds what looks like a pod template, or a pod spec without one around it:
    a list of containers that have an image. Where in a list it stands is no matter (``EACH``)."""
    return tuple(dict.fromkeys(_find(body)))


def find_values_objects(group: str, kind: str, body: Any) -> Iterator[dict[str, Any]]:
    """Whole objects in the values that an object has for a chart."""
    pending = [
        values for place in _VALUES.get((group, kind), ()) for _, values in expand(body, place)
    ]
    while pending:
        value = pending.pop()
        if isinstance(value, dict) and {"apiVersion", "kind"} <= value.keys():
            yield value
        else:
            pending += (one for _, one in items(value))


def is_in_values(group: str, kind: str, path: Path) -> bool:
    """Whether what stands at ``path`` of an object is among the values that it has for a chart."""
    places = _VALUES.get((group, kind), ())
    return any(EACH not in place and path[: len(place)] == place for place in places)


def find_resources(body: Any) -> tuple[Path, ...]:
    """The resource requests in an object, inside a pod template or not."""
    found = (path for path, value in _walk(body) if path and path[-1] == "resources" and value)
    return tuple(found)


def _find(body: Any) -> Iterator[Path]:
    inside: Path | None = None
    for path, value in _walk(body):
        if inside is not None and path[: len(inside)] == inside:
            continue
        inside = None
        if path and _is_pod_spec(value):
            inside = path
            place = path[:-1] if path[-1] == "spec" and len(path) > 1 else path
            yield tuple(EACH if isinstance(key, int) else key for key in place)


def _walk(body: Any) -> Iterator[tuple[Path, Any]]:
    """What an object holds, but its metadata and its status, in written order."""
    pending: list[tuple[Path, Any]] = [((), body)]
    while pending:
        path, value = pending.pop()
        yield path, value
        below = [((*path, key), one) for key, one in items(value) if path or key not in _ELSEWHERE]
        pending += reversed(below)


def _is_pod_spec(value: Any) -> bool:
    containers = value.get("containers") if isinstance(value, dict) else None
    return isinstance(containers, list) and any(
        isinstance(one, dict) and isinstance(one.get("image"), str) for one in containers
    )
