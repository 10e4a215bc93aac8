"""What was found and denied by namespace, of no more namespaces than a Prometheus can bear."""

from collections.abc import Iterable
from math import inf

from prometheus_client import CollectorRegistry, Counter

from rules.model import Finding
from webhook.observability.labelled import labelled

MOST_NAMESPACES = 50
"""Of which each has its series. Any further one is counted under ``THE_REST``."""
THE_REST = "_other"
"""No namespace is called so: their names are DNS labels."""
_LABEL = "resource_namespace"
"""``namespace`` is the one of the pod that was scraped, in most installations of Prometheus."""


class NamespaceCounts:
    """Counters of validating reviews, each under its namespace: those that are the first to have
    something to count. Objects of the cluster are under an empty one."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._named: set[str] = set()
        self._findings = Counter(
            "mlgate_namespace_findings",
            "Findings of validating reviews, by namespace, rule and the policy's action",
            (_LABEL, "rule", "action"),
            registry=registry,
        )
        self._hours = Counter(
            "mlgate_denied_gpu_hours",
            "GPU-hours that denied objects could have taken: accelerators x deadline",
            (_LABEL,),
            registry=registry,
        )
        self._unbounded = Counter(
            "mlgate_denied_unbounded",
            "Denied objects that ask for accelerators and have no deadline",
            (_LABEL,),
            registry=registry,
        )

    def review(self, namespace: str, findings: Iterable[Finding]) -> None:
        """Count what was found in one review."""
        for finding in findings:
            label = self._label(namespace)
            labelled(self._findings, label, finding.rule, str(finding.action)).inc()

    def denial(self, namespace: str, hours: float | None) -> None:
        """Count the GPU-hours of a denied object, which are infinite where it has no deadline, and
        None where there are none or not all is known."""
        if hours is None:
            return
        label = self._label(namespace)
        if hours == inf:
            labelled(self._unbounded, label).inc()
        else:
            labelled(self._hours, label).inc(hours)

    def _label(self, namespace: str) -> str:
        if namespace in self._named or namespace == THE_REST:
            return namespace
        if len(self._named) >= MOST_NAMESPACES:
            return THE_REST
        self._named.add(namespace)
        return namespace
