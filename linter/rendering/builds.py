"""What is to be built, and what came of it."""

import os
from collections.abc import Iterator, Sequence

from linter.input.documents import read_bodies
from linter.input.excludes import Excludes
from linter.input.kustomization_files import KUSTOMIZATION_NAMES
from linter.input.overlays import find_overlays
from linter.input.sources import (
    Source,
    SourceError,
    collect,
    make_error,
    read_source,
)
from linter.rendering.programs import RenderingError, build_kustomization, render_chart
from rules.reader import ReadError, decode
from rules.record import NamedTuple
from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    from linter.row_types import ErrorRow


class Build(NamedTuple):
    """A folder that kustomize built, or a chart that Helm rendered, and the text that came out."""

    name: str
    helm: bool
    text: bytes


class BuildList(NamedTuple):
    """All builds that were asked for, and those that failed."""

    builds: "list[Build]"
    errors: "list[ErrorRow]"


def make_builds(
    folders: Sequence[str], charts: Sequence[str], values: Sequence[str], namespace: str | None
) -> BuildList:
    """Build each kustomization and chart once. A folder without a kustomization stands for all that
    are built below it. Raises UserError where there is no program for it."""
    made = BuildList([], [])
    for name in dict.fromkeys(map(os.path.normpath, folders)):
        below = list(_find_below(name))
        if not below:
            reason = "no kustomization in it, or below" if os.path.isdir(name) else "no such folder"
            made.errors.append(make_error(name, reason))
        for folder in below:
            if all(one.name != folder for one in made.builds):
                _add(made, folder, values=None, namespace=None)
    for chart in dict.fromkeys(charts):
        _add(made, chart, values=values, namespace=namespace)
    return made


def _add(
    made: BuildList, name: str, *, values: Sequence[str] | None, namespace: str | None
) -> None:
    """Build a folder or, with values, a chart."""
    try:
        if values is None:
            text = build_kustomization(name)
        else:
            text = render_chart(name, values, namespace)
    except RenderingError as error:
        made.errors.append(make_error(name, str(error)))
        return
    made.builds.append(Build(name, values is not None, text))


def _find_below(folder: str) -> Iterator[str]:
    """The folder itself, or those below it whose kustomization is part of no other."""
    if any(os.path.isfile(os.path.join(folder, name)) for name in KUSTOMIZATION_NAMES):
        yield folder
    elif os.path.isdir(folder):
        sources = collect([folder], Excludes(os.path.abspath(folder))).sources
        told = [
            (os.path.abspath(one.path), body)
            for one in sources
            if os.path.basename(one.path) in KUSTOMIZATION_NAMES
            for body in _read_first(one)
        ]
        found = find_overlays(told)
        yield from sorted(os.path.relpath(one) for one in (*found.changing, *found.plain))


def _read_first(source: Source) -> list[object]:
    try:
        return read_bodies(decode(read_source(source)))[:1]
    except (SourceError, ReadError):
        return []
