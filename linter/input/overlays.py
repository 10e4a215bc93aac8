"""Which kustomizations are built by themselves, and which are parts of others."""

import os
from collections.abc import Iterable

from linter.input.kustomization import Kustomization, read_kustomization
from linter.input.kustomization_files import ToldKustomization
from rules.record import NamedTuple
from rules.type_names import Any

_GROUP = "kustomize.config.k8s.io/"
"""Flux has a Kustomization of its own."""


class Overlays(NamedTuple):
    """Folders (absolute) whose kustomization no other one is built from: those that change what
    other files say, and so build what stands in none of them, and the rest."""

    changing: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()


def find_overlays(told: Iterable[tuple[str, Any]]) -> Overlays:
    """The folders among kustomizations, each given as its file (absolute) and its document."""
    known: dict[str, tuple[Kustomization, Any]] = {}
    for file, body in told:
        one = read_kustomization(file, body)
        if one is not None and _is_own(body):
            known[one.folder] = one, body
    used = {path for one, _ in known.values() for path in (*one.resources, *one.components)}
    built = [
        (folder, _changes(one, body, known))
        for folder, (one, body) in sorted(known.items())
        if folder not in used and body.get("kind", "Kustomization") == "Kustomization"
    ]
    changing = tuple(folder for folder, changes in built if changes)
    return Overlays(changing, tuple(folder for folder, changes in built if not changes))


def list_overlays(told: Iterable[ToldKustomization]) -> list[str]:
    """The folders among the files of a run in which kustomize builds what stands in none of them,
    from the working directory."""
    found = find_overlays((file, body) for file, body, is_input in told if is_input)
    return [os.path.relpath(folder) for folder in found.changing]


def _is_own(body: Any) -> bool:
    return str(body.get("apiVersion") or _GROUP).startswith(_GROUP)


def _changes(one: Kustomization, body: Any, known: Iterable[str]) -> bool:
    """Whether a build is more than the files that it lists."""
    known = set(known)
    others = any(path in known or os.path.isdir(path) for path in one.resources)
    made = any(body.get(key) for key in ("replacements", "images", "replicas", "helmCharts"))
    return bool(others or one.components or one.patches or made)
