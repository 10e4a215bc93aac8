"""What Helm and kustomize make of the deployment, as a real API server takes it."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.test_chart import SETTINGS, needs_helm, template
from tests.e2e.cluster import Cluster, until

ROOT = Path(__file__).parents[2]
NAMESPACE = "mlgate-chart"
COMPONENTS = ("enforce", "openshift", "scan", "scan/reports", "scan/events")


@pytest.fixture(scope="module")
def installed_in(cluster: Cluster) -> str:
    """The release's namespace: one of its own, for installations of other tests come and go."""
    cluster.create_namespace(NAMESPACE)
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


@pytest.mark.parametrize("component", COMPONENTS)
def test_the_api_server_takes_the_components(
    cluster: Cluster, installed_in: str, tmp_path: Path, component: str
) -> None:
    overlay = ROOT / "deploy" / f".test-{tmp_path.name}"
    overlay.mkdir()
    # What is added to a component comes after it.
    named = ", ".join(f"../{one}" for one in COMPONENTS if component.startswith(one))
    try:
        (overlay / "kustomization.yaml").write_text(
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
            f"namespace: {installed_in}\nresources: [../base]\ncomponents: [{named}]\n"
        )
        built = cluster.kubectl("kustomize", str(overlay))
    finally:
        (overlay / "kustomization.yaml").unlink()
        overlay.rmdir()
    done = apply(cluster, built)
    assert done.returncode == 0, done.stderr.decode()
    wanted: dict[str, Any] = {
        "enforce": "--failure-policy=Fail",
        "openshift": "seccompProfile",
        "scan": "kind: CronJob",
        "scan/reports": "- --write-reports",
        "scan/events": "- --events",
    }
    assert wanted[component] in built
    assert (component == "openshift") is ("runAsUser" not in built)
