"""Metrics of a replica's part in its cluster; docs/webhook.md lists them with the others."""

from collections.abc import Callable, Iterator

from prometheus_client import Counter, Gauge
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from webhook.knowledge.cluster_cache import ClusterCache
from webhook.observability.metrics import Metrics


class ClusterMetrics:
    """Counters and gauges of the leader's work, and of the caches as they are at each scrape."""

    def __init__(
        self, metrics: Metrics, cache: ClusterCache, is_leader: Callable[[], bool]
    ) -> None:
        registry = metrics.registry
        self.authority_expiry = metrics.cert_not_after.labels("ca")
        leader = Gauge("mlgate_leader", "1 on the replica that writes", registry=registry)
        leader.set_function(lambda: float(is_leader()))
        self.writes = Counter(
            "mlgate_registration_writes",
            "Webhook configurations written",
            ("kind",),
            registry=registry,
        )
        self.disabled = Gauge(
            "mlgate_registration_disabled",
            "1 while an annotation keeps the webhook configurations empty",
            registry=registry,
        )
        self.failures = Counter(
            "mlgate_cluster_failures",
            "Looks at certificate and registration that the API server did not answer",
            registry=registry,
        )
        registry.register(CacheCollector(cache))


class CacheCollector(Collector):
    """How far each cache is, and how many objects it knows."""

    def __init__(self, cache: ClusterCache) -> None:
        self._cache = cache

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Two series for each kind that is watched."""
        labels = ("group", "kind")
        synced = GaugeMetricFamily("mlgate_cache_synced", "1 where a kind is known", labels=labels)
        objects = GaugeMetricFamily("mlgate_cache_objects", "Objects known", labels=labels)
        for state in self._cache.states():
            synced.add_metric((state.group, state.kind), float(state.synced))
            objects.add_metric((state.group, state.kind), float(state.objects))
        yield from (synced, objects)
