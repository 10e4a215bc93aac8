"""What a container asks for of cpu and memory: by itself, or by its pod.

Source: core/v1 ResourceRequirements; KEP-2837 (``spec.resources`` of a pod).
"""

from collections.abc import Iterator, Mapping

from rules.accelerators import claims_accelerator
from rules.kinds.facts import NODE_SELECTOR, POD_RESOURCES
from rules.kinds.pods import Container, Pod
from rules.paths import Path, dig, dotted
from rules.quantity import GIBIBYTE, parse_quantity
from rules.record import NamedTuple
from rules.type_names import Any
from rules.workload import Workload

CPU, MEMORY = "cpu", "memory"

_COMPUTE_CLASS = "cloud.google.com/compute-class"
_AUTOPILOT = frozenset({"Accelerator", "Balanced", "Performance", "Scale-Out", "autopilot"})
"""GKE's compute classes under which Autopilot writes requests where there are none:
https://cloud.google.com/kubernetes-engine/docs/concepts/autopilot-resource-requests."""


class Asked(NamedTuple):
    """What is asked for of a resource; None where nothing is written."""

    request: Any
    limit: Any

    @property
    def nothing(self) -> bool:
        return self.request is None and self.limit is None

    @property
    def most(self) -> float | None:
        """What the container may use, as a number: its limit, else what it has for sure."""
        return parse_quantity(self.request if self.limit is None else self.limit)

    @property
    def bursts(self) -> bool:
        """Whether more may be used than is set aside."""
        request, limit = parse_quantity(self.request), parse_quantity(self.limit)
        return request is not None and limit is not None and request < limit


def read_asked(workload: Workload, pod: Pod, container: Container, *names: str) -> Iterator[Asked]:
    """What a container asks for of each of ``names``; where it says nothing, what its pod does."""
    _, own = workload.resources(container)
    value = workload.at(POD_RESOURCES, pod)
    whole = None if value is None else value.value
    for name in names:
        request, limit = ("requests", name), ("limits", name)
        if whole is None:
            yield Asked(dig(own, request), dig(own, limit))
        else:
            yield Asked(dig(own, request, dig(whole, request)), dig(own, limit, dig(whole, limit)))


def find_workers(workload: Workload, pod: Pod) -> Iterator[Container]:
    """The containers that do a pod's work and say themselves what they ask for: neither another
    object, nor an operator, nor a placeholder, nor GKE's Autopilot."""
    told = pod.complete and not (pod.inherits or pod.requests_given) and pod.volumes_at is not None
    if not told or _is_autopilot(workload, pod):
        return
    for container in pod.mains:
        path, resources = workload.resources(container)
        unseen = "resources" in container.elsewhere and resources is None
        if not unseen and not workload.manifest.value(path).unknown:
            yield container


def list_holders(workload: Workload, pod: Pod) -> Iterator[Container]:
    """Those of them that are given an accelerator, or a share of one."""
    shared = workload.accelerators.shared_by(pod.metadata)
    for container in find_workers(workload, pod):
        _, resources = workload.resources(container)
        held = workload.accelerators.holds(resources) or claims_accelerator(pod, container)
        if shared or held:
            yield container


def tell_lack(path: Path, names: list[str]) -> str:
    """``spec.containers[0].resources asks for no cpu and no memory``."""
    return f"{dotted(path)} asks for no {' and no '.join(names)}"


def suggest_amounts(params: Mapping[str, Any], names: list[str], devices: float) -> str:
    """``memory 32Gi and cpu 8``: what so many accelerators need by RES001's parameters."""
    memory = (parse_quantity(params["mem_per_device"]) or GIBIBYTE) * devices / GIBIBYTE
    amounts = {CPU: f"{params['cpu_per_device'] * devices:g}", MEMORY: f"{memory:g}Gi"}
    return " and ".join(f"{name} {amounts[name]}" for name in names)


def _is_autopilot(workload: Workload, pod: Pod) -> bool:
    selector = workload.at(NODE_SELECTOR, pod)
    return selector is not None and str(dig(selector.value, (_COMPUTE_CLASS,))) in _AUTOPILOT
