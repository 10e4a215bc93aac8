"""Extended resources that are accelerators, their companions, and names that only look like one."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache

from rules.globs import fits_any, fits_glob
from rules.kinds.kept_pods import KeptPod
from rules.kinds.pods import Container, Pod
from rules.manifest import is_template
from rules.quantity import parse_quantity
from rules.resource_names import find_meant, is_retired
from rules.type_names import Any
from rules.words import split_name

_LONGEST = 320
"""Characters of a name that is remembered; Kubernetes' longest has 317."""

_SHARES = frozenset({"nvidia.com/gpumem", "nvidia.com/gpumem-percentage", "nvidia.com/gpucores"})
"""Parts of one GPU: where no count stands beside them, HAMi's webhook writes 1 (HAMi
``pkg/device/nvidia/device.go``, MutateAdmission)."""

DEVICE_WORDS = frozenset({"gpu", "mig", "tpu", "npu", "neuron", "gaudi"})
"""Words in the names of device classes of accelerators: ``gpu.nvidia.com``, ``tpu.google.com``.
Those of network cards have none of them."""
CLAIM_NAMES = ("name", "resourceClaimTemplateName", "resourceClaimName")
"""What a pod calls a claim of its own, and the object that it is made of."""
_OTHER_DEVICES = frozenset("nic nics rdma roce rnic hca sriov dranet netdev cpus".split())


class Accelerators:
    """Which resource names are accelerators: ``patterns`` less ``companions`` (globs); and with
    which ``annotations`` a pod asks for a share of one (KAI, Run:ai)."""

    __slots__ = ("_annotations", "_companions", "_known", "_patterns")

    def __init__(
        self,
        patterns: tuple[str, ...],
        companions: tuple[str, ...],
        annotations: tuple[str, ...] = (),
    ) -> None:
        self._patterns = patterns
        self._companions = companions
        self._annotations = annotations
        self._known: dict[str, bool] = {}

    def match(self, name: str) -> bool:
        """Whether ``name`` is an accelerator's."""
        if "/" not in name:
            return False
        known = self._known.get(name)
        if known is None:
            known = is_retired(name) or (find_meant(name) is None and self._matches(name))
            if len(self._known) < 1000 and len(name) <= _LONGEST:
                self._known[name] = known
        return known

    def knows(self, name: str) -> bool:
        """Whether ``name`` is an accelerator's or a companion's."""
        return self.match(name) or any(
            fits_glob(name, one) for one in (*self._companions, *self._patterns)
        )

    def _matches(self, name: str) -> bool:
        if any(fits_glob(name, pattern) for pattern in self._companions):
            return False
        return any(fits_glob(name, pattern) for pattern in self._patterns)

    def asked(self, resources: Any, key: str) -> Iterator[tuple[str, Any]]:
        """The accelerators under ``limits`` or ``requests`` with their amounts, zeros left out."""
        return read_amounts(resources, key, self.match)

    def holds(self, resources: Any) -> bool:
        """Whether a container with these resources is given an accelerator, or a share of one."""
        return isinstance(resources, dict) and any(
            next(read_amounts(resources, key, self._gives), None) for key in ("limits", "requests")
        )

    def shared_by(self, metadata: Mapping[str, Any]) -> bool:
        """Whether a pod's annotations ask for a share of an accelerator."""
        annotations = metadata.get("annotations")
        if not annotations or not isinstance(annotations, dict):
            return False
        return any(fits_any(str(key), self._annotations) for key in annotations)

    def asked_by(self, pod: Pod) -> bool:
        """Whether a pod asks for an accelerator, for a share of one, or claims a device (DRA)."""
        claims = pod.spec.get("resourceClaims") and not _claims_others(pod)
        if claims or self.shared_by(pod.metadata):
            return True
        for container in pod.containers:
            resources = container.body.get("resources")
            if resources and self.holds(resources):
                return True
        return False

    def _gives(self, name: str) -> bool:
        return self.match(name) or name in _SHARES

    def named_by(self, pod: KeptPod) -> frozenset[str]:
        """The accelerators that a pod of another object asks for, by their names."""
        return frozenset(name for one in pod.containers for name in one.limits if self.match(name))

    def held_by(self, pods: Iterable[KeptPod]) -> bool:
        """Whether some pod of another object has an accelerator, or claims a device (DRA)."""
        return any(pod.devices or self.named_by(pod) for pod in pods)


def claims_accelerator(pod: Pod, container: Container) -> bool:
    """Whether a container claims a device (DRA), as far as is known an accelerator."""
    return bool(container.get("resources", "claims")) and not _claims_others(pod)


def _claims_others(pod: Pod) -> bool:
    """Whether a pod claims devices (DRA) of which none is an accelerator: by their names they are
    network cards, or processors of a node (kubernetes-sigs/dranet, dra-driver-cpu)."""
    claims = pod.spec.get("resourceClaims")
    if not isinstance(claims, list) or not claims:
        return False
    return all(isinstance(claim, dict) and _is_plain(claim) for claim in claims)


def _is_plain(claim: Mapping[str, Any]) -> bool:
    names = [claim.get(key) for key in CLAIM_NAMES]
    words = [word for name in names if isinstance(name, str) for word in split_name(name)]
    other = any(word in _OTHER_DEVICES or word.endswith("cpu") for word in words)
    return other and DEVICE_WORDS.isdisjoint(words)


accelerators_of = lru_cache(maxsize=8)(Accelerators)
"""One matcher for each set of patterns: it remembers the names that it has judged."""


def needs_limit(name: str) -> bool:
    """Whether a resource cannot be requested without a limit: extended resources, whose names have
    somebody's domain, and hugepages. Kubernetes' own others can be overcommitted.

    Source: ``pkg/apis/core/v1/helper`` (IsOvercommitAllowed, IsExtendedResourceName).
    """
    if "/" not in name:
        return name.startswith("hugepages-")
    own = name.partition("/")[0].endswith("kubernetes.io")
    return not own and find_meant(name) is None and not is_template(name)


def is_counted(name: str) -> bool:
    """Whether a resource comes in whole numbers, as every extended resource does.

    Source: ``pkg/apis/core/helper`` (IsIntegerResourceName).
    """
    return "/" in name and needs_limit(name)


def read_amounts(
    resources: Any, key: str, wanted: Callable[[str], bool]
) -> Iterator[tuple[str, Any]]:
    """The wanted resources under ``limits`` or ``requests`` with their amounts, zeros left out."""
    amounts = resources.get(key) if isinstance(resources, dict) else None
    if not isinstance(amounts, dict):
        return
    for said, amount in amounts.items():
        name = str(said)
        if wanted(name) and amount is not None and parse_quantity(amount) != 0:
            yield name, amount
