"""The dashboard's metrics: those of the last scan, which `mlgate scan --metrics` writes as well,
and what became of its scans so far. docs/dashboard.md lists them."""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from linter.dashboard.board import Board

METRICS_TYPE = CONTENT_TYPE_LATEST
_OUTCOMES = ("whole", "partial", "failed")

# A ``_created`` series would tell when somebody asked: counters are made for each answer.
disable_created_metrics()  # type: ignore[no-untyped-call]


def render_board(board: Board) -> bytes:
    """The exposition in Prometheus' text format."""
    registry = CollectorRegistry()
    scans = Counter(
        "mlgate_dashboard_scans", "Scans, by what became of them", ("outcome",), registry=registry
    )
    for outcome in _OUTCOMES:
        scans.labels(outcome).inc(board.outcomes[outcome])
    stale = Gauge(
        "mlgate_dashboard_stale", "1 where the last scan could not be shown", registry=registry
    )
    stale.set(board.describe().failure is not None)  # before the first scan is shown, too
    scanned = b"" if board.view is None else board.view.metrics
    return scanned + generate_latest(registry)
