"""The dashboard of a real API server, by the account that deploy/dashboard gives it."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.cluster import Cluster, until
from tests.e2e.test_scan import ROOT, command, read_findings
from tests.linter.reports.test_html import browser
from tests.manifests import CASES

__all__ = ["browser"]

NAMESPACE = "mlgate-system"
SHOWN = "a-token-of-enough-characters"
MANIFEST = CASES / "CRN001" / "bad-cronjob-allow.yaml"


class Dashboard:
    """A process that serves, as long as the tests of this module run."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self.namespace = namespace
        token = cluster.work / "dashboard-token"
        token.write_text(SHOWN)
        account = cluster.service_account_kubeconfig(NAMESPACE, "mlgate-dashboard")
        policy = cluster.work / "dashboard-policy.yaml"
        policy.write_text("apiVersion: mlgate.dev/v1\nkind: Policy\n")
        self._log = (cluster.work / "dashboard.log").open("w+")
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "linter", "dashboard", "--port", "0", "--rate", "1000"),
                *("--kubeconfig", str(account), "--policy", str(policy), "-n", namespace),
                *("--token-file", str(token), "--interval", "10s"),
            ],
            stderr=self._log,
            cwd=cluster.work,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )

    @property
    def log(self) -> str:
        return Path(self._log.name).read_text(encoding="utf-8")

    @property
    def address(self) -> str:
        return self.log.partition("http://")[2].split("/")[0]

    def wait_for_scan(self) -> None:
        until(lambda: "scan 1" in self.log, 90)

    def ask(self, path: str, choice: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {SHOWN}", "Content-Type": "application/json"}
        body = None if choice is None else json.dumps(choice).encode()
        asked = urllib.request.Request(f"http://{self.address}{path}", body, headers)
        with urllib.request.urlopen(asked, timeout=20) as answer:  # noqa: S310
            return json.load(answer)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)
        self._log.close()


@pytest.fixture(scope="module")
def dashboard(cluster: Cluster) -> Iterator[Dashboard]:
    cluster.try_kubectl("create", "namespace", NAMESPACE)
    for file in ("service-account.yaml", "access.yaml"):
        cluster.kubectl("apply", "-f", str(ROOT / "deploy" / "dashboard" / file))
    namespace = "shown"
    cluster.create_namespace(namespace)
    cluster.kubectl("label", "namespace", namespace, "team=vision")
    cluster.kubectl("-n", namespace, "apply", "-f", str(MANIFEST))
    one = Dashboard(cluster, namespace)
    try:
        one.wait_for_scan()
        yield one
    finally:
        one.stop()
    cluster.kubectl("delete", "namespace", namespace, "--wait=false")


def test_it_shows_what_a_scan_finds(cluster: Cluster, dashboard: Dashboard) -> None:
    status = dashboard.ask("/api/v1/status")
    assert (status["scan"]["outcome"], status["scan"]["errors"]) == ("whole", [])
    done = subprocess.run(
        [*command(cluster), "-n", dashboard.namespace, "--format", "json"],
        capture_output=True,
        text=True,
        check=False,
        cwd=cluster.work,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    shown = json.dumps(dashboard.ask("/api/v1/findings?limit=500"))
    assert read_findings(shown) == read_findings(done.stdout)
    assert "CRN001/overlap" in {form for _, _, form, _ in read_findings(shown)}
    (team,) = dashboard.ask("/api/v1/groups/team")
    assert team["name"] == "vision"


def test_a_policy_is_tried_out_on_what_was_seen(dashboard: Dashboard) -> None:
    begun = dashboard.ask("/api/v1/simulations", {"rules": {"CRN001": "audit"}})
    path = f"/api/v1/simulations/{begun['number']}"
    until(lambda: bool(dashboard.ask(path)["state"] != "running"), 60)
    report = dashboard.ask(path)["report"]
    assert {(one["rule"], one["after"]) for one in report["changes"]} == {("CRN001", "audit")}
    assert {one["before"] for one in report["changes"]} <= {"deny", "warn"}


def test_a_browser_shows_it_and_what_is_new(
    cluster: Cluster, dashboard: Dashboard, browser: Any
) -> None:
    browser.get(f"http://me:{SHOWN}@{dashboard.address}/api/v1/status")
    browser.get(f"http://{dashboard.address}/report#rule=CRN001")
    count = "return document.getElementById('shown').textContent"
    until(lambda: browser.execute_script(count).startswith("1 of "))
    name = yaml.safe_load(MANIFEST.read_text())["metadata"]["name"]
    cluster.kubectl("-n", dashboard.namespace, "delete", "cronjob", name)
    until(lambda: browser.execute_script(count).startswith("0 of "), 60)
