"""mlgate outside of the cluster, and deleted in the wrong order: docs/install.md's last pages."""

import pytest

from tests.e2e.cluster import Cluster, until
from tests.e2e.installation import BASE, CONFIGURATIONS, Installation
from tests.e2e.network import LOOPBACK
from tests.e2e.workloads import refuses

QUICK = ("--shutdown-delay", "1", "--grace", "5")


def test_e56_whoever_deletes_everything_at_once_leaves_nothing_behind(cluster: Cluster) -> None:
    if cluster.host == LOOPBACK:
        pytest.skip("no right to make a network namespace, and EndpointSlices refuse loopback")
    installed = Installation(cluster)
    try:
        replica = installed.add(*QUICK, "--failure-policy", "Fail")
        until(installed.registered)
        cluster.kubectl("delete", "-k", str(BASE), "--timeout=50s")
        replica.end()
        until(lambda: not any(is_there(cluster, one) for one in CONFIGURATIONS), 40.0)
    finally:
        for one in installed.replicas:
            one.process.kill()
        installed.replicas.clear()
        installed.stop()


def test_a_server_outside_of_the_cluster_is_called_at_its_address(cluster: Cluster) -> None:
    if cluster.host == LOOPBACK:
        pytest.skip("no right to make a network namespace, and EndpointSlices refuse loopback")
    installed = Installation(cluster)
    try:
        replica = installed.add(*QUICK, "--url", f"https://{cluster.host}:{{port}}")
        until(installed.registered)
        until(lambda: refuses(cluster, "default"))
        (hook, *_) = cluster.get(CONFIGURATIONS[0])["webhooks"]
        address = f"https://{cluster.host}:{replica.port}/validate/"
        assert hook["clientConfig"]["url"].startswith(address)
    finally:
        installed.stop()


def is_there(cluster: Cluster, configuration: str) -> bool:
    return cluster.try_kubectl("get", configuration).returncode == 0
