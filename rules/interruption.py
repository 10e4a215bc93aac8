"""Capacity that the cloud takes back: spot, preemptible."""

import re
from collections.abc import Iterable

from rules.kinds.pods import Pod
from rules.paths import dig, items

LONGEST_NAME = 253
"""Characters of the name of an object."""
_SPOT_KEYS = {
    "cloud.google.com/gke-spot": "true",
    "cloud.google.com/gke-preemptible": "true",
    "karpenter.sh/capacity-type": "spot",
    "eks.amazonaws.com/capacityType": "SPOT",
    "kubernetes.azure.com/scalesetpriority": "spot",
}
_SPOT_NAMES = tuple(_SPOT_KEYS)  # no dict: what is looked up in it may be one itself


_LOW = r"(?i)(?:^|[-_])(?:low|lowest|preempt\w*|spot|best-?effort|scavenge\w*)(?:[-_]|$)"


def may_be_preempted(pod: Pod, markers: Iterable[str] = ()) -> bool:
    """Whether a pod may run on capacity that is taken back, or asks for a priority that gives way.

    ``markers`` are further node labels and taints of such capacity, as ``key`` or ``key=value``.
    """
    name = pod.spec.get("priorityClassName")
    low = isinstance(name, str) and len(name) < LONGEST_NAME and re.search(_LOW, name) is not None
    return low or interruptible(pod) or any(_is_marked(pod, marker) for marker in markers)


def _is_marked(pod: Pod, marker: str) -> bool:
    key, equals, value = marker.partition("=")
    found = dig(pod.spec, ("nodeSelector", key))
    if found is not None and (not equals or str(found) == value):
        return True
    tolerations = (one for _, one in items(pod.spec.get("tolerations")))
    return any(
        dig(one, ("key",)) == key and (not equals or dig(one, ("value",)) == value)
        for one in tolerations
    )


def interruptible(pod: Pod) -> bool:
    """Whether a pod selects or tolerates capacity that the cloud takes back (spot, preemptible)."""
    selector = pod.spec.get("nodeSelector")
    if isinstance(selector, dict) and any(
        str(selector.get(key)).lower() == value.lower() for key, value in _SPOT_KEYS.items()
    ):
        return True
    tolerations = pod.spec.get("tolerations")
    return isinstance(tolerations, list) and any(
        dig(toleration, ("key",)) in _SPOT_NAMES for toleration in tolerations
    )
