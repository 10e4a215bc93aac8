"""A namespace that holds many other objects, as a watching replica knows it."""

from collections.abc import Callable, Sequence
from typing import Any

from rules.kinds import BUILT_IN
from rules.model import ObjectKey
from webhook.knowledge.cluster_facts import NoCluster
from webhook.knowledge.cluster_inventory import ClusterInventory
from webhook.knowledge.object_cache import ObjectCache, watched_kinds

_Body = dict[str, Any]

_POD = {"containers": [{"name": "main", "image": "registry.example.com/web:v1"}]}
_SPECS: dict[tuple[str, str], Callable[[int], _Body]] = {
    ("", "PersistentVolumeClaim"): lambda _: {"accessModes": ["ReadWriteMany"]},
    ("", "Service"): lambda one: {"selector": {"app": f"web-{one}"}},
    ("apps", "Deployment"): lambda one: {
        "selector": {"matchLabels": {"app": f"web-{one}"}},
        "template": {"metadata": {"labels": {"app": f"web-{one}"}}, "spec": _POD},
    },
    ("autoscaling", "HorizontalPodAutoscaler"): lambda one: {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": f"web-{one}"},
        "maxReplicas": 3,
    },
    ("policy", "PodDisruptionBudget"): lambda one: {
        "minAvailable": 1,
        "selector": {"matchLabels": {"app": f"web-{one}"}},
    },
}


class CrowdedNamespace(NoCluster):
    """A cluster of one namespace that holds ``count`` objects of each of five kinds."""

    def __init__(self, namespace: str, count: int) -> None:
        self._stores = {
            (one.group, one.kind): ObjectCache(one.read_facts)
            for one in watched_kinds(BUILT_IN)
            if one.read_facts is not None
        }
        for kind, spec in _SPECS.items():
            for number in range(count):
                name = f"web-{number}"
                metadata = {"namespace": namespace, "name": name, "uid": f"{kind}/{name}"}
                self._stores[kind].put({"metadata": metadata, "spec": spec(number)})
        self.inventory = ClusterInventory(self)

    def facts_of(self, key: ObjectKey) -> _Body | None:
        """The facts of an object, None where none is known."""
        store = self._stores.get(key[:2])
        return None if store is None else store.find(key.namespace, key.name)

    def facts_in(self, group: str, kind: str, namespace: str) -> Sequence[tuple[str, _Body]]:
        """The names and the facts of all objects of a kind in a namespace."""
        store = self._stores.get((group, kind))
        return () if store is None else store.find_all(namespace)

    def all_known(self, group: str, kind: str) -> bool:
        """Whether an object of a kind that is not known does not exist."""
        return (group, kind) in self._stores
