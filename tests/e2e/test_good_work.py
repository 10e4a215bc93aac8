"""Good work is not hurt in a real cluster, and what decides nothing is not asked."""

import copy
import json
import signal
from collections.abc import Iterator

import pytest

from tests.e2e.answers import read_answer
from tests.e2e.cluster import Cluster, until
from tests.e2e.installation import BASE, Installation
from tests.e2e.network import LOOPBACK
from tests.e2e.workloads import Body, bad_job, good_job, refuses, schedule, slow_server
from tests.webhook.hanging import HANGS

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


def as_kind(body: Body, kind: str) -> Body:
    """A Deployment as a StatefulSet or a DaemonSet."""
    spec = {key: value for key, value in body["spec"].items() if key in ("selector", "template")}
    named = {"serviceName": "chat"} if kind == "StatefulSet" else {}
    return {**body, "kind": kind, "spec": {**spec, **named}}


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet"])
def test_k137_a_rollout_of_stateful_and_daemon_sets_is_undone_with_a_warning(
    cluster: Cluster, failing: Installation, namespace: str, kind: str
) -> None:
    chat = ("-n", namespace, f"{kind.lower()}/chat")
    good = as_kind(slow_server(), kind)
    container = good["spec"]["template"]["spec"]["containers"][0]
    del container["livenessProbe"]
    bad = copy.deepcopy(good)
    bad["spec"]["template"]["spec"]["containers"][0]["env"] = every_gpu("all")
    cluster.kubectl("create", "-n", namespace, "-f", "-", stdin=bad)
    until(lambda: len(controller_revisions(cluster, namespace)) == 1)
    cluster.kubectl("replace", "-n", namespace, "-f", "-", stdin=good)
    until(lambda: len(controller_revisions(cluster, namespace)) == 2)
    cluster.kubectl("label", "namespace", namespace, f"{PROFILE}=strict")
    until(lambda: refuses(cluster, namespace))

    other = {"name": container["name"], "env": every_gpu("0,1")}
    patch = json.dumps({"spec": {"template": {"spec": {"containers": [other]}}}})
    assert cluster.try_kubectl("patch", *chat, "-p", patch).returncode != 0
    done = cluster.try_kubectl("rollout", "undo", *chat)
    assert done.returncode == 0, done.stdout
    assert "warned GPU004" in read_answer(done.stdout)


def every_gpu(value: str) -> list[Body]:
    """The variable by which a container sees GPUs that nobody gave it."""
    return [{"name": "NVIDIA_VISIBLE_DEVICES", "value": value}]


def test_k137_a_made_up_revision_is_denied(
    cluster: Cluster, failing: Installation, strict: str
) -> None:
    template = slow_server()["spec"]["template"]
    made = {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {"name": "chat-1", "labels": template["metadata"]["labels"]},
        "data": {"spec": {"template": {**template, "$patch": "replace"}}},
        "revision": 1,
    }
    done = cluster.try_kubectl("create", "-n", strict, "-f", "-", stdin=made)
    assert "denied SRV001" in read_answer(done.stdout)


def test_k135_a_hung_replica_costs_one_time_out(
    cluster: Cluster, failing: Installation, strict: str
) -> None:
    """One of two replicas hangs at the first Job that it judges."""
    body = good_job()
    body["metadata"]["annotations"] = {HANGS: "30"}
    create = ("create", "--dry-run=server", "-n", strict, "-f", "-")
    hanging = failing.add(
        *("--failure-policy", "Fail", "--shutdown-delay", "1", "--grace", "5"),
        program="tests.webhook.hanging",
    )
    try:
        before = len(timed_out(cluster))
        until(lambda: cluster.try_kubectl(*create, stdin=body).returncode != 0)
        answers = [cluster.try_kubectl(*create, stdin=body).returncode for _ in range(20)]
        assert len(timed_out(cluster)) - before <= 1
        assert answers[-10:] == [0] * 10
        assert not hanging.ready
    finally:
        failing.remove(hanging, signal.SIGKILL)


def timed_out(cluster: Cluster) -> list[str]:
    """What the API server logs of calls that mlgate did not answer in time."""
    lines = (cluster.work / "kube-apiserver.log").read_text().splitlines()
    calls = [one for one in lines if "ailed calling webhook" in one and "mlgate.dev" in one]
    return [one for one in calls if "deadline exceeded" in one]


def test_k136_an_owner_is_asked_for_where_no_watch_tells_of_it(
    cluster: Cluster, failing: Installation, namespace: str
) -> None:
    """Without the right to watch, a replica knows the schedules of its start alone."""
    role = cluster.get("clusterrole/mlgate")
    watched = [one for one in role["rules"] if one["apiGroups"] == ["batch"]]
    assert watched
    for one in watched:
        one["verbs"] = ["list"]
    (replica,) = failing.replicas
    cluster.kubectl("replace", "-f", "-", stdin=role)
    blind = None
    failing.remove(replica)
    try:
        blind = failing.add("--failure-policy", "Fail", "--shutdown-delay", "1", "--grace", "5")
        until(failing.registered)
        cluster.kubectl("create", "-n", namespace, "-f", "-", stdin=schedule(bad_job()))
        cluster.kubectl("label", "namespace", namespace, f"{PROFILE}=strict")
        until(lambda: refuses(cluster, namespace))
        by_hand = ("create", "job", "by-hand", "--from=cronjob/nightly-retrain", "-n", namespace)
        assert "created" in cluster.kubectl(*by_hand)
        (decided,) = [
            one
            for one in blind.reviews
            if (one["name"], one["endpoint"]) == ("by-hand", "validate")
        ]
        assert decided["reason"] == "its owner was judged, and makes such objects"
    finally:
        cluster.kubectl("apply", "-k", str(BASE))
        if blind is not None:
            failing.remove(blind)
        failing.add("--failure-policy", "Fail", "--shutdown-delay", "1", "--grace", "5")


def controller_revisions(cluster: Cluster, namespace: str) -> list[str]:
    return cluster.kubectl("get", "controllerrevisions", "-n", namespace, "-o", "name").split()
