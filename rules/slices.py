"""TPU slices on GKE: what a pod says of the one that it wants.

Source: https://cloud.google.com/kubernetes-engine/docs/concepts/plan-tpus (chips of a node for each
accelerator and topology); a slice of several nodes is made, and given, as a whole.
"""

from collections.abc import Iterator, Mapping
from math import prod

from rules.kinds.facts import (
    AFFINITY,
    GROUP_SIZE,
    HOSTS_PER_REPLICA,
    NODE_NAME,
    NODE_SELECTOR,
    NODES,
    PARALLELISM,
    QUEUE,
)
from rules.kinds.pods import Container, Pod
from rules.model import Value
from rules.paths import EACH, dig, expand
from rules.quantity import parse_quantity
from rules.record import NamedTuple
from rules.resource_names import TPU
from rules.type_names import Any
from rules.whole_numbers import parse_whole
from rules.workload import Workload

ACCELERATOR_LABEL = "cloud.google.com/gke-tpu-accelerator"
TOPOLOGY_LABEL = "cloud.google.com/gke-tpu-topology"

_TERMS = ("requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms", EACH)
_PER_HOST = {
    "tpu-v4-podslice": 4,
    "tpu-v5-lite-podslice": 4,
    "tpu-v5p-slice": 4,
    "tpu-v6e-slice": 4,
    "tpu7x": 4,
}
_LITE = ("tpu-v5-lite", "tpu-v6e")
"""Accelerators that have nodes of 8 chips too, each a slice of its own."""
_LITE_HOST = 8
_DIMENSIONS = 3
_PLACED = ("cloud.google.com/compute-class", "cloud.google.com/gke-nodepool")
"""Labels by which a pod finds its nodes without the two."""
_CUT = "cloud.google.com/gke-tpu-slice-topology"
"""The annotation by which a slice is cut out of a larger one when a pod asks for it."""


class Slice(NamedTuple):
    """What a pod wants: ``chips`` of one node, in a slice of ``topology``, whose chips are ``size``
    together; each node has ``per_host``, and the largest that is a slice of its own ``most``."""

    accelerator: str
    topology: str
    chips: int
    size: int
    per_host: int
    most: int

    @property
    def several(self) -> bool:
        """Whether the slice has several nodes for sure."""
        return self.size > self.most

    @property
    def legal(self) -> int:
        """The chips that a pod asks for in such a slice."""
        return self.per_host if self.several else self.size

    @property
    def misfits(self) -> bool:
        """Whether no node of the slice can give a pod so many chips. Several pods may share a node
        that is a slice of its own."""
        return self.chips > self.legal or (self.several and self.chips != self.per_host)

    @property
    def hosts(self) -> int:
        """The nodes of a slice of several."""
        return self.size // self.per_host


def is_placed(workload: Workload, pod: Pod, labels: Mapping[str, Any]) -> bool:
    """Whether something else than the two labels finds the nodes of a pod."""
    node, queue = workload.at(NODE_NAME, pod), workload.at(QUEUE, pod)
    named = any(value is not None and not value.absent for value in (node, queue))
    cut = dig(pod.metadata, ("annotations", _CUT)) is not None
    return named or cut or any(label in labels for label in _PLACED)


def read_labels(workload: Workload, pod: Pod) -> dict[str, Any] | None:
    """The labels of nodes that a pod asks for; None where that is not known."""
    selector, affinity = workload.at(NODE_SELECTOR, pod), workload.at(AFFINITY, pod)
    if selector is None or selector.unknown or affinity is None or affinity.unknown:
        return None
    asked = dict(_read_affinity(affinity))
    return {**asked, **selector.value} if isinstance(selector.value, dict) else asked


def _read_affinity(affinity: Value) -> Iterator[tuple[str, Any]]:
    for _, term in expand(dig(affinity.value, ("nodeAffinity",)), (*_TERMS, "matchExpressions")):
        for _, one in expand(term, (EACH,)):
            values = dig(one, ("values",))
            single = isinstance(values, list) and len(values) == 1
            yield str(dig(one, ("key",))), values[0] if single else None


def count_chips(workload: Workload, container: Container) -> int:
    """How many chips a container asks for; 0 where that is not known."""
    _, resources = workload.resources(container)
    amounts = (dig(resources, (key, TPU)) for key in ("limits", "requests"))
    return int(next((number for one in amounts if (number := parse_quantity(one))), 0))


def read_slice(workload: Workload, pod: Pod, known: list[str]) -> Slice | None:
    """The slice that a pod wants; None where that is not known. ``known`` are further accelerators
    with the chips of a node, ``name=chips``."""
    labels = read_labels(workload, pod) or {}
    accelerator, topology = labels.get(ACCELERATOR_LABEL), labels.get(TOPOLOGY_LABEL)
    chips = sum(count_chips(workload, one) for one in pod.mains)
    size = _multiply(topology)
    if not isinstance(accelerator, str) or not chips or not size:
        return None
    host = _count_of_host(accelerator, known)
    if host is None:
        return None
    most = _LITE_HOST if accelerator.startswith(_LITE) else host
    return Slice(accelerator, str(topology), chips, size, host, most)


def _count_of_host(accelerator: str, known: list[str]) -> int | None:
    more = (one.partition("=") for one in known)
    said = ((name, parse_whole(count)) for name, _, count in more)
    hosts = {**_PER_HOST, **{name: chips for name, chips in said if chips is not None}}
    return hosts.get(accelerator) or None


def _multiply(topology: Any) -> int:
    """The chips of ``4x4x8``; 0 where it is not such a text."""
    parts = topology.split("x") if isinstance(topology, str) and len(topology) < 20 else []
    numbers = [int(part) for part in parts if part.isascii() and part.isdecimal()]
    return prod(numbers) if len(numbers) == len(parts) in (2, _DIMENSIONS) else 0


def count_group(workload: Workload, pod: Pod) -> tuple[Value, int] | None:
    """How many pods with TPUs make up one slice, and what says so, where the kind does."""
    if workload.at(NODES, pod) is not None:
        return None
    facts = (HOSTS_PER_REPLICA, GROUP_SIZE, PARALLELISM)
    value = next((value for fact in facts if (value := workload.at(fact, pod)) is not None), None)
    if value is None or value.unknown or not value.number:
        return None
    grouped = workload.at(GROUP_SIZE, pod) is not None
    alone = grouped and any(not _holds_chips(workload, one) for one in workload.pods)
    return value, int(value.number) - alone


def _holds_chips(workload: Workload, pod: Pod) -> bool:
    return any(count_chips(workload, one) for one in pod.mains)
