"""Capacity that the cloud takes back: spot, preemptible."""

from collections.abc import Mapping

from rules.kinds.pods import Pod
from rules.paths import dig

_SPOT_KEYS = {
    "cloud.google.com/gke-spot": "true",
    "cloud.google.com/gke-preemptible": "true",
    "karpenter.sh/capacity-type": "spot",
    "eks.amazonaws.com/capacityType": "SPOT",
    "kubernetes.azure.com/scalesetpriority": "spot",
}
_SPOT_NAMES = tuple(_SPOT_KEYS)  # no dict: what is looked up in it may be one itself


def interruptible(pod: Pod) -> bool:
    """Whether a pod selects or tolerates capacity that the cloud takes back (spot, preemptible)."""
    selector = pod.spec.get("nodeSelector")
    if isinstance(selector, Mapping) and any(
        str(selector.get(key)).lower() == value.lower() for key, value in _SPOT_KEYS.items()
    ):
        return True
    tolerations = pod.spec.get("tolerations")
    return isinstance(tolerations, list) and any(
        dig(toleration, ("key",)) in _SPOT_NAMES for toleration in tolerations
    )
