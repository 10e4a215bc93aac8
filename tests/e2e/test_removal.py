"""mlgate deleted in the wrong order: without `--uninstall`, while it is registered."""

import pytest

from tests.e2e.cluster import Cluster, until
from tests.e2e.installation import BASE, CONFIGURATIONS, Installation
from tests.e2e.network import LOOPBACK


def test_e56_whoever_deletes_everything_at_once_leaves_nothing_behind(cluster: Cluster) -> None:
    if cluster.host == LOOPBACK:
        pytest.skip("no right to make a network namespace, and EndpointSlices refuse loopback")
    installed = Installation(cluster)
    try:
        replica = installed.add("--shutdown-delay", "1", "--grace", "5", "--failure-policy", "Fail")
        until(installed.registered)
        cluster.kubectl("delete", "-k", str(BASE), "--timeout=50s")
        replica.end()
        until(lambda: not any(is_there(cluster, one) for one in CONFIGURATIONS), 40.0)
    finally:
        for one in installed.replicas:
            one.process.kill()
        installed.replicas.clear()
        installed.stop()


def is_there(cluster: Cluster, configuration: str) -> bool:
    return cluster.try_kubectl("get", configuration).returncode == 0
