"""What a cluster can do while mlgate is away, is switched off, comes back, or leaves."""

import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.cluster import Cluster, until
from tests.e2e.installation import CONFIGURATIONS, NAMESPACE, Installation, Replica
from tests.e2e.workloads import bad_job, good_job, refuses, renamed, restarting_pod

DISABLED = "mlgate.dev/disabled"
VALIDATING = CONFIGURATIONS[0]
WRITES = 'mlgate_registration_writes_total{kind="ValidatingWebhookConfiguration"}'
CREATED = "job.batch/finetune created\npod/ml-training created\n"
QUICK = ("--shutdown-delay", "0", "--grace", "5")

Body = dict[str, Any]


@pytest.fixture
def replica(installation: Installation) -> Iterator[Replica]:
    """One replica that is registered; what a test leaves behind is replaced."""
    if not installation.replicas:
        installation.add(*QUICK)
    until(installation.registered)
    until(lambda: failure_policy(installation) == "Ignore")
    yield installation.replicas[0]
    for other in installation.replicas[1:]:
        installation.remove(other, signal.SIGKILL)


def failure_policy(installation: Installation) -> object:
    """The failure policy of the entry that may deny."""
    hooks = {str(hook["name"]): hook for hook in installation.hooks(VALIDATING)}
    return hooks.get("enforce.mlgate.dev", {}).get("failurePolicy")


def create(cluster: Cluster, namespace: str, *bodies: Body) -> str:
    return cluster.kubectl("create", "-n", namespace, "-f", "-", stdin=list(bodies))


def configured(installation: Installation) -> list[list[dict[str, object]]]:
    return [installation.hooks(one) for one in CONFIGURATIONS]


def test_e58_the_break_glass_holds_until_it_is_taken_back(
    cluster: Cluster, installation: Installation, replica: Replica, namespace: str
) -> None:
    before = configured(installation)
    cluster.kubectl("annotate", VALIDATING, f"{DISABLED}=true")
    try:
        until(lambda: configured(installation) == [[], []], 5.0)
        assert create(cluster, namespace, bad_job(), restarting_pod()) == CREATED

        successor = installation.add(*QUICK)
        installation.remove(replica)
        until(lambda: successor.is_leader, 40.0)
        until(lambda: successor.sample("mlgate_registration_disabled") == 1.0)
        assert configured(installation) == [[], []]
        assert successor.sample(WRITES) == 0
    finally:
        cluster.kubectl("annotate", VALIDATING, f"{DISABLED}-")
    until(lambda: configured(installation) == before, 5.0)
    assert refuses(cluster, namespace)


def test_e51_a_cold_start_heals_by_itself(
    cluster: Cluster, installation: Installation, replica: Replica, namespace: str
) -> None:
    """Everything is down, and what the API server remembers is to call mlgate or refuse."""
    demand(cluster, installation, replica)
    for one in list(installation.replicas):
        installation.remove(one)
    cluster.stop_api_server()
    cluster.start_api_server()

    done = cluster.try_kubectl("create", "-n", namespace, "-f", "-", stdin=bad_job())
    assert 'failed calling webhook "enforce.mlgate.dev"' in done.stdout
    assert create(cluster, "kube-system", restarting_pod()) == "pod/ml-training created\n"
    cluster.kubectl("delete", "pod/ml-training", "-n", "kube-system", "--force")
    restart_own_pods(cluster)

    healed = installation.add(*QUICK, "--failure-policy", "Fail")
    until(lambda: refuses(cluster, namespace))
    assert create(cluster, namespace, good_job()) == "job.batch/finetune created\n"
    installation.remove(healed)


def demand(cluster: Cluster, installation: Installation, replica: Replica) -> None:
    """Register mlgate with the failure policy Fail."""
    installation.remove(replica)
    installation.add(*QUICK, "--failure-policy", "Fail")
    until(lambda: failure_policy(installation) == "Fail")


def restart_own_pods(cluster: Cluster) -> None:
    """Delete the Pods of mlgate's Deployment, and wait for new ones; change the Deployment."""
    own = ("pods", "-n", NAMESPACE, "-l", "app.kubernetes.io/name=mlgate")
    before = uids(cluster, *own)
    cluster.kubectl("delete", *own, "--force")
    until(lambda: len(uids(cluster, *own) - before) == 2, 40.0)
    restarted = cluster.kubectl("rollout", "restart", "deployment/mlgate", "-n", NAMESPACE)
    assert restarted == "deployment.apps/mlgate restarted\n"


def uids(cluster: Cluster, *arguments: str) -> set[str]:
    return {one["metadata"]["uid"] for one in cluster.get(*arguments)["items"]}


def test_e56_what_was_uninstalled_stays_away(
    cluster: Cluster, installation: Installation, replica: Replica, namespace: str
) -> None:
    """Though a replica still runs, and would answer."""
    until(lambda: replica.is_leader, 40.0)
    printed = installation.uninstall()
    assert printed == "the webhook configurations are removed; mlgate may be deleted now\n"
    end = time.monotonic() + 4.0  # a leader renews every two seconds
    while time.monotonic() < end:
        found = [one for one in CONFIGURATIONS if cluster.try_kubectl("get", one).returncode == 0]
        assert found == []
    assert replica.ready
    assert not replica.is_leader
    assert create(cluster, namespace, bad_job(), restarting_pod()) == CREATED
    installation.remove(replica, signal.SIGKILL)


def test_e53_the_loss_of_the_leader_changes_no_configuration(
    cluster: Cluster, installation: Installation, replica: Replica, namespace: str
) -> None:
    """Its follower writes once: what was changed behind its back."""
    follower = installation.add(*QUICK)
    until(lambda: replica.is_leader, 40.0)
    before = generations(cluster), configured(installation)
    installation.remove(replica, signal.SIGKILL)
    until(
        lambda: follower.is_leader or (generations(cluster), configured(installation)) != before, 40
    )
    assert (generations(cluster), configured(installation)) == before
    assert refuses(cluster, namespace)

    for one in CONFIGURATIONS:
        wipe = '[{"op": "remove", "path": "/webhooks/0/clientConfig/caBundle"}]'
        cluster.kubectl("patch", one, "--type=json", "-p", wipe)
    until(lambda: configured(installation) == before[1])
    assert generations(cluster) == [number + 2 for number in before[0]]


def generations(cluster: Cluster) -> list[int]:
    """How often each configuration has changed."""
    return [cluster.get(one)["metadata"]["generation"] for one in CONFIGURATIONS]


def test_e50_everything_is_created_while_mlgate_is_dead(
    cluster: Cluster, installation: Installation, replica: Replica, namespace: str
) -> None:
    """In the first moment, when it is still among the endpoints, and when it is not any more."""
    until(lambda: refuses(cluster, namespace))
    replica.end(signal.SIGKILL)
    assert create(cluster, namespace, bad_job(), restarting_pod()) == CREATED
    installation.remove(replica)
    later = (renamed(bad_job(), "finetune-2"), renamed(restarting_pod(), "ml-training-2"))
    assert create(cluster, namespace, *later) == CREATED.replace(" ", "-2 ")
    until(lambda: len(cluster.get("pods", "-n", namespace)["items"]) == 4)


def test_e50_the_clusters_own_namespace_does_not_depend_on_mlgate(
    cluster: Cluster, installation: Installation, replica: Replica
) -> None:
    installation.remove(replica, signal.SIGKILL)
    try:
        assert create(cluster, "kube-system", bad_job(), restarting_pod()) == CREATED
    finally:
        cluster.kubectl("delete", "job/finetune", "pod/ml-training", "-n", "kube-system", "--force")
