"""What a run has looked at: counted as it goes, added up over the workers."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from linter.row_types import CoverageRow, SkippedRow

PODLESS_GROUPS = frozenset(
    {
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "authentication.k8s.io",
        "authorization.k8s.io",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "flowcontrol.apiserver.k8s.io",
        "gateway.networking.k8s.io",
        "inference.networking.k8s.io",
        "inference.networking.x-k8s.io",
        "kueue.x-k8s.io",
        "kustomize.config.k8s.io",
        "cert-manager.io",
        "config.kueue.x-k8s.io",
        "metrics.k8s.io",
        "mlgate.dev",
        "networking.istio.io",
        "networking.k8s.io",
        "node.k8s.io",
        "policy",
        "rbac.authorization.k8s.io",
        "resource.k8s.io",
        "scheduling.k8s.io",
        "security.istio.io",
        "snapshot.storage.k8s.io",
        "storage.k8s.io",
    }
)
"""API groups none of whose kinds starts pods: not understanding them hides nothing."""

PODLESS_CORE = frozenset(
    {
        "Binding",
        "ComponentStatus",
        "ConfigMap",
        "Endpoints",
        "Event",
        "LimitRange",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PersistentVolumeClaim",
        "ResourceQuota",
        "Secret",
        "Service",
        "ServiceAccount",
    }
)
"""Kinds of core/v1 that start no pods."""

PODLESS = frozenset(
    {
        ("apps", "ControllerRevision"),
        ("monitoring.coreos.com", "PodMonitor"),
        ("monitoring.coreos.com", "PrometheusRule"),
        ("monitoring.coreos.com", "ServiceMonitor"),
        ("argoproj.io", "Application"),
        ("argoproj.io", "AppProject"),
        ("argoproj.io", "ApplicationSet"),
        ("scheduling.volcano.sh", "PodGroup"),
        ("scheduling.volcano.sh", "Queue"),
    }
)
"""(group, kind) of podless kinds whose group also has kinds that start pods."""


def is_podless(group: str, kind: str) -> bool:
    """Whether an object of this kind is known to start no pods of its own."""
    if not group:
        return kind in PODLESS_CORE
    return group in PODLESS_GROUPS or (group, kind) in PODLESS


def full_name(group: str, kind: str) -> str:
    """``Job.batch``; ``Pod`` for core/v1."""
    return f"{kind}.{group}" if group else kind


class Coverage:
    """Counts of one process: every document is an object, empty, skipped or an error."""

    __slots__ = ("documents", "files", "objects", "pod_templates", "skipped", "unknown_kinds")

    def __init__(self) -> None:
        self.files = 0
        self.documents = 0
        self.objects = 0
        self.pod_templates: dict[str, int] = {}
        self.unknown_kinds: dict[str, int] = {}
        self.skipped: list[SkippedRow] = []

    def skip(self, file: str, document: int | None, reason: str) -> None:
        self.skipped.append({"file": file, "document": document, "reason": reason})

    def count_pods(self, name: str, pods: int) -> None:
        if pods:
            self.pod_templates[name] = self.pod_templates.get(name, 0) + pods

    def count_unknown(self, name: str) -> None:
        self.unknown_kinds[name] = self.unknown_kinds.get(name, 0) + 1

    def export(self) -> "CoverageRow":
        """The report's ``coverage``: keys and skipped documents in order."""
        return {
            "files": self.files,
            "documents": self.documents,
            "objects": self.objects,
            "pod_templates": dict(sorted(self.pod_templates.items())),
            "unknown_kinds": dict(sorted(self.unknown_kinds.items())),
            "skipped": sorted(self.skipped, key=_skipped_order),
        }

    def add(self, exported: "CoverageRow") -> None:
        """Take in what another process has counted."""
        self.files += exported["files"]
        self.documents += exported["documents"]
        self.objects += exported["objects"]
        for name, pods in exported["pod_templates"].items():
            self.count_pods(name, pods)
        for name, found in exported["unknown_kinds"].items():
            self.unknown_kinds[name] = self.unknown_kinds.get(name, 0) + found
        self.skipped += exported["skipped"]


def _skipped_order(entry: "SkippedRow") -> tuple[str, int, str]:
    document = entry["document"]
    return entry["file"], -1 if document is None else document, entry["reason"]
