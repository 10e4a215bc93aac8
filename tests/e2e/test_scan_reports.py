"""PolicyReports on a real API server, written by an account that may do no more than it must."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.cluster import Cluster, until
from tests.e2e.test_scan import ROOT, scan
from tests.linter.test_cli import FIXABLE

GROUP = "wgpolicyk8s.io"
NAMESPACE = "reported"
TEXT = {"type": "string"}
REFERENCE = {
    "type": "object",
    "properties": dict.fromkeys("apiVersion kind name namespace uid".split(), TEXT),
}
RESULT = {
    "type": "object",
    "required": ["policy"],
    "properties": {
        **dict.fromkeys("source policy rule category message".split(), TEXT),
        "severity": {**TEXT, "enum": ["critical", "high", "low", "medium", "info"]},
        "result": {**TEXT, "enum": ["pass", "fail", "warn", "error", "skip"]},
        "scored": {"type": "boolean"},
        "properties": {"type": "object", "additionalProperties": TEXT},
    },
}
COUNTS = {key: {"type": "integer"} for key in "pass fail warn error skip".split()}
SCHEMA = {
    "type": "object",
    "properties": {
        "apiVersion": TEXT,
        "kind": TEXT,
        "metadata": {"type": "object"},
        "scope": REFERENCE,
        "summary": {"type": "object", "properties": COUNTS},
        "results": {"type": "array", "items": RESULT},
    },
}
"""Of what is not in it the API server keeps nothing, as of the definitions that clusters have."""


def define(kind: str, scope: str) -> dict[str, Any]:
    plural = f"{kind.lower()}s"
    served = {"name": "v1alpha2", "served": True, "storage": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": scope,
            "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
            "versions": [{**served, "schema": {"openAPIV3Schema": SCHEMA}}],
        },
    }


@pytest.fixture(scope="module")
def writer(cluster: Cluster) -> Iterator[Path]:
    """The kubeconfig of the scan's account, with the rights that deploy/scan gives it."""
    definitions = [define("PolicyReport", "Namespaced"), define("ClusterPolicyReport", "Cluster")]
    cluster.kubectl("apply", "-f", "-", stdin=definitions)
    names = [one["metadata"]["name"] for one in definitions]
    for name in names:
        cluster.kubectl("wait", "--for=condition=Established", f"crd/{name}")
    cluster.create_namespace(NAMESPACE)
    cluster.kubectl("create", "serviceaccount", "mlgate-scan", "-n", NAMESPACE)
    for file in ("access.yaml", "reports/access.yaml", "events/access.yaml"):
        for body in yaml.safe_load_all((ROOT / "deploy/scan" / file).read_text()):
            for subject in body.get("subjects", ()):
                subject["namespace"] = NAMESPACE
            cluster.kubectl("apply", "-f", "-", stdin=body)
    yield cluster.service_account_kubeconfig(NAMESPACE, "mlgate-scan")
    cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false")
    cluster.kubectl("delete", "crd", "--ignore-not-found", *names)


def write(cluster: Cluster, account: Path) -> subprocess.CompletedProcess[str]:
    words = ("-n", NAMESPACE, "--rate", "200", "--write-reports", "--exit-zero", "--format", "json")
    return scan(cluster, "--kubeconfig", str(account), *words)


def reports(cluster: Cluster) -> dict[str, dict[str, Any]]:
    """By the names of the workloads."""
    found = cluster.get("policyreports", "-n", NAMESPACE)["items"]
    return {one["scope"]["name"]: one for one in found}


def test_reports_are_written_once_and_collected(cluster: Cluster, writer: Path) -> None:
    body = yaml.safe_load(FIXABLE)
    body["metadata"]["namespace"] = NAMESPACE
    others = [{**body, "metadata": {**body["metadata"], "name": f"retrain-{n}"}} for n in range(3)]
    cluster.kubectl("apply", "-f", "-", stdin=[body, *others])
    done = write(cluster, writer)
    assert (done.returncode, done.stderr) == (0, "reports: 4 written, 0 as they were, 0 deleted\n")
    found = reports(cluster)
    one = found["nightly-retrain"]
    rows = [
        row
        for row in json.loads(done.stdout)["findings"]
        if row["object"]["name"] == "nightly-retrain"
    ]
    assert {(one["policy"], one["rule"]) for one in one["results"]} == {
        (row["rule"], row["form"]) for row in rows
    }
    assert "CRN001" in {one["policy"] for one in one["results"] if one["result"] == "fail"}
    assert all(one["properties"]["fingerprint"] for one in one["results"])

    versions = {name: report["metadata"]["resourceVersion"] for name, report in found.items()}
    assert "0 written, 4 as they were, 0 deleted" in write(cluster, writer).stderr
    assert versions == {
        name: report["metadata"]["resourceVersion"] for name, report in reports(cluster).items()
    }

    # Mended, deleted, changed by hand: taken away, taken away by the garbage collector, put back.
    mended = {**others[0], "spec": {**others[0]["spec"], "concurrencyPolicy": "Forbid"}}
    cluster.kubectl("apply", "-f", "-", stdin=mended)
    cluster.kubectl("delete", "cronjob", "retrain-1", "-n", NAMESPACE)
    name = found["retrain-2"]["metadata"]["name"]
    patch = '{"results": []}'
    cluster.kubectl("patch", "policyreport", name, "-n", NAMESPACE, "--type=merge", "-p", patch)
    # The garbage collector looks for new kinds every 30 s.
    until(lambda: "retrain-1" not in reports(cluster), seconds=90)
    assert "2 written, 1 as they were, 0 deleted" in write(cluster, writer).stderr
    now = reports(cluster)
    assert set(now) == {"nightly-retrain", "retrain-0", "retrain-2"}
    assert "CRN001" not in {one["policy"] for one in now["retrain-0"]["results"]}
    assert now["retrain-2"]["results"] == found["retrain-2"]["results"]
    owners = [report["metadata"]["ownerReferences"][0]["uid"] for report in now.values()]
    assert len(set(owners)) == 3


def test_events_are_written_over(cluster: Cluster, writer: Path) -> None:
    body = yaml.safe_load(FIXABLE)
    body["metadata"] = {"name": "told", "namespace": NAMESPACE}
    cluster.kubectl("apply", "-f", "-", stdin=body)
    words = ("-n", NAMESPACE, "--rate", "200", "--events", "--exit-zero", "--format", "json")
    for _ in range(2):
        done = scan(cluster, "--kubeconfig", str(writer), *words)
        assert (done.returncode, json.loads(done.stdout)["errors"]) == (0, [])
    told = cluster.kubectl("describe", "cronjob", "told", "-n", NAMESPACE)
    assert told.count("PolicyFindings") == 1
    assert "denied: CRN001/overlap" in told
    cluster.kubectl("delete", "cronjob", "told", "-n", NAMESPACE)


def test_without_the_right_it_stops_and_says_so(cluster: Cluster, writer: Path) -> None:
    role = cluster.get("clusterrole", "mlgate-scan-reports")
    named = {"name": role["metadata"]["name"]}
    reading = [{**rule, "verbs": ["list"]} for rule in role["rules"]]
    body = yaml.safe_load(FIXABLE)
    many = [{**body, "metadata": {"name": f"more-{n}", "namespace": NAMESPACE}} for n in range(7)]
    cluster.kubectl("apply", "-f", "-", stdin=many)
    cluster.kubectl("apply", "-f", "-", stdin={**role, "metadata": named, "rules": reading})
    try:
        done = write(cluster, writer)
        (error,) = json.loads(done.stdout)["errors"]
    finally:
        cluster.kubectl("apply", "-f", "-", stdin={**role, "metadata": named})
    assert done.returncode == 4
    assert "cannot patch resource" in error["reason"]
    assert "stopped after 5 failures in a row; 2 more not tried" in error["reason"]
