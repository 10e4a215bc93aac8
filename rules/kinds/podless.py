"""Kinds that are known to start no pods: not understanding them hides nothing."""

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
        "kyverno.io",
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
"""API groups none of whose kinds starts pods."""

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
        ("extensions", "Ingress"),
        ("extensions", "NetworkPolicy"),
        ("extensions", "PodSecurityPolicy"),
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
