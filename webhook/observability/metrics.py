"""Prometheus metrics. Labels take values of closed sets only: never a name, of which a client could
make up any number, and of namespaces few (``namespace_counts``).

docs/webhook.md lists every metric.
"""

from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from rules.kinds import find_kind
from rules.policy import Policy
from webhook.observability.labelled import labelled
from webhook.observability.namespace_counts import THE_REST, NamespaceCounts
from webhook.review.admission import ReviewOutcome
from webhook.review.record import ReviewRecord

METRICS_CONTENT_TYPE = CONTENT_TYPE_LATEST
DURATION_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_OPERATIONS = frozenset({"CREATE", "UPDATE", "DELETE", "CONNECT"})
_OTHER = "other"
_UNJUDGED = "unjudged"

# A ``_created`` series beside each counter would double the series, and nobody reads it.
disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """All counters of one server, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = self._counter(
            "requests",
            "Reviews answered, by operation, kind, decision and profile",
            ("endpoint", "op", "kind", "allowed", "dry_run", "mode"),
        )
        self.duration = Histogram(
            "mlgate_request_duration_seconds",
            "Time from a request's head to its answer",
            ("endpoint",),
            buckets=DURATION_BUCKETS,
            registry=self.registry,
        )
        self.rule_results = self._counter(
            "rule_results", "Findings, by rule and the policy's action", ("rule", "result", "mode")
        )
        self.rule_errors = self._counter(
            "rule_errors", "Rules that crashed or had no time left", ("rule",)
        )
        self.patches = self._counter("patches", "Fixes sent in a patch", ("rule",))
        self.patch_selfcheck_failures = self._counter(
            "patch_selfcheck_failures", "Patches dropped because our own check of them failed"
        )
        self._count_what_passed()
        self.namespaces = NamespaceCounts(self.registry)
        self.in_flight = self._gauge("in_flight", "Reviews being read, waiting or judged")
        self.stalls = self._counter("stalls", "Times that the event loop stood still")
        self.queue_rejects = self._counter("queue_rejects", "Requests answered with 503")
        self.http_errors = self._counter(
            "http_errors", "Requests that got no review, by HTTP status", ("status",)
        )
        self.config_reload = self._counter("config_reload", "Reads of a changed policy", ("ok",))
        self.config_revision = self._gauge(
            "config_revision", "1 for the revision of the policy in force", ("revision",)
        )
        self.cert_reload = self._counter("cert_reload", "Reads of a changed certificate", ("ok",))
        for reloads in (self.config_reload, self.cert_reload):
            for ok in (True, False):
                reloads.labels(_flag(ok))  # 0 now: the first failure is no increase otherwise
        self.cert_not_after = self._gauge(
            "cert_not_after_seconds", "When the certificate ends, as a Unix time", ("kind",)
        )

    def _count_what_passed(self) -> None:
        """Counters of what was not denied, and why."""
        self.exceptions_used = self._counter(
            "exceptions_used", "Findings that an exception of the policy let pass", ("rule",)
        )
        self.ignores_used = self._counter(
            "ignores_used", "Findings that an annotation let pass or weakened", ("rule",)
        )
        self.waivers = self._counter(
            "waivers", "Objects that an exempt namespace or an owner let pass", ("reason",)
        )
        self.foreseen = self._counter(
            "foreseen",
            "Reviews under observe, by what another profile would have decided",
            ("profile", "decision", "kind"),
        )
        self.exceptions_expired = self._gauge(
            "exceptions_expired", "Exceptions in the policy that are past their last day"
        )

    def review(
        self, record: ReviewRecord, outcome: ReviewOutcome, seconds: float, policy: Policy
    ) -> None:
        """Count one review."""
        kind = record.kind if _is_known(record, policy) else _OTHER
        labelled(
            self.requests,
            record.endpoint,
            record.operation if record.operation in _OPERATIONS else _OTHER,
            kind,
            _flag(outcome.allowed),
            _flag(record.dry_run),
            outcome.profile or _UNJUDGED,
        ).inc()
        labelled(self.duration, record.endpoint).observe(seconds)
        for finding in outcome.findings:
            result = "skip" if finding.action == "excepted" else "fail"
            labelled(self.rule_results, finding.rule, result, str(finding.action)).inc()
            if result == "skip":
                labelled(self.exceptions_used, finding.rule).inc()
        for ignored in outcome.ignored:
            labelled(self.ignores_used, ignored.partition("/")[0]).inc()
        for profile, decided in outcome.would:
            labelled(self.foreseen, profile, decided, kind).inc()
        if outcome.waiver:
            labelled(self.waivers, outcome.waiver).inc()
        if record.endpoint == "validate":
            self.namespaces.review(_namespace(record), outcome.findings)
        self.errors(outcome)
        for rule in outcome.patched:
            labelled(self.patches, rule).inc()
        if outcome.dropped:
            self.patch_selfcheck_failures.inc()

    def denial(self, record: ReviewRecord, hours: float | None) -> None:
        """Count the GPU-hours that a denied object could have taken. A dry run takes none."""
        if not record.dry_run:
            self.namespaces.denial(_namespace(record), hours)

    def errors(self, outcome: ReviewOutcome) -> None:
        """Count the rules without an answer."""
        # Each begins with the code of its rule: a closed set, unlike the rest of the text.
        for error in outcome.errors:
            labelled(self.rule_errors, error.split()[0].rstrip(":")).inc()

    def refusal(self, status: int) -> None:
        """Count a request that got no review."""
        labelled(self.http_errors, str(status)).inc()
        if status == 503:
            self.queue_rejects.inc()

    def reload(self, *, ok: bool) -> None:
        """Count a read of a policy file that changed."""
        self.config_reload.labels(_flag(ok)).inc()

    def certificate(self, not_after: float, *, ok: bool) -> None:
        """Count a read of certificate files that changed; ``not_after`` is of the one in use."""
        self.cert_reload.labels(_flag(ok)).inc()
        self.cert_not_after.labels("leaf").set(not_after)

    def policy(self, revision: str, expired: Callable[[], float]) -> None:
        """Show the policy in force; ``expired`` counts its exceptions past their last day."""
        # Counted at each scrape: an exception expires without any event that could count it.
        self.config_revision.clear()
        self.config_revision.labels(revision).set(1)
        self.exceptions_expired.set_function(expired)

    def render(self) -> bytes:
        """The exposition in Prometheus' text format."""
        return generate_latest(self.registry)

    def _counter(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Counter:
        return Counter(f"mlgate_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Gauge:
        return Gauge(f"mlgate_{name}", text, labels, registry=self.registry)


def _is_known(record: ReviewRecord, policy: Policy) -> bool:
    """Whether the kind is one of a closed set: those that are built in, and the policy's own."""
    if find_kind(record.group, record.kind) is not None:
        return True
    return any((one.group, one.name) == (record.group, record.kind) for one in policy.kinds)


def _namespace(record: ReviewRecord) -> str:
    """Where the object is, if that is the API server's word; anybody else may make it up."""
    return THE_REST if record.client else record.namespace


def _flag(value: bool) -> str:  # noqa: FBT001 - it writes the flag
    return "true" if value else "false"
