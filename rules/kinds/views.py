"""A manifest as one of its specs sees it: readers go down from there, and paths stay whole."""

from collections.abc import Iterator

from rules.manifest import Manifest
from rules.model import Value
from rules.paths import Path, dig, expand
from rules.type_names import Any


class SpecView:
    """What stands at ``path`` in a manifest, read by keys from there on.

    A kind whose object holds another kind's spec deeper down (a CronJob a JobSpec) is read by the
    same readers, given a view that is rooted there. Every path in an answer is the object's own.
    """

    __slots__ = ("body", "manifest", "path")

    def __init__(self, manifest: Manifest, path: Path, body: Any) -> None:
        self.manifest = manifest
        self.path = path
        self.body = body

    def value(self, *keys: str | int, default: Any = None) -> Value:
        """The value with its presence; ``default`` is what the API server writes in absence."""
        return self.manifest.value((*self.path, *keys), default)

    def raw(self, *keys: str | int, default: Any) -> Value:
        """A value without any default (``Manifest.raw``)."""
        return self.manifest.raw((*self.path, *keys), default)

    def dig(self, *keys: str | int) -> Any:
        """The bare value, None where there is none."""
        return dig(self.body, keys)

    def mapping(self, *keys: str | int) -> dict[str, Any]:
        """The mapping, an empty one where there is none."""
        found = dig(self.body, keys)
        return found if isinstance(found, dict) else {}

    def below(self, *keys: str | int) -> "SpecView":
        """The view from a place further down, be there anything or not."""
        return SpecView(self.manifest, (*self.path, *keys), dig(self.body, keys))

    def each(self, *pattern: str | int) -> Iterator["SpecView"]:
        """A view for every mapping that ``pattern`` selects, in written order."""
        for path, body in expand(self.body, pattern, self.path):
            if isinstance(body, dict):
                yield SpecView(self.manifest, path, body)


def read_spec(manifest: Manifest) -> dict[str, Any]:
    """The whole spec, for kinds of which other objects take it over (``view_foreign``)."""
    return manifest.mapping("spec")


def view_foreign(spec: Any) -> SpecView:
    """A spec that a look-up found in another object: its paths mean nothing in this one."""
    return SpecView(Manifest({}), (), spec)
