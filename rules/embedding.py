"""Manifests inside manifests: how they are found, and how what is found in them reads outside."""

from collections.abc import Iterator, Mapping

from rules.kinds.schema import Inner
from rules.manifest import Manifest
from rules.model import Embedded, Finding, Fix, Identity, Problem, Related, Rule
from rules.paths import Path, named, shorten
from rules.reader import Document, read
from rules.record import NamedTuple
from rules.type_names import Any
from rules.workload import Workload

_DEEPEST = 3
"""How far manifests inside manifests are followed."""


class Scope(NamedTuple):
    """Where an object stands: on its own, or inside ``outer`` at ``path``, as text or mapping.

    ``inner`` is what the object around it says of it. One that is not assured is never denied.
    """

    outer: Identity | None = None
    path: Path = ()
    text: bool = False
    number: int = 0
    inner: Inner = Inner(())
    depth: int = 0


class View(NamedTuple):
    """An object while it is judged. ``identity`` is the outermost object's, which decides."""

    workload: Workload
    scope: Scope
    identity: Identity
    namespace_labels: Mapping[str, str] | None

    @property
    def labels(self) -> Mapping[str, Any]:
        return self.workload.manifest.mapping("metadata", "labels")


def fingerprint(rule: Rule, problem: Problem, view: View) -> str:
    """Rule, form, identity and path by names: it survives moved lines and reordered lists."""
    manifest, outer = view.workload.manifest, view.identity
    kind = shorten(f"{outer.kind}.{outer.api_version.rpartition('/')[0]}".rstrip("."))
    where = named(manifest.object, problem.path)
    inner = ""
    if view.scope.outer is not None:
        own = manifest.identity
        own_name = shorten(f"{own.kind}/{own.name or ''}")
        inner = f" {'/'.join(map(str, view.scope.path))}#{own_name}"
    name = f"{shorten(outer.namespace or '')}/{shorten(outer.name or '')}"
    return f"{rule.code}/{problem.form} {kind} {name}{inner} {where}"


def embed(view: View, path: Path) -> Embedded | None:
    """Where inside an embedded manifest a path stands; None in an object of its own."""
    if view.scope.outer is None:
        return None
    own = view.workload.identity
    return Embedded(own.api_version, own.kind, own.name, path, view.scope.text, view.scope.number)


def show_outside(finding: Finding, view: View) -> Finding:
    """The finding as the outer document sees it."""
    scope = view.scope
    if scope.outer is None:
        return finding
    embedded = embed(view, finding.path)
    if scope.text:
        return finding._replace(path=scope.path, embedded=embedded)
    return finding._replace(
        path=(*scope.path, *finding.path),
        embedded=embedded,
        related=tuple(_move_related(one, scope.path) for one in finding.related),
        fix=_moved(finding.fix, scope.path),
    )


def _move_related(one: Related, prefix: Path) -> Related:
    return one if one.object is not None else one._replace(path=(*prefix, *one.path))


def _moved(fix: Fix | None, prefix: Path) -> Fix | None:
    if fix is None:
        return None
    return fix._replace(
        edits=tuple(edit._replace(path=(*prefix, *edit.path)) for edit in fix.edits)
    )


def inner_manifests(
    workload: Workload, scope: Scope, identity: Identity
) -> Iterator[tuple[Manifest, Scope]]:
    """The manifests inside an object, each with where it stands."""
    if scope.depth >= _DEEPEST:
        return
    for inner in workload.kind.inner(workload.spec):
        yield from _open(workload.manifest, inner, scope, identity)


def _open(
    manifest: Manifest, inner: Inner, scope: Scope, identity: Identity
) -> Iterator[tuple[Manifest, Scope]]:
    """The manifests at one place inside another: a mapping, or the documents of a string."""
    found = manifest.dig(*inner.path)
    place = Scope(
        identity,
        (*scope.path, *inner.path),
        inner=inner._replace(
            queued=scope.inner.queued or inner.queued,
            assured=scope.inner.assured and inner.assured,
        ),
        depth=scope.depth + 1,
    )
    if isinstance(found, dict):
        yield Manifest(found), place
        return
    if not isinstance(found, str):
        return
    for document in read(found):
        if isinstance(document, Document) and isinstance(document.value, dict):
            yield Manifest(document.value), place._replace(text=True, number=document.number)
