"""A release of the chart from its installation to its end, with the real controllers: upgraded from
the commit before, rolled back, scanned, and taken away without a trace."""

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import urllib3

from tests.deploy.test_chart import CHART, HELM, needs_helm
from tests.e2e.cluster import TOKEN, Cluster, until
from tests.e2e.node import REGISTRY, Node
from tests.e2e.workloads import bad_job, refuses
from tests.test_documented_commands import ROOT

SPACE = "mlgate-system"
BEFORE, NOW = "before", "0.1.0"
FORBIDDEN = 403
VALUES: dict[str, Any] = {
    "image": {"repository": REGISTRY},
    "policy": {"apiVersion": "mlgate.dev/v1", "kind": "Policy", "profile": "standard"},
    "scan": {"enabled": True},
    "arguments": ["--webhook-timeout=3"],
}


@pytest.fixture(scope="module")
def source_before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source of the commit before this one."""
    folder = tmp_path_factory.mktemp("before")
    done = subprocess.run(["git", "archive", "HEAD~1"], cwd=ROOT, capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("no history: there is no commit before this one")
    subprocess.run(["tar", "-x"], cwd=folder, input=done.stdout, check=True)
    return folder


@pytest.fixture(scope="module")
def objects_before(cluster: Cluster, node: Node) -> Iterator[set[str]]:
    """What the cluster held before mlgate came."""
    yield cluster.list_objects()
    if is_installed(cluster):
        helm(cluster, "uninstall", "mlgate")


@pytest.fixture
def release(cluster: Cluster, node: Node, source_before: Path, objects_before: set[str]) -> None:
    """Installed by Helm, as of the commit before."""
    if is_installed(cluster):
        return
    node.images[f"{REGISTRY}:{BEFORE}"] = source_before
    helm(cluster, "install", "mlgate", str(CHART), "--create-namespace", *values(BEFORE))
    until(lambda: refuses(cluster, "default"))


def values(tag: str) -> tuple[str, ...]:
    return ("--set-json", *join(VALUES), "--set", f"image.tag={tag}", "--wait", "--timeout=2m")


def join(tree: dict[str, Any]) -> tuple[str]:
    return (",".join(f"{key}={json.dumps(one)}" for key, one in tree.items()),)


def helm(cluster: Cluster, *arguments: str) -> str:
    done = subprocess.run(
        [str(HELM), "--kubeconfig", str(cluster.kubeconfig), "-n", SPACE, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def is_installed(cluster: Cluster) -> bool:
    return "mlgate" in helm(cluster, "list", "--short")


@contextmanager
def denied_throughout(cluster: Cluster) -> Iterator[None]:
    """Bring bad Jobs all the while: each one has to be denied, for one that is not was judged by
    nobody."""
    answers: list[int] = []
    done = threading.Event()

    def bring() -> None:
        url = f"{cluster.url}/apis/batch/v1/namespaces/default/jobs?dryRun=All"
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        with urllib3.PoolManager(ca_certs=str(cluster.authority)) as pool:
            while not done.wait(0.05):
                answer = pool.request("POST", url, body=json.dumps(bad_job()), headers=headers)
                answers.append(answer.status)

    thread = threading.Thread(target=bring)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
    assert len(answers) > 10
    assert set(answers) == {FORBIDDEN}


def images(cluster: Cluster) -> set[str]:
    """Those of the replicas that are there."""
    pods = cluster.get("pods", "-n", SPACE, "-l", "app.kubernetes.io/name=mlgate")["items"]
    return {
        one["spec"]["containers"][0]["image"]
        for one in pods
        if "deletionTimestamp" not in one["metadata"]
    }


@needs_helm
def test_e55_an_upgrade_and_a_rollback_fail_no_review(cluster: Cluster, release: None) -> None:
    with denied_throughout(cluster):
        helm(cluster, "upgrade", "mlgate", str(CHART), *values(NOW))
        assert images(cluster) == {f"{REGISTRY}:{NOW}"}
        helm(cluster, "rollback", "mlgate", "--wait", "--timeout=2m")
        assert images(cluster) == {f"{REGISTRY}:{BEFORE}"}


@needs_helm
def test_the_charts_own_test_passes(cluster: Cluster, release: None) -> None:
    assert "Phase:          Succeeded" in helm(cluster, "test", "mlgate", "--timeout=1m")


@needs_helm
def test_i77_a_scan_may_list_what_it_needs_and_do_nothing_else(
    cluster: Cluster, release: None
) -> None:
    cluster.kubectl("create", "job", "scan-now", "--from=cronjob/mlgate-scan", "-n", SPACE)
    cluster.kubectl("wait", "--for=condition=Complete", "job/scan-now", "-n", SPACE, "--timeout=1m")
    printed = cluster.kubectl("logs", "job/scan-now", "-n", SPACE)
    report = json.loads(printed[: printed.rindex("}") + 1])
    assert report["errors"] == []
    account = f"--as=system:serviceaccount:{SPACE}:mlgate-scan"
    for verb, what in (("list", "pods"), ("list", "jobs.batch"), ("list", "namespaces")):
        assert cluster.kubectl("auth", "can-i", verb, what, account, "-A").endswith("yes\n")
    for verb in ("get", "watch", "create", "update", "patch", "delete"):
        done = cluster.try_kubectl("auth", "can-i", verb, "pods", account, "-A")
        assert done.stdout.endswith("no\n"), verb
    done = cluster.try_kubectl("auth", "can-i", "list", "secrets", account, "-A")
    assert done.stdout.endswith("no\n")


@needs_helm
def test_e56_a_release_that_is_taken_away_leaves_nothing_behind(
    cluster: Cluster, release: None, objects_before: set[str]
) -> None:
    there = cluster.list_objects() - objects_before
    assert f"Deployment {SPACE} mlgate" in there
    helm(cluster, "uninstall", "mlgate", "--timeout=2m")
    assert not refuses(cluster, "default")
    cluster.kubectl("delete", "namespace", SPACE)
    left = cluster.list_objects() - objects_before
    assert {one for one in left if "mlgate" in one} == set()
