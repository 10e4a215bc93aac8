"""Kinds that nobody knows because of how they are written: in other letters, or of another group.

Source: kubernetes ``pkg/apis``; the group of a custom resource is a domain (apiextensions
``ValidateCustomResourceDefinition``), so that nobody adds a kind to a group without a dot.
"""

from collections.abc import Iterator

from rules.kinds.index import KIND_ROWS
from rules.kinds.podless import PODLESS_CORE
from rules.kinds.retired import name_served
from rules.record import NamedTuple


class Home(NamedTuple):
    """The API version and kind that an object should have had."""

    api_version: str
    kind: str


def find_namesake(group: str, kind: str) -> str | None:
    """The kind of the same group that is meant by ``job`` or ``PytorchJob``; None where there is
    none that differs in the case of letters alone."""
    names = (name for home, name in _list_names() if home == group)
    return next((one for one in names if one.lower() == kind.lower() and one != kind), None)


def find_home(group: str, kind: str) -> Home | None:
    """Where Kubernetes itself has a kind that an object places in a group that cannot have it; None
    where it has no such kind, or the group is somebody's own."""
    if "." in group:
        return None
    for home, name in _list_names():
        if "." not in home and home != group and name.lower() == kind.lower():
            served = name_served(home)
            return Home(served, name) if served else None
    return None


def find_own_group(group: str, kind: str) -> str | None:
    """The operator's group whose kind an object places in a group without a dot, as OpenShift's
    were before they had groups; None where no such kind is known."""
    if "." in group:
        return None
    return next((home for home, name in _list_names() if "." in home and name == kind), None)


def list_kinds_of_kubernetes(group: str) -> tuple[str, ...]:
    """The kinds that Kubernetes itself has, as far as they are known; none where ``group`` is not
    one of its own, in which nobody else adds a kind."""
    if not name_served(group):
        return ()
    return tuple(dict.fromkeys(name for home, name in _list_names() if "." not in home))


def _list_names() -> Iterator[tuple[str, str]]:
    yield from ((row[0], row[1]) for row in KIND_ROWS)
    yield from (("", name) for name in sorted(PODLESS_CORE))
