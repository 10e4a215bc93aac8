"""Which objects Kubernetes' own controllers make.

Sources: ``pkg/controller`` of kubernetes (cronjob, job, deployment, replicaset, replication,
statefulset, daemon); LeaderWorkerSet's pod controller has leader Pods own their group's
StatefulSet.
"""

from rules.kinds.schema import Kind
from rules.paths import Path

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
_REVISIONS: dict[tuple[str, str], Path] = {("apps", "ReplicaSet"): ("spec", "template", "spec")}


def find_revision_pods(kind: Kind) -> Path | None:
    """Where the pod spec of an object stands that Kubernetes keeps as an earlier revision of its
    owner; None for all other kinds."""
    return _REVISIONS.get((kind.group, kind.name))


def can_make(owner: Kind, child: Kind) -> bool:
    """Whether the controller of ``owner`` makes objects of kind ``child``; what an operator makes
    is its own affair."""
    return _MADE.get((owner.group, owner.name), child.name) == child.name
