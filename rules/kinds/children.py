"""Which objects Kubernetes' own controllers make.

Sources: ``pkg/controller`` of kubernetes (cronjob, job, deployment, replicaset, replication,
statefulset, daemon, history); LeaderWorkerSet's pod controller has leader Pods own their group's
StatefulSet.
"""

from rules.kinds.schema import Kind
from rules.manifest import Manifest
from rules.paths import Path
from rules.type_names import Any

_MADE = {
    ("batch", "CronJob"): "Job",
    ("batch", "Job"): "Pod",
    ("apps", "Deployment"): "ReplicaSet",
    ("apps", "ReplicaSet"): "Pod",
    ("", "ReplicationController"): "Pod",
    ("apps", "StatefulSet"): "Pod",
    ("apps", "DaemonSet"): "Pod",
    ("", "Pod"): "StatefulSet",
}
_REVISIONS: dict[tuple[str, str], Path] = {
    ("apps", "ReplicaSet"): ("spec", "template"),
    ("apps", "ControllerRevision"): ("data", "spec", "template"),
}


def find_revision_template(kind: Kind) -> Path | None:
    """Where the pod template of an object stands that Kubernetes keeps as an earlier revision of
    its owner; None for all other kinds."""
    return _REVISIONS.get((kind.group, kind.name))


def make_revision(owner: Manifest, template: Any) -> dict[str, Any]:
    """What is kept of an owner's pod template when it has another one: of a Deployment a ReplicaSet
    without pods, of all else a ControllerRevision."""
    spec = {"template": template}
    if (owner.group, owner.identity.kind) == ("apps", "Deployment"):
        # Without a selector it would be taken for a patch.
        spec = {"replicas": 0, "selector": owner.dig("spec", "selector"), **spec}
        return {"apiVersion": "apps/v1", "kind": "ReplicaSet", "spec": spec}
    return {"apiVersion": "apps/v1", "kind": "ControllerRevision", "data": {"spec": spec}}


def is_pod_kind(kind: Kind) -> bool:
    """Whether the objects of a kind are pods themselves, and nothing that makes them."""
    return (kind.group, kind.name) == ("", "Pod")


def can_make(owner: Kind, child: Kind) -> bool:
    """Whether the controller of ``owner`` makes objects of kind ``child``; what an operator makes
    is its own affair."""
    return _MADE.get((owner.group, owner.name), child.name) == child.name
