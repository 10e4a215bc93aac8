"""PolicyReports: what a scan found, as objects of the cluster, one for each workload.

The fields are those that wgpolicyk8s.io/v1alpha2 and later (``PolicyReport``, of
kubernetes-sigs/wg-policy-prototypes) and openreports.io/v1alpha1 (``Report``, of
openreports/reports-api) have in common. Results have no time: a report changes with what was found,
and not with each scan.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from cluster.client import JsonObject
from cluster.discovery import KindName, Resource
from linter.scanning.scan import ScannedObject
from rules.paths import pointer
from rules.record import NamedTuple
from rules.stakes import export_hours
from rules.type_names import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linter.row_types import FindingRow

SOURCE = "mlgate"
MANAGER_LABEL = "app.kubernetes.io/managed-by"
"""The label by which a report is known to be ours."""

MAX_RESULTS = 1000
MAX_BYTES = 400_000
"""Of a report's results: etcd takes no object beyond 1.5 MiB, and reports are listed many at a
time."""
_MAX_MESSAGE = 2_000
_MAX_PROPERTY = 500

_RESULTS = {"deny": "fail", "warn": "warn", "audit": "warn", "excepted": "skip"}
_SEVERITIES = {"error": "high", "warning": "medium", "info": "low"}
_CRASHED = "MLG005"

_GROUPS = (
    ("openreports.io", "Report", "ClusterReport"),
    ("wgpolicyk8s.io", "PolicyReport", "ClusterPolicyReport"),
)
"""The first that a cluster serves is written."""
_TOO_OLD = "wgpolicyk8s.io/v1alpha1"
"""Its results have other fields."""


class ReportApi(NamedTuple):
    """A group whose reports a cluster serves: ``resources`` of the namespaced and of the
    cluster-wide kind, by kind."""

    api_version: str
    kind: str
    cluster_kind: str
    resources: dict[str, Resource]

    def path_of(self, report: JsonObject) -> str:
        """Where a report is, or would be."""
        metadata = report["metadata"]
        resource = self.resources[report["kind"]]
        return f"{resource.within(metadata.get('namespace', ''))}/{metadata['name']}"


def find_report_apis(served: Mapping[KindName, Resource]) -> list[ReportApi]:
    """The groups of reports that the cluster serves, that to be written first."""
    found = []
    for group, kind, cluster_kind in _GROUPS:
        resources = {
            one: served[group, one] for one in (kind, cluster_kind) if (group, one) in served
        }
        version = resources[kind].api_version if kind in resources else _TOO_OLD
        if version != _TOO_OLD:
            found.append(ReportApi(version, kind, cluster_kind, resources))
    return found


def make_policy_reports(
    rows: "Iterable[FindingRow]", objects: Mapping[str, ScannedObject], api: ReportApi
) -> Iterator[JsonObject]:
    """The reports on all objects with findings; ``rows`` are in order of their objects."""
    for name, found in groupby(rows, key=lambda row: row["file"]):
        of_one = list(found)
        for number, results in enumerate(_split(map(_make_result, of_one))):
            report = _make_report(of_one[0], objects[name], api, results)
            # The first part keeps the plain name: a report that grows is not made anew.
            report["metadata"]["name"] += f"-{number + 1}" if number else ""
            # A cluster may serve the namespaced kind without the other.
            if report["kind"] in api.resources:
                yield report


def summarize_content(report: JsonObject) -> str:
    """The part of a report that mlgate wrote, in canonical form, whoever wrote the rest."""
    metadata = report.get("metadata") or {}
    ours = {key: report.get(key) for key in ("source", "scope", "summary", "results")}
    known = (metadata.get("labels") or {}).get(MANAGER_LABEL)
    whole = [known, metadata.get("ownerReferences"), ours]
    return json.dumps(whole, sort_keys=True, separators=(",", ":"))


def _make_report(
    row: "FindingRow", scanned: ScannedObject, api: ReportApi, results: list[JsonObject]
) -> JsonObject:
    identity = row["object"]
    owner = {key: identity[key] or "" for key in ("apiVersion", "kind", "name")}
    owner["uid"] = scanned.uid
    namespace = identity["namespace"]
    metadata = {
        "name": f"mlgate-{scanned.uid}",
        "labels": {MANAGER_LABEL: SOURCE},
        # Whoever deletes the workload deletes its report (the garbage collector's work).
        "ownerReferences": [owner],
    }
    where = {"namespace": namespace} if namespace else {}
    return {
        "apiVersion": api.api_version,
        "kind": api.kind if namespace else api.cluster_kind,
        "metadata": {**metadata, **where},
        **({"source": SOURCE} if api.kind == "Report" else {}),
        "scope": {**owner, **where},
        "summary": _summarize(results),
        "results": results,
    }


def _make_result(row: "FindingRow") -> JsonObject:
    hours = export_hours(row["gpu_hours"])
    properties = {
        "action": row["action"],
        "name": row["name"],
        "path": pointer(row["path"]),
        "fingerprint": row["fingerprint"],
        "url": row["url"],
        **({} if hours is None else {"gpu-hours": str(hours)}),
        **({"fix": row["fix"]["title"]} if row["fix"] else {}),
    }
    crashed = row["rule"] == _CRASHED
    return {
        "source": SOURCE,
        "policy": row["rule"],
        "rule": row["form"],
        "severity": _SEVERITIES[row["severity"]],
        "result": "error" if crashed else _RESULTS[row["action"]],
        "scored": row["action"] == "deny",
        "message": _shorten(row["message"], _MAX_MESSAGE),
        "properties": {key: _shorten(one, _MAX_PROPERTY) for key, one in properties.items()},
    }


def _split(results: Iterable[JsonObject]) -> Iterator[list[JsonObject]]:
    """Results in parts, none of them too large."""
    part: list[JsonObject] = []
    size = 0
    for one in results:
        added = len(json.dumps(one).encode())
        if part and (len(part) == MAX_RESULTS or size + added > MAX_BYTES):
            yield part
            part, size = [], 0
        part.append(one)
        size += added
    if part:
        yield part


def _summarize(results: Iterable[JsonObject]) -> dict[str, int]:
    counts = dict.fromkeys(("pass", "fail", "warn", "error", "skip"), 0)
    for one in results:
        counts[one["result"]] += 1
    return counts


def _shorten(text: Any, length: int) -> str:
    shown = str(text)
    return shown if len(shown) <= length else f"{shown[: length - 3]}..."
