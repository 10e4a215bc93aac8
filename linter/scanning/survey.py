"""What a scan asks the API server for: the kinds that are known here and served there."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from cluster.client import ApiError, Client
from cluster.discovery import Discovery, KindName, Resource
from cluster.listing import Lister
from linter.errors import UserError
from rules.model import ObjectKey
from rules.record import NamedTuple
from rules.type_names import Any
from rules.wording import suggestion

_BAD_REQUEST = 400
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


def find_served(client: Client, speaker: str = "") -> Mapping[KindName, Resource]:
    """The kinds that a cluster serves. Raises UserError where it cannot be asked; ``speaker`` is
    what the message begins with."""
    from urllib3.exceptions import HTTPError

    try:
        return Discovery(client.read).refresh()
    except (ApiError, HTTPError, OSError) as error:
        raise UserError(f"{speaker}the API server cannot be asked: {error}") from None


class Survey:
    """Reads collections; what cannot be read is remembered, and the rest goes on. A selector that
    the API server does not understand is a UserError."""

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

    def has_listed(self, name: KindName) -> bool:
        """Whether all objects of a kind that were asked for could be listed."""
        return all(one.kind != name for one in self.unlisted)

    def list_kinds(
        self, names: Iterable[KindName], selector: str = ""
    ) -> Iterator[tuple[KindName, dict[str, Any]]]:
        """The objects of the kinds that the cluster has, kind after kind."""
        for name in names:
            if name in self._served:
                for item in self._list(name, selector):
                    yield name, item

    def find_object(self, key: ObjectKey) -> dict[str, Any] | None:
        """One object as it is now; None where it is not there, or may not be looked at."""
        name = key.group, key.kind
        resource = self._served.get(name)
        if resource is None:
            return None
        try:
            found = self._lister.find_object(resource, key.namespace or None, key.name)
        except ApiError:
            return None
        return found and {**_head(resource, name), **found}

    def tell_missing(self, known: Iterable[str]) -> None:
        """Remember which of the namespaces that are looked at do not exist; ``known`` do."""
        names = tuple(known)
        for namespace in self._namespaces:
            if namespace is not None and namespace not in names:
                reason = f"there is no such namespace{suggestion(namespace, names)}"
                self.unlisted.append(Unlisted(NAMESPACE, f"namespace {namespace}", reason))

    def _list(self, name: KindName, selector: str) -> Iterator[dict[str, Any]]:
        resource = self._served[name]
        head = _head(resource, name)
        for namespace in self._namespaces if resource.namespaced else (None,):
            try:
                for item in self._lister.list_objects(resource, namespace, selector):
                    yield {**head, **item}
            except ApiError as error:
                if selector and error.status == _BAD_REQUEST:
                    raise UserError(f"--selector {selector}: {error}") from None
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


def _head(resource: Resource, name: KindName) -> dict[str, str]:
    """What the objects of a list are: those of custom kinds apart, they do not say it."""
    return {"apiVersion": resource.api_version, "kind": name[1]}
