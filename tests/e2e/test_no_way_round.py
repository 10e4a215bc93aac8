"""Group K in a real cluster: whatever a tenant writes, no bad work gets in."""

import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.e2e.cluster import Cluster, until
from tests.e2e.installation import CONFIGURATIONS, Installation
from tests.e2e.network import LOOPBACK
from tests.e2e.workloads import bad_job, good_job, refuses, schedule, slow_server
from tests.webhook.bodies import owner
from webhook.review.size_limit import MAX_PARTS

POLICY = """\
apiVersion: mlgate.dev/v1
kind: Policy
profile: strict
ignores: forbid
"""

Body = dict[str, Any]


@pytest.fixture(scope="module", params=["Ignore", "Fail"])
def strict(request: pytest.FixtureRequest, cluster: Cluster) -> Iterator[Installation]:
    """One replica under ``strict``, where ignores count for nothing."""
    if cluster.host == LOOPBACK:
        pytest.skip("no right to make a network namespace, and EndpointSlices refuse loopback")
    one = Installation(cluster, policy=POLICY)
    try:
        one.add("--failure-policy", request.param, "--shutdown-delay", "1", "--grace", "5")
        until(one.registered)
        until(lambda: refuses(cluster, "default"))
        yield one
    finally:
        one.stop()


def nested(levels: int) -> Body:
    tree: Body = {}
    for _ in range(levels):
        tree = {"f:a": tree}
    return tree


def create(cluster: Cluster, namespace: str, body: Body) -> subprocess.CompletedProcess[str]:
    """Send a Job as it is written: kubectl itself would escape what Go's JSON escapes."""
    path = f"/apis/batch/v1/namespaces/{namespace}/jobs"
    return cluster.try_kubectl("create", "--raw", path, "-f", "-", stdin=body)


def refused(cluster: Cluster, namespace: str, body: Body) -> str:
    """What is said of an object that does not get in."""
    done = create(cluster, namespace, body)
    assert done.returncode != 0, done.stdout
    assert "denied the request" in done.stdout
    return str(done.stdout)


def test_k81_depth_gets_nothing_in(cluster: Cluster, strict: Installation, namespace: str) -> None:
    body = bad_job()
    fields = {"f:metadata": {"f:annotations": nested(210)}}
    entry = {
        "apiVersion": "batch/v1",
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
        "manager": "tenant",
        "operation": "Update",
        "time": "2026-01-01T00:00:00Z",
    }
    body["metadata"]["managedFields"] = [entry]
    assert "TRN001" in refused(cluster, namespace, body)


def test_k82_escapes_get_nothing_in(cluster: Cluster, strict: Installation, namespace: str) -> None:
    body = bad_job()
    container = body["spec"]["template"]["spec"]["containers"][0]
    container["env"] = [{"name": "NOTE", "value": "<" * 1_400_000}]
    assert "TRN001" in refused(cluster, namespace, body)


def test_k83_what_no_time_suffices_for_does_not_get_in(
    cluster: Cluster, strict: Installation, namespace: str
) -> None:
    body = bad_job()
    pod = body["spec"]["template"]["spec"]
    pod["containers"] += [{"name": f"c{n}", "image": "i"} for n in range(MAX_PARTS)]
    assert "too large to be judged" in refused(cluster, namespace, body)


def test_k84_a_bound_that_is_patched_away_is_denied(
    cluster: Cluster, strict: Installation, namespace: str
) -> None:
    cluster.kubectl("create", "-n", namespace, "-f", "-", stdin=good_job(suspend=True))
    patch = ("patch", "-n", namespace, "job/finetune", "--type=merge", "-p")
    for change in ('{"activeDeadlineSeconds": null}', '{"backoffLimit": 1000}'):
        done = cluster.try_kubectl(*patch, f'{{"spec": {change}}}')
        assert done.returncode != 0, done.stdout
        assert "denied the request" in done.stdout
    assert "patched" in cluster.kubectl(*patch, '{"spec": {"suspend": false}}')


def test_k85_a_tenants_owner_gets_nothing_in(
    cluster: Cluster, strict: Installation, namespace: str
) -> None:
    cluster.kubectl("create", "-n", namespace, "-f", "-", stdin=schedule(good_job()))
    uid = cluster.get("cronjob/nightly-retrain", "-n", namespace)["metadata"]["uid"]
    until(lambda: known(strict, "CronJob") > 0)
    body = bad_job()
    body["metadata"]["ownerReferences"] = [owner(uid=uid)]
    assert "TRN001" in refused(cluster, namespace, body)
    # What the schedule makes, a user may make by hand.
    by_hand = ("create", "job", "by-hand", "--from=cronjob/nightly-retrain", "-n", namespace)
    assert "created" in cluster.kubectl(*by_hand)
    (replica,) = strict.replicas
    reasons = {one.get("reason") for one in replica.reviews if one["name"] == "by-hand"}
    assert reasons == {"its owner was judged, and makes such objects"}


def known(strict: Installation, kind: str) -> float:
    """How many objects of a kind the replica knows."""
    (replica,) = strict.replicas
    return replica.sample(f'mlgate_cache_objects{{group="batch",kind="{kind}"}}')


@pytest.mark.parametrize("key", ["mlgate.dev/role", "app.kubernetes.io/component"])
def test_k87_a_role_by_label_gets_nothing_in(
    cluster: Cluster, strict: Installation, namespace: str, key: str
) -> None:
    body = bad_job()
    body["metadata"]["labels"] = {key: "serving"}
    assert "TRN001" in refused(cluster, namespace, body)


def test_k138_a_placeholder_is_no_way_in(
    cluster: Cluster, strict: Installation, namespace: str
) -> None:
    body = slow_server()
    container = body["spec"]["template"]["spec"]["containers"][0]
    real = {key: container.pop(key) for key in ("args", "resources")} | {
        "image": container["image"]
    }
    container["image"] = "registry.example.com/server:1.0"
    cluster.kubectl("create", "-n", namespace, "-f", "-", stdin=body)
    container |= real
    done = cluster.try_kubectl("replace", "-n", namespace, "-f", "-", stdin=body)
    assert done.returncode != 0, done.stdout
    assert "SRV001" in done.stdout


def test_k139_many_large_objects_at_once_get_nothing_in(
    cluster: Cluster, strict: Installation, namespace: str
) -> None:
    # No more than an API server on two cores can send in time.
    bodies = [large_job(f"large-{number}") for number in range(5)]
    with ThreadPoolExecutor(len(bodies)) as pool:
        answers = list(pool.map(lambda one: create(cluster, namespace, one), bodies))
    assert all(one.returncode != 0 for one in answers)
    assert not cluster.get("jobs", "-n", namespace)["items"]
    (replica,) = strict.replicas
    decisions = [one["decision"] for one in replica.reviews if one["namespace"] == namespace]
    assert "undecided" not in decisions


def large_job(name: str) -> Body:
    """One that is denied, of half as many containers as are judged."""
    body = bad_job()
    body["metadata"]["name"] = name
    pod = body["spec"]["template"]["spec"]
    for number in range(MAX_PARTS // 2):
        command = ["python", "train.py", "--output-dir", f"/out{number}"]
        pod["containers"].append({"name": f"c{number}", "image": "i", "command": command})
    return body


def test_k90_another_address_is_mended(cluster: Cluster, strict: Installation) -> None:
    before = strict.hooks(CONFIGURATIONS[0])
    other = {"url": "https://192.0.2.2:9/validate"}
    change = [{"op": "replace", "path": "/webhooks/0/clientConfig", "value": other}]
    for _ in range(3):
        cluster.kubectl("patch", CONFIGURATIONS[0], "--type=json", "-p", json.dumps(change))
        until(lambda: strict.hooks(CONFIGURATIONS[0]) == before, 10.0)


def test_what_is_good_gets_in(cluster: Cluster, strict: Installation, namespace: str) -> None:
    body = good_job(activeDeadlineSeconds=3600)
    container = body["spec"]["template"]["spec"]["containers"][0]
    container["env"] = [{"name": "NOTE", "value": "<" * 1_400_000}]
    done = create(cluster, namespace, body)
    assert done.returncode == 0, done.stdout
