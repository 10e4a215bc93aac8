"""deploy/cert-manager, beside deploy/enforce and deploy/high-availability: the certificate is
cert-manager's, mlgate may read no Secret, and the autoscaler says how many replicas there are."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.e2e.cert_manager import CertManager, define_kinds
from tests.e2e.cluster import Cluster, until
from tests.e2e.installation import CONFIGURATIONS
from tests.e2e.node import REGISTRY, Node
from tests.e2e.test_access import is_refused
from tests.e2e.workloads import refuses
from tests.test_documented_commands import ROOT

SPACE = "mlgate-system"
CERTIFICATE = f"{SPACE}/mlgate"
OVERLAY = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [{deploy}/base]
components: [{deploy}/enforce, {deploy}/high-availability, {deploy}/cert-manager]
images: [{{name: ghcr.io/mlgate/mlgate, newName: {image}}}]
"""
POLICY = {"mlgate.yaml": "apiVersion: mlgate.dev/v1\nkind: Policy\nprofile: standard\n"}


@pytest.fixture
def overlay(cluster: Cluster, node: Node, tmp_path: Path) -> Iterator[Path]:
    """Applied, in a cluster that knows cert-manager's kinds."""
    define_kinds(cluster)
    deploy = os.path.relpath(ROOT / "deploy", tmp_path.resolve())
    text = OVERLAY.format(deploy=deploy, image=REGISTRY)
    (tmp_path / "kustomization.yaml").write_text(text)
    cluster.kubectl("apply", "-k", str(tmp_path))
    cluster.kubectl(
        "patch", "configmap/mlgate-policy", "-n", SPACE, "-p", yaml.safe_dump({"data": POLICY})
    )
    yield tmp_path
    cluster.kubectl("delete", "-k", str(tmp_path), "--ignore-not-found")


def ready(cluster: Cluster) -> int:
    """How many replicas are ready."""
    status = cluster.get("deployment/mlgate", "-n", SPACE)["status"]
    return int(status.get("readyReplicas", 0))


def policies(cluster: Cluster) -> dict[str, str]:
    """The failure policy of each webhook that judges."""
    hooks = cluster.get(CONFIGURATIONS[0])["webhooks"]
    return {one["name"]: one["failurePolicy"] for one in hooks}


def test_it_is_trusted_by_what_cert_manager_writes_and_blocks_nothing_before(
    cluster: Cluster, overlay: Path
) -> None:
    manager = CertManager(cluster)
    first = manager.issue(SPACE, "mlgate")
    # The least that the autoscaler has, which it sees to every 15 seconds.
    until(lambda: ready(cluster) == 3, 60.0)
    for name in CONFIGURATIONS:
        cluster.kubectl("wait", "--for=create", name, "--timeout=30s")
    # Nobody trusts it yet: under `Fail` every write would be refused.
    assert set(policies(cluster).values()) == {"Ignore"}
    assert not refuses(cluster, "default")

    manager.inject(CERTIFICATE)
    until(lambda: refuses(cluster, "default"))
    until(lambda: policies(cluster)["enforce.mlgate.dev"] == "Fail")

    # A leaf of the same authority is taken up while reviews go on, and nothing is registered anew.
    written = cluster.get(CONFIGURATIONS[0])["metadata"]["resourceVersion"]
    assert manager.issue(SPACE, "mlgate") != first
    until(lambda: '"event":"certificate"' in logs(cluster))
    assert refuses(cluster, "default")
    assert cluster.get(CONFIGURATIONS[0])["metadata"]["resourceVersion"] == written

    assert [one["requestURI"] for one in cluster.audited if is_refused(one)] == []
    account = f"--as=system:serviceaccount:{SPACE}:mlgate"
    for what in ("secrets", "secrets/mlgate-certificate", "endpointslices.discovery.k8s.io"):
        done = cluster.try_kubectl("auth", "can-i", "get", what, account, "-n", SPACE)
        assert done.stdout.endswith("no\n"), what


def logs(cluster: Cluster) -> str:
    selector = ("-l", "app.kubernetes.io/name=mlgate")
    return cluster.kubectl("logs", "-n", SPACE, *selector, "--tail=-1")
