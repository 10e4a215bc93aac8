"""What Helm and kustomize make of the deployment, as a real API server takes it."""

import subprocess
from pathlib import Path

import pytest

from rules.kinds.schema import Kind
from tests.deploy.overlays import OVERLAYS, build
from tests.deploy.test_chart import SETTINGS, needs_helm, template
from tests.e2e.cert_manager import define_kinds, wait_until_served
from tests.e2e.cluster import Cluster, until
from tests.e2e.custom_kinds import define

NAMESPACE = "mlgate-chart"
MONITORING = [
    define(Kind("monitoring.coreos.com", name, plural=f"{name.lower()}s"), ["v1"])
    for name in ("PodMonitor", "ServiceMonitor", "PrometheusRule")
]
WANTED = {
    "enforce": "--failure-policy=Fail",
    "openshift": "seccompProfile",
    "scan": "kind: CronJob",
    "reporting": "- --write-reports",
    "cert-manager": "--inject-ca-from=$(POD_NAMESPACE)/mlgate",
    "high-availability": "kind: HorizontalPodAutoscaler",
}


@pytest.fixture(scope="module")
def installed_in(cluster: Cluster) -> str:
    """The release's namespace: one of its own, for installations of other tests come and go. The
    cluster has the kinds of cert-manager and of the Prometheus operator, and the namespace in which
    one setting has its probe ask."""
    define_kinds(cluster)
    cluster.kubectl("apply", "-f", "-", stdin=MONITORING)
    wait_until_served(cluster, MONITORING)
    cluster.create_namespace(NAMESPACE)
    cluster.create_namespace("research")
    accounts = ("-n", NAMESPACE, "get", "serviceaccounts")
    until(lambda: "default" in cluster.kubectl(*accounts))
    return NAMESPACE


def apply(cluster: Cluster, text: str) -> subprocess.CompletedProcess[bytes]:
    """Server-side apply, for which an unknown field is an error, without writing anything."""
    return subprocess.run(
        [
            *(cluster.programs / "kubectl", f"--kubeconfig={cluster.kubeconfig}", "apply"),
            *("--server-side", "--dry-run=server", "--validate=strict", "-f", "-"),
        ],
        input=text.encode(),
        capture_output=True,
        check=False,
    )


@needs_helm
@pytest.mark.parametrize("name", SETTINGS)
def test_the_api_server_takes_the_chart(cluster: Cluster, installed_in: str, name: str) -> None:
    done = apply(cluster, template(SETTINGS[name], installed_in).stdout)
    assert done.returncode == 0, done.stderr.decode()
    assert b"deployment.apps/mlgate" in done.stdout


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_api_server_takes_the_overlays(
    cluster: Cluster, installed_in: str, tmp_path: Path, overlay: str
) -> None:
    built = build(overlay, tmp_path, f"namespace: {installed_in}")
    done = apply(cluster, built)
    assert done.returncode == 0, done.stderr.decode()
    assert WANTED.get(overlay, "kind: Deployment") in built
    for field in ("runAsUser", "runAsGroup"):
        assert ("openshift" in OVERLAYS[overlay]) is (field not in built)
