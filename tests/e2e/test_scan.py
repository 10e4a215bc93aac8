"""A scan of a real API server: what it finds is what the linter finds in the manifests."""

import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster.listing import Lister
from linter.cli import main
from tests.e2e.cluster import Cluster
from tests.e2e.custom_kinds import installed, versions_in
from tests.manifests import CASES
from tests.test_acceptance import FOLDER as ACCEPTANCE

ROOT = Path(__file__).parents[2]
NAMESPACE = "scanned"

MANIFESTS = (
    *sorted(ACCEPTANCE.glob("*.yaml")),
    *sorted((ROOT / "examples" / "bad").glob("*.yaml")),
    CASES / "TRN001" / "bad-pytorchjob-unset.yaml",
    CASES / "TRN002" / "bad-jobset-both-budgets.yaml",
    CASES / "TRN003" / "bad-argo-missing.yaml",
    CASES / "CRN001" / "bad-raycronjob.yaml",
    CASES / "SRV001" / "bad-absent.yaml",
)

UNREAD = ("REF001/missing", "REF001/secret")
"""ServiceAccounts and Secrets, which are looked for among files alone."""

Found = set[tuple[str, str, str, str]]


def load() -> Iterator[dict[str, Any]]:
    """The objects, each with a name of its own, in one namespace."""
    for path in MANIFESTS:
        for number, body in enumerate(yaml.safe_load_all(path.read_text())):
            name = f"{path.parent.name}-{path.stem}-{number}".lower()
            metadata = {**body["metadata"], "name": name[:52], "namespace": NAMESPACE}
            metadata.pop("generateName", None)
            yield {**body, "metadata": metadata}


def command(cluster: Cluster) -> list[str]:
    """A scan by the built-in rules, whatever policies other tests have left behind."""
    policy = cluster.work / "scan-policy.yaml"
    policy.write_text("apiVersion: mlgate.dev/v1\nkind: Policy\n")
    known = ("--kubeconfig", str(cluster.kubeconfig), "--policy", str(policy))
    return [sys.executable, "-m", "linter", "scan", *known]


def scan(cluster: Cluster, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*command(cluster), *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=cluster.work,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environ},
    )


def read_findings(text: str) -> Found:
    return {
        (
            row["object"]["kind"],
            row["object"]["name"],
            f"{row['rule']}/{row['form']}",
            row["action"],
        )
        for row in json.loads(text)["findings"]
    }


@pytest.fixture(scope="module")
def applied(cluster: Cluster) -> Iterator[list[dict[str, Any]]]:
    """The objects that the API server takes, applied as people do."""
    bodies = list(load())
    with installed(cluster, versions_in(bodies)):
        cluster.create_namespace(NAMESPACE)
        taken = [
            body
            for body in bodies
            if cluster.try_kubectl("apply", "-f", "-", stdin=body).returncode == 0
        ]
        yield taken
        cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def test_it_finds_what_the_linter_finds(cluster: Cluster, applied: list[dict[str, Any]]) -> None:
    file = cluster.work / "applied.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": applied}))
    out = io.StringIO()
    main(["lint", "--format", "json", "--complete", str(file)], stdout=out, stderr=io.StringIO())
    done = scan(cluster, "-n", NAMESPACE, "--format", "json")
    assert (done.returncode, done.stderr) == (1, "")
    wanted, found = read_findings(out.getvalue()), read_findings(done.stdout)
    assert len(wanted) > 20
    # What the API server fills in is told apart from what was written, or not claimed.
    assert found - wanted == set()
    assert {one[2] for one in wanted - found} <= {"HPA001/missing", "HPA001/empty", *UNREAD}


def test_children_are_judged_with_their_owners(
    cluster: Cluster, applied: list[dict[str, Any]]
) -> None:
    """Deployments have made ReplicaSets and Pods by now."""
    assert "ReplicaSet" in cluster.kubectl("-n", NAMESPACE, "get", "replicasets", "-o", "yaml")
    report = json.loads(scan(cluster, "-n", NAMESPACE, "--format", "json").stdout)
    assert "ReplicaSet.apps" not in report["coverage"]["pod_templates"]
    assert "ReplicaSet" not in {row["object"]["kind"] for row in report["findings"]}


def test_every_report_is_written(cluster: Cluster, applied: list[dict[str, Any]]) -> None:
    page, sarif = cluster.work / "scan.html", cluster.work / "scan.sarif"
    done = scan(
        cluster,
        *("-n", NAMESPACE, "--format", "html", "-o", str(page)),
        *("--format", "sarif", "-o", str(sarif), "--format", "text"),
    )
    assert done.returncode == 1
    assert f"--> {NAMESPACE}/Job.batch/" in done.stdout
    assert "managedFields" not in done.stdout + page.read_text() + sarif.read_text()
    assert json.loads(sarif.read_text())["runs"][0]["results"]


def test_an_account_without_rights_is_told_which(cluster: Cluster, namespace: str) -> None:
    cluster.kubectl("-n", namespace, "create", "serviceaccount", "reader")
    cluster.kubectl(
        *("create", "clusterrole", f"reader-{namespace}", "--verb=list", "--resource=jobs.batch")
    )
    cluster.kubectl(
        *(
            "create",
            "clusterrolebinding",
            f"reader-{namespace}",
            f"--clusterrole=reader-{namespace}",
        ),
        f"--serviceaccount={namespace}:reader",
    )
    token = cluster.kubectl("-n", namespace, "create", "token", "reader").strip()
    kubeconfig = cluster.work / f"{namespace}.kubeconfig"
    cluster.write_kubeconfig(kubeconfig, token)
    done = scan(cluster, "--kubeconfig", str(kubeconfig), "--format", "json")
    report = json.loads(done.stdout)
    missing = {error["file"]: error["reason"] for error in report["errors"]}
    assert done.returncode == 4
    assert missing["cronjobs.batch"] == (
        "forbidden: the verb list on cronjobs of group batch is missing"
    )
    assert "jobs.batch" not in missing


def test_a_server_that_goes_away_is_waited_for(
    cluster: Cluster, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Restarted in the middle of a scan that takes its time."""
    listed = threading.Event()
    fetch = Lister._fetch

    def tell(lister: Lister, path: str) -> Any:
        answer = fetch(lister, path)
        listed.set()
        return answer

    monkeypatch.setattr(Lister, "_fetch", tell)
    words = [*command(cluster)[3:], "--rate", "4", "--format", "json", "--exit-zero"]
    out, err, codes = io.StringIO(), io.StringIO(), list[int]()
    scanning = threading.Thread(
        target=lambda: codes.append(main(words, stdout=out, stderr=err)), daemon=True
    )
    scanning.start()
    assert listed.wait(60.0), err.getvalue()
    cluster.stop_api_server()
    cluster.start_api_server()
    scanning.join(120.0)
    assert codes[0] in (0, 5), err.getvalue()
    assert json.loads(out.getvalue())["errors"] == []
