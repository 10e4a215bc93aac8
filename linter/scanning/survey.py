"""What a scan asks the API server for: the kinds that are known here and served there."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cluster.client import ApiError
from cluster.discovery import KindName, Resource
from cluster.listing import Lister
from rules.record import NamedTuple

_FORBIDDEN = 403

NAMESPACE: KindName = ("", "Namespace")


class Wanted(NamedTuple):
    """What of a cluster is looked at: ``namespaces`` (none: all of them), and of the objects those
    that the label selector takes."""

    namespaces: tuple[str, ...] = ()
    selector: str = ""


class Unlisted(NamedTuple):
    """A collection of a kind that could not be read, and why."""

    kind: KindName
    name: str
    reason: str


class Survey:
    """Reads collections; what cannot be read is remembered, and the rest goes on."""

    def __init__(
        self, lister: Lister, served: Mapping[KindName, Resource], namespaces: Sequence[str]
    ) -> None:
        self.unlisted: list[Unlisted] = []
        self._lister = lister
        self._served = served
        self._namespaces: Sequence[str | None] = namespaces or (None,)

    def serves(self, name: KindName) -> bool:
        """Whether the cluster has the kind."""
        return name in self._served

    def list_kinds(
        self, names: Iterable[KindName], selector: str = ""
    ) -> Iterator[tuple[KindName, dict[str, Any]]]:
        """The objects of the kinds that the cluster has, kind after kind."""
        for name in names:
            if name in self._served:
                for item in self._list(name, selector):
                    yield name, item

    def _list(self, name: KindName, selector: str) -> Iterator[dict[str, Any]]:
        resource = self._served[name]
        # The objects of a list do not say what they are, those of custom kinds apart.
        head = {"apiVersion": resource.api_version, "kind": name[1]}
        for namespace in self._namespaces if resource.namespaced else (None,):
            try:
                for item in self._lister.list_objects(resource, namespace, selector):
                    yield {**head, **item}
            except ApiError as error:
                self._remember(name, namespace, error)

    def _remember(self, name: KindName, namespace: str | None, error: ApiError) -> None:
        where = f" in namespace {namespace}" if namespace else ""
        plural = self._served[name].path.rpartition("/")[2]
        shown = f"{plural}.{name[0]}".rstrip(".") + where
        reason = str(error)
        if error.status == _FORBIDDEN:
            reason = f"forbidden: the verb list on {plural} of group {name[0] or 'core'} is missing"
        one = Unlisted(name, shown, reason)
        if one not in self.unlisted:
            self.unlisted.append(one)
