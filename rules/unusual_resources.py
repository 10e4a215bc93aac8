"""The containers that ask for more than a share of a node's cores, memory and disk."""

from collections.abc import Iterator, Mapping

from rules.kinds.pods import Container, Pod
from rules.paths import Path
from rules.record import NamedTuple
from rules.type_names import Any
from rules.workload import Workload

_SIDES = ("limits", "requests")
_FIELDS = frozenset({*_SIDES, "claims"})
_PLAIN = frozenset({"cpu", "memory", "ephemeral-storage", "storage"})


class UnusualResources(NamedTuple):
    """A container's resources as they are written, at ``path``, with a name that is not plain: an
    accelerator's, another extended resource's, or one that nobody knows."""

    pod: Pod
    container: Container
    path: Path
    resources: Mapping[str, Any]


def find_unusual_resources(workload: Workload) -> tuple[UnusualResources, ...]:
    """Those of all containers: few have any, and what is to be said of names concerns no others.
    Rules ask for it by ``workload.once``."""
    return tuple(_find(workload))


def _find(workload: Workload) -> Iterator[UnusualResources]:
    for pod in workload.pods:
        for container in pod.containers:
            if _is_plain(container.get("resources")):
                continue
            path, resources = workload.written_resources(container)
            if isinstance(resources, dict):
                yield UnusualResources(pod, container, path, resources)


def _is_plain(resources: Any) -> bool:
    if not isinstance(resources, dict):
        return True
    amounts = [resources.get(side) for side in _SIDES]
    names = {name for one in amounts if isinstance(one, dict) for name in one}
    return _FIELDS.issuperset(resources) and _PLAIN.issuperset(names)
