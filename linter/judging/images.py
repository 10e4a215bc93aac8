"""The images of an object as kustomizations name them.

Source: kustomize ``api/internal/image`` (IsImageMatched) and ``api/filters/imagetag`` (every list
``containers`` or ``initContainers``, wherever it stands).
"""

from collections.abc import Iterable

from linter.input.kustomization import ImageChange
from rules.image import parse_image
from rules.type_names import Any

_LISTS = ("containers", "initContainers")
_DEEPEST = 32


def retag(body: Any, changes: Iterable[ImageChange], depth: int = _DEEPEST) -> Any:
    """A copy of ``body`` with the images of its containers as ``changes`` say; the same value where
    none is meant."""
    by_name = {change.name: change for change in changes}
    return _walk(body, by_name, depth)


def _walk(value: Any, by_name: dict[str, ImageChange], depth: int) -> Any:
    if depth == 0:
        return value
    if isinstance(value, list):
        return [_walk(one, by_name, depth - 1) for one in value]
    if not isinstance(value, dict):
        return value
    walked = {key: _walk(one, by_name, depth - 1) for key, one in value.items()}
    for key in _LISTS:
        if isinstance(walked.get(key), list):
            walked[key] = [_rename(one, by_name) for one in walked[key]]
    return walked


def _rename(container: Any, by_name: dict[str, ImageChange]) -> Any:
    written = container.get("image") if isinstance(container, dict) else None
    if not isinstance(written, str):
        return container
    image = parse_image(written)
    change = by_name.get(image.path)
    if change is None:
        return container
    name = change.new_name or change.name
    tag = change.new_tag or ("" if change.digest else image.tag)
    digest = change.digest or ("" if change.new_tag else image.digest)
    return {
        **container,
        "image": name + (f":{tag}" if tag else "") + (f"@{digest}" if digest else ""),
    }
