"""What breaks in a live cluster, broken on purpose while requests come in.

The webhook is registered with failure policy Fail, so that no failed review goes unseen.
`MLGATE_E2E_RATE` sets the requests a second; `pytest --log-cli-level=INFO` shows the figures.
"""

import logging
import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.cluster import Cluster, until
from tests.e2e.installation import CONFIGURATIONS, NAMESPACE, Installation, Replica
from tests.e2e.load import Requests

LOG = logging.getLogger(__name__)
RATE = float(os.environ.get("MLGATE_E2E_RATE", "60"))
SECRET = ("secret", "mlgate-tls", "-n", NAMESPACE)
WINDOW = 3.0
"""Seconds that the API server may take to hear of a replica that died without a word."""


@pytest.fixture(scope="module")
def installed(cluster: Cluster) -> Iterator[Installation]:
    one = Installation(cluster)
    try:
        for _ in range(2):
            one.add("--failure-policy", "Fail", "--shutdown-delay", "3", "--grace", "8")
        until(one.registered)
        yield one
    finally:
        one.stop()


@pytest.fixture
def requests(cluster: Cluster, installed: Installation, namespace: str) -> Iterator[Requests]:
    until(lambda: refuses(cluster, namespace))
    with Requests(cluster, namespace, RATE) as load:
        until(lambda: len(load.answers) > RATE)
        yield load
        time.sleep(1.0)
    LOG.info(load.describe())
    assert len(load.answers) > RATE * 2


def refuses(cluster: Cluster, namespace: str) -> bool:
    """Whether mlgate is called, and says no to a bad Job."""
    with Requests(cluster, namespace, 20.0) as load:
        until(lambda: len(load.answers) >= 8)
    return not load.failed


def bundles(installed: Installation) -> set[str]:
    """The bundles that the registered webhooks trust."""
    hooks = [hook for one in CONFIGURATIONS for hook in installed.hooks(one)]
    return {str(dict(hook["clientConfig"]).get("caBundle", "")) for hook in hooks}  # type: ignore[call-overload]


def secret(cluster: Cluster) -> dict[str, str]:
    done = cluster.try_kubectl("get", *SECRET, "-o", "name")
    data: dict[str, str] = cluster.get(*SECRET)["data"] if done.returncode == 0 else {}
    return data


def leader(installed: Installation) -> Replica:
    until(lambda: any(one.is_leader for one in installed.replicas), 40.0)
    return next(one for one in installed.replicas if one.is_leader)


def test_d45_the_authority_changes_without_a_failed_review(
    cluster: Cluster, installed: Installation, requests: Requests
) -> None:
    """The Secret is deleted, which both brings it back and changes its authority."""
    before = secret(cluster)
    cluster.kubectl("delete", *SECRET)
    until(lambda: "next-authority.crt" in secret(cluster))
    assert secret(cluster)["authority.crt"] == before["authority.crt"]
    until(lambda: "last-authority.crt" in secret(cluster), 60.0)
    until(lambda: "last-authority.crt" not in secret(cluster), 60.0)
    assert secret(cluster)["authority.crt"] != before["authority.crt"]
    until(lambda: bundles(installed) == {secret(cluster)["authority.crt"]})
    assert requests.failed == []


def test_d44_a_leaf_is_renewed_without_a_failed_review(
    cluster: Cluster, installed: Installation, requests: Requests
) -> None:
    """The leaf is made unusable: the next is issued by the same authority."""
    before = secret(cluster)
    patch = '[{"op": "remove", "path": "/data/tls.key"}]'
    cluster.kubectl("patch", *SECRET, "--type=json", "-p", patch)
    until(lambda: secret(cluster).get("tls.crt") not in (None, before["tls.crt"]))
    until(lambda: all(one.ready for one in installed.replicas))
    assert secret(cluster)["authority.crt"] == before["authority.crt"]
    assert requests.failed == []


def test_d48_a_wiped_bundle_is_mended(
    cluster: Cluster, installed: Installation, requests: Requests
) -> None:
    good = bundles(installed)
    wiped = time.monotonic()
    for one in CONFIGURATIONS:
        patch = '[{"op": "remove", "path": "/webhooks/0/clientConfig/caBundle"}]'
        cluster.kubectl("patch", one, "--type=json", "-p", patch)
    until(lambda: bundles(installed) == good)
    LOG.info("mended after %.1f s", time.monotonic() - wiped)
    late = [one for one in requests.failed if one.at > wiped + WINDOW]
    assert late == []


def test_e55_a_rolling_restart_fails_no_review(installed: Installation, requests: Requests) -> None:
    for old in list(installed.replicas):
        installed.add("--failure-policy", "Fail", "--shutdown-delay", "3", "--grace", "8")
        installed.remove(old)
    assert requests.failed == []


def test_the_leader_is_killed(installed: Installation, requests: Requests) -> None:
    killed = leader(installed)
    began = time.monotonic()
    installed.remove(killed, signal.SIGKILL)
    other = leader(installed)
    assert other is not killed
    LOG.info("a new leader after %.1f s", time.monotonic() - began)
    assert [one for one in requests.failed if one.at > began + WINDOW] == []
    installed.add("--failure-policy", "Fail", "--shutdown-delay", "3", "--grace", "8")


def test_the_api_server_restarts(
    cluster: Cluster, installed: Installation, requests: Requests
) -> None:
    cluster.stop_api_server()
    cluster.start_api_server()
    until(lambda: requests.answers[-1].reached)
    until(lambda: any(one.is_leader for one in installed.replicas), 40.0)
    assert all(one.ready for one in installed.replicas)
    assert requests.failed == []


def test_large_updates_are_answered(
    cluster: Cluster, installed: Installation, requests: Requests, namespace: str
) -> None:
    """Objects of 1.4 MB, of which an update carries two."""
    text = "x" * 1000
    container: dict[str, Any] = {"name": "trainer", "image": "registry.example.com/train:1"}
    container["env"] = [{"name": f"SETTING_{one}", "value": text} for one in range(1350)]
    job = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    inner = {"backoffLimit": 2, "activeDeadlineSeconds": 3600, "template": job}
    schedule = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "large", "namespace": namespace},
        "spec": {
            "schedule": "0 1 * * *",
            "concurrencyPolicy": "Forbid",
            "suspend": True,
            "jobTemplate": {"spec": inner},
        },
    }
    cluster.kubectl("create", "-f", "-", stdin=schedule)
    for suspend in ("false", "true"):
        patch = f'{{"spec":{{"startingDeadlineSeconds":60,"suspend":{suspend}}}}}'
        cluster.kubectl("patch", "cronjob", "large", "-n", namespace, "-p", patch)
    assert requests.failed == []
