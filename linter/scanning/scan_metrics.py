"""What a scan came to, as metrics of its last run: a file for node_exporter or a push gateway.

docs/scan.md lists them. Labels take values of closed sets, and so many namespaces at most.
"""

from collections import Counter

from linter.errors import UserError
from linter.scanning.breakable_writes import WriteTally
from linter.scanning.review_counts import UNTOLD
from linter.scanning.usage import read_time
from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client import CollectorRegistry

    from linter.row_types import ClusterRow, FindingRow, RunResult

_MOST_NAMESPACES = 50
"""As in the webhook's metrics."""


def write_scan_metrics(
    file: str, result: "RunResult", seconds: float, tally: WriteTally | None
) -> None:
    """Replace ``file`` by the metrics of a scan that took ``seconds``; ``tally`` tells of its
    reports. Raises UserError."""
    try:
        from prometheus_client import write_to_textfile
    except ImportError as error:
        raise UserError(
            f"mlgate scan: --metrics needs the package {error.name}: install mlgate's extra "
            "`cluster`"
        ) from None
    registry = _count_scan(result, seconds)
    if tally is not None:
        _count_reports(registry, tally)
    try:
        write_to_textfile(file, registry)
    except OSError as error:
        raise UserError(f"mlgate scan: cannot write {file}: {error.strerror}") from None


def render_scan_metrics(result: "RunResult", seconds: float) -> bytes:
    """The metrics in Prometheus' text format."""
    from prometheus_client import generate_latest

    return generate_latest(_count_scan(result, seconds))


def _count_scan(result: "RunResult", seconds: float) -> "CollectorRegistry":
    from prometheus_client import CollectorRegistry

    registry = CollectorRegistry()
    _count_run(registry, result, seconds)
    _count_by_namespace(registry, result["findings"])
    _count_use(registry, result["cluster"], {row["file"] for row in result["findings"]})
    return registry


def _count_by_namespace(registry: "CollectorRegistry", rows: "Iterable[FindingRow]") -> None:
    from prometheus_client import Gauge

    findings = Gauge(
        "mlgate_scan_namespace_findings",
        "Findings, by namespace and the policy's action; of many the rest is _other",
        ("resource_namespace", "action"),
        registry=registry,
    )
    spaces = Counter(row["object"]["namespace"] or "" for row in rows)
    named = {name for name, _ in spaces.most_common(_MOST_NAMESPACES)}
    for row in rows:
        space = row["object"]["namespace"] or ""
        findings.labels(space if space in named else UNTOLD, row["action"]).inc()


def _count_run(registry: "CollectorRegistry", result: "RunResult", seconds: float) -> None:
    from prometheus_client import Gauge

    at = read_time(result["cluster"]["at"])
    _show(registry, "last_run_timestamp_seconds", "When it ran", at.timestamp() if at else 0)
    _show(registry, "duration_seconds", "How long it took", seconds)
    _show(registry, "errors", "What could not be read or written", len(result["errors"]))
    _show(registry, "objects", "Objects looked at", result["coverage"]["objects"])
    findings = Gauge(
        "mlgate_scan_findings",
        "Findings, by rule and the policy's action",
        ("rule", "action"),
        registry=registry,
    )
    counts = Counter((row["rule"], row["action"]) for row in result["findings"])
    for labels, number in sorted(counts.items()):
        findings.labels(*labels).set(number)


def _count_use(registry: "CollectorRegistry", cluster: "ClusterRow", found: set[str]) -> None:
    using = [one for one in cluster["objects"] if one["file"] in found]
    text = "Accelerators of running Pods of workloads with findings"
    _show(registry, "accelerators", text, sum(one["accelerators"] for one in using))
    hours = sum(one["gpu_hours"] for one in using)
    _show(registry, "gpu_hours", "Hours that these are held already", hours)


def _count_reports(registry: "CollectorRegistry", tally: WriteTally) -> None:
    from prometheus_client import Gauge

    name, text = "mlgate_scan_reports", "PolicyReports, by what became of them"
    reports = Gauge(name, text, ("result",), registry=registry)
    counts = {
        "written": tally.written,
        "unchanged": tally.unchanged,
        "deleted": tally.deleted,
        "failed": len(tally.failures),
        "left": tally.left,
    }
    for result, number in counts.items():
        reports.labels(result).set(number)


def _show(registry: "CollectorRegistry", name: str, text: str, value: float) -> None:
    from prometheus_client import Gauge

    Gauge(f"mlgate_scan_{name}", text, registry=registry).set(value)
