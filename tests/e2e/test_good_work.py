"""Good work is not hurt in a real cluster, and what decides nothing is not asked."""

import json
import signal
from collections.abc import Iterator

import pytest

from tests.e2e.answers import read_answer
from tests.e2e.cluster import Cluster, until
from tests.e2e.installation import Installation
from tests.e2e.network import LOOPBACK
from tests.e2e.workloads import good_job, refuses, slow_server

PROFILE = "mlgate.dev/profile"
POLICY = """\
apiVersion: mlgate.dev/v1
kind: Policy
profile: observe
"""


@pytest.fixture(scope="module")
def failing(cluster: Cluster) -> Iterator[Installation]:
    """One replica under ``Fail``, where only a label of a Namespace lets anything be denied."""
    if cluster.host == LOOPBACK:
        pytest.skip("no right to make a network namespace, and EndpointSlices refuse loopback")
    one = Installation(cluster, policy=POLICY)
    try:
        one.add("--failure-policy", "Fail", "--shutdown-delay", "1", "--grace", "5")
        until(one.registered)
        yield one
    finally:
        one.stop()


@pytest.fixture
def strict(cluster: Cluster, failing: Installation, namespace: str) -> str:
    """A namespace whose label asks for ``strict``."""
    cluster.kubectl("label", "namespace", namespace, f"{PROFILE}=strict")
    until(lambda: refuses(cluster, namespace))
    return namespace


def test_k131_a_job_of_five_pods_is_asked_about_twice(
    cluster: Cluster, failing: Installation, strict: str
) -> None:
    (replica,) = failing.replicas
    body = good_job(parallelism=5, completions=5)
    cluster.kubectl("create", "-n", strict, "-f", "-", stdin=body)
    query = ("pods", "-n", strict, "-l", "job-name=finetune", "-o", "name")
    until(lambda: len(cluster.kubectl("get", *query).split()) == 5)
    cluster.kubectl("label", "-n", strict, "job/finetune", "team=ml")
    cluster.kubectl("patch", "-n", strict, "job/finetune", "-p", '{"spec": {"parallelism": 4}}')

    def asked() -> list[tuple[str, str, str]]:
        lines = [one for one in replica.reviews if one["namespace"] == strict]
        lines = [one for one in lines if one["kind"] == "Job" and not one.get("dry_run")]
        return [(one["endpoint"], one["operation"], one["kind"]) for one in lines]

    until(lambda: ("validate", "UPDATE", "Job") in asked())
    assert asked() == [
        ("mutate", "CREATE", "Job"),
        ("validate", "CREATE", "Job"),
        ("validate", "UPDATE", "Job"),
    ]


def test_k133_a_dead_mlgate_stops_nothing_where_nothing_can_be_denied(
    cluster: Cluster, failing: Installation, strict: str, namespace: str
) -> None:
    (replica,) = failing.replicas
    cluster.create_namespace("unlabelled")
    failing.remove(replica, signal.SIGKILL)
    try:
        nginx = ("create", "deployment", "web", "--image=nginx", "-n")
        assert "created" in cluster.kubectl(*nginx, "unlabelled")
        until(lambda: cluster.get("deployment/web", "-n", "unlabelled")["status"].get("replicas"))
        done = cluster.try_kubectl(*nginx, strict)
        assert done.returncode != 0
        assert "enforce.mlgate.dev" in done.stdout
    finally:
        failing.add("--failure-policy", "Fail", "--shutdown-delay", "1", "--grace", "5")
        cluster.kubectl("delete", "namespace", "unlabelled", "--wait=false")


def test_k134_a_rollout_is_undone_with_a_warning(
    cluster: Cluster, failing: Installation, namespace: str
) -> None:
    """What ran before the namespace was strict may come back, and nothing else like it."""
    chat = ("-n", namespace, "deployment/chat")
    bad = slow_server()
    probe = bad["spec"]["template"]["spec"]["containers"][0].pop("livenessProbe")
    cluster.kubectl("create", "-n", namespace, "-f", "-", stdin=slow_server())
    until(lambda: len(revisions(cluster, namespace)) == 1)
    cluster.kubectl("replace", "-n", namespace, "-f", "-", stdin=bad)
    until(lambda: len(revisions(cluster, namespace)) == 2)
    cluster.kubectl("label", "namespace", namespace, f"{PROFILE}=strict")
    until(lambda: refuses(cluster, namespace))

    other = {"name": "server", "livenessProbe": {**probe, "periodSeconds": 7}}
    patch = json.dumps({"spec": {"template": {"spec": {"containers": [other]}}}})
    assert cluster.try_kubectl("patch", *chat, "-p", patch).returncode != 0
    done = cluster.try_kubectl("rollout", "undo", *chat)
    assert done.returncode == 0, done.stdout
    assert "warned SRV001" in read_answer(done.stdout)


def revisions(cluster: Cluster, namespace: str) -> list[str]:
    return cluster.kubectl("get", "replicasets", "-n", namespace, "-o", "name").split()
