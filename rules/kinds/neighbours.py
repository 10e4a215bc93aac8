"""Kinds that run nothing and are not judged: what stands in them is looked up for a workload."""

from rules.kinds import facts
from rules.kinds.config_maps import CONFIG_MAP
from rules.kinds.rows import FactRows
from rules.kinds.schema import SPEC, Kind

_CLAIM: FactRows = {
    facts.ACCESS_MODES: ("accessModes",),
    facts.STORAGE_CLASS: ("storageClassName",),
    facts.STORAGE_REQUEST: ("resources.requests.storage",),
}
_SERVICE: FactRows = {
    facts.SELECTOR: ("selector",),
    facts.CLUSTER_IP: ("clusterIP",),
    facts.SERVICE_TYPE: ("type", "ClusterIP"),
    facts.PUBLISH_NOT_READY: ("publishNotReadyAddresses", False),
}
_BUDGET: FactRows = {
    facts.SELECTOR: ("selector",),
    facts.MIN_AVAILABLE: ("minAvailable",),
    facts.MAX_UNAVAILABLE: ("maxUnavailable",),
}
_NETWORK_POLICY: FactRows = {facts.SELECTOR: ("podSelector",)}
_DEVICES: FactRows = {facts.DEVICE_REQUESTS: ("devices.requests",)}

NEIGHBOURS: tuple[Kind, ...] = (
    Kind(
        "",
        "PersistentVolumeClaim",
        rows=((SPEC, _CLAIM),),
        plural="persistentvolumeclaims",
    ),
    Kind("", "Service", rows=((SPEC, _SERVICE),), plural="services"),
    CONFIG_MAP,
    Kind("policy", "PodDisruptionBudget", rows=((SPEC, _BUDGET),), plural="poddisruptionbudgets"),
    Kind("resource.k8s.io", "ResourceClaim", rows=((SPEC, _DEVICES),), plural="resourceclaims"),
    Kind(
        "resource.k8s.io",
        "ResourceClaimTemplate",
        root=("spec", "spec"),
        rows=((("spec", "spec"), _DEVICES),),
        plural="resourceclaimtemplates",
    ),
    Kind(
        "networking.k8s.io",
        "NetworkPolicy",
        rows=((SPEC, _NETWORK_POLICY),),
        plural="networkpolicies",
    ),
)
"""They are found by whoever looks one up, and never by ``find_kind``: rules do not judge them."""
