"""Kinds that run nothing and are not judged: what stands in them is looked up for a workload."""

from rules.kinds import facts
from rules.kinds.config_maps import CONFIG_MAP
from rules.kinds.lookups import FactReader, Reference
from rules.kinds.rows import FactRows, plain_facts
from rules.kinds.schema import SPEC, Kind
from rules.manifest import Manifest
from rules.paths import Path
from rules.type_names import Any

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
_QUEUE: FactRows = {facts.CLUSTER_QUEUE: ("clusterQueue",)}
_APPLICATION: FactRows = {facts.DESTINATION: ("destination.namespace",)}
_DEVICES: FactRows = {facts.DEVICE_REQUESTS: ("devices.requests",)}


def _read_service_selector(manifest: Manifest) -> Any:
    """A Service's plain labels as a LabelSelector; without any it selects nothing."""
    labels = manifest.dig("spec", "selector")
    return {"matchLabels": labels} if isinstance(labels, dict) and labels else None


def _looked_up(
    group: str,
    name: str,
    plural: str,
    rows: FactRows,
    root: Path = SPEC,
    own: dict[str, FactReader] | None = None,
) -> Kind:
    """A kind whose rows are facts that others may ask; ``own`` replaces readers of some."""
    kept = {**plain_facts(root, rows), **(own or {})}
    return Kind(group, name, root=root, rows=((root, rows),), facts=kept, plural=plural)


_INNER: Path = ("spec", "spec")

CLAIM = _looked_up("", "PersistentVolumeClaim", "persistentvolumeclaims", _CLAIM)
SERVICE = _looked_up(
    "", "Service", "services", _SERVICE, own={facts.SELECTOR: _read_service_selector}
)
BUDGET_KIND = _looked_up("policy", "PodDisruptionBudget", "poddisruptionbudgets", _BUDGET)
NETWORK_POLICY = _looked_up(
    "networking.k8s.io", "NetworkPolicy", "networkpolicies", _NETWORK_POLICY
)
LOCAL_QUEUE = _looked_up("kueue.x-k8s.io", "LocalQueue", "localqueues", _QUEUE)
CLAIM_TEMPLATE = _looked_up(
    "resource.k8s.io", "ResourceClaimTemplate", "resourceclaimtemplates", _DEVICES, _INNER
)
DEVICE_CLAIM = _looked_up("resource.k8s.io", "ResourceClaim", "resourceclaims", _DEVICES)
ACCOUNT_KIND = _looked_up("", "ServiceAccount", "serviceaccounts", {})
SECRET = _looked_up("", "Secret", "secrets", {})
APPLICATION = _looked_up("argoproj.io", "Application", "applications", _APPLICATION)._replace(
    namespaced=False
)
"""Argo CD's, which is known by its name in whatever namespace: what it keeps lives in others."""

NEIGHBOURS: tuple[Kind, ...] = (
    CLAIM,
    SERVICE,
    CONFIG_MAP,
    LOCAL_QUEUE,
    BUDGET_KIND,
    DEVICE_CLAIM,
    CLAIM_TEMPLATE,
    NETWORK_POLICY,
)
"""They are found by whoever looks one up, and never by ``find_kind``: rules do not judge them."""


NEIGHBOURS_IN_FILES: tuple[Kind, ...] = (ACCOUNT_KIND, SECRET, APPLICATION)
"""They are looked up among files alone: nobody's Secrets are read in a cluster. What is asked of
them is whether they are there. (In a cluster Argo CD's own label or annotation tells.)"""


def refer(kind: Kind, namespace: str | None, name: str) -> Reference:
    """A reference to an object of that kind."""
    return Reference(kind.group, (kind.name,), namespace, name)
