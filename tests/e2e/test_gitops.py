"""What tools that keep a cluster as it is in Git see of what was added, and what they send.

``kubectl apply`` and Argo CD send a 3-way merge of the last manifest, the new one and what is
stored; Argo CD with ``ServerSideApply``, Flux and Helm 4 the manifest by server-side apply. To know
whether something differs they send the same as a dry run, as ``kubectl diff`` does.
"""

import copy
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from tests.e2e.answers import read_answer
from tests.e2e.cluster import Cluster, until
from tests.e2e.custom_kinds import installed
from tests.e2e.installation import Installation
from tests.e2e.workloads import read_body, slow_server, unbounded_schedule

Body = dict[str, Any]

MERGE = ()
FORCED = ("--server-side", "--force-conflicts")
WAYS = [
    pytest.param(MERGE, id="kubectl and Argo CD"),
    pytest.param((*FORCED, "--field-manager=argocd-controller"), id="Argo CD, ServerSideApply"),
    pytest.param((*FORCED, "--field-manager=kustomize-controller"), id="Flux"),
    pytest.param(("--server-side", "--field-manager=helm"), id="Helm 4"),
]


class Sample(NamedTuple):
    """A manifest, the object that it makes, what is added to it, and a change that somebody makes
    in Git some day."""

    body: Body
    name: str
    rule: str
    added: tuple[str | int, ...]
    changed: tuple[str | int, ...]
    value: Any


def make_samples() -> list[Sample]:
    server = ("spec", "template", "spec", "containers", 0)
    budget = ("spec", "jobTemplate", "spec", "backoffLimit")
    run, worker = ("spec", "runPolicy"), ("spec", "pytorchReplicaSpecs", "Worker", "replicas")
    job = read_body("TRN002/bad-pytorchjob-unset")
    return [
        Sample(
            unbounded_schedule(),
            "cronjob/nightly-retrain",
            "TRN002",
            budget,
            ("spec", "schedule"),
            "0 2 * * *",
        ),
        Sample(
            slow_server(),
            "deployment/chat",
            "SRV001",
            (*server, "startupProbe"),
            (*server, "image"),
            "vllm/vllm-openai:v0.12.0",
        ),
        Sample(job, "pytorchjob/pretrain", "TRN002", (*run, "backoffLimit"), worker, 4),
    ]


SAMPLES = [pytest.param(one, id=one.name) for one in make_samples()]


@pytest.fixture(scope="module")
def trainer(cluster: Cluster, installation: Installation) -> Iterator[None]:
    """A cluster that has Kubeflow's jobs, of which mlgate knows."""
    (replica,) = installation.replicas
    labels = '{group="kubeflow.org",kind="PyTorchJob"}'
    with installed(cluster, {("kubeflow.org", "PyTorchJob"): {"v1"}}):
        until(lambda: replica.sample(f"mlgate_cache_synced{labels}") == 1)
        yield


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("sample", SAMPLES)
def test_what_was_added_is_no_drift_and_stays(
    cluster: Cluster, trainer: None, namespace: str, sample: Sample, way: tuple[str, ...]
) -> None:
    body = copy.deepcopy(sample.body)
    printed = apply(cluster, namespace, body, way)
    assert f"added {sample.rule}" in read_answer(printed)
    added = stored(cluster, namespace, sample)

    assert not drifts(cluster, namespace, body, way)
    apply(cluster, namespace, body, way)
    assert stored(cluster, namespace, sample) == added

    body = put(body, sample.changed, sample.value)
    assert drifts(cluster, namespace, body, way)
    apply(cluster, namespace, body, way)
    assert stored(cluster, namespace, sample) == added
    assert not drifts(cluster, namespace, body, way)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("sample", SAMPLES)
def test_who_writes_it_down_owns_it(
    cluster: Cluster, trainer: None, namespace: str, sample: Sample, way: tuple[str, ...]
) -> None:
    """The manifest that says what was added is no drift either, and may say something else."""
    apply(cluster, namespace, sample.body, way)
    added = stored(cluster, namespace, sample)
    body = put(sample.body, sample.added, added)
    assert not drifts(cluster, namespace, body, way)
    apply(cluster, namespace, body, way)
    assert stored(cluster, namespace, sample) == added
    if isinstance(added, int):
        apply(cluster, namespace, put(body, sample.added, 1), way)
        assert stored(cluster, namespace, sample) == 1


@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_added_in_a_list_of_a_custom_resource(
    cluster: Cluster, trainer: None, namespace: str, way: tuple[str, ...]
) -> None:
    """A merge would put the list back whole: what mends it is said at once."""
    body = read_body("GPU001/bad-pytorchjob-requests-only")
    done = cluster.try_kubectl("apply", "-n", namespace, *way, "-f", "-", stdin=body)
    said = read_answer(done.stdout)
    assert done.returncode != 0
    assert 'limits["nvidia.com/gpu"] to 8' in said["denied GPU001"]
    assert "added GPU001" not in said


def test_what_helm_3_sends_leaves_alone_what_was_added(
    cluster: Cluster, installation: Installation, namespace: str
) -> None:
    """It keeps the last manifest itself, and sends what changed between two."""
    cluster.kubectl("create", "-n", namespace, "-f", "-", stdin=unbounded_schedule())
    patch = ("patch", "-n", namespace, "cronjob/nightly-retrain", "--type=strategic", "-p")
    cluster.kubectl(*patch, '{"spec": {"schedule": "0 2 * * *"}}')
    spec = cluster.get("cronjob/nightly-retrain", "-n", namespace)["spec"]
    assert (spec["schedule"], spec["jobTemplate"]["spec"]["backoffLimit"]) == ("0 2 * * *", 3)


def test_who_replaces_takes_away_and_is_warned(
    cluster: Cluster, installation: Installation, namespace: str
) -> None:
    """``kubectl replace``, and Argo CD's ``Replace=true``."""
    body = unbounded_schedule()
    cluster.kubectl("create", "-n", namespace, "-f", "-", stdin=body)
    printed = cluster.kubectl("replace", "-n", namespace, "-f", "-", stdin=body)
    assert "warned TRN002" in read_answer(printed)
    spec = cluster.get("cronjob/nightly-retrain", "-n", namespace)["spec"]
    assert "backoffLimit" not in spec["jobTemplate"]["spec"]


def apply(cluster: Cluster, namespace: str, body: Body, way: tuple[str, ...]) -> str:
    return cluster.kubectl("apply", "-n", namespace, *way, "-f", "-", stdin=body)


def drifts(cluster: Cluster, namespace: str, body: Body, way: tuple[str, ...]) -> bool:
    """Whether what is stored differs from what it would be after another apply."""
    done = cluster.try_kubectl("diff", "-n", namespace, *way, "-f", "-", stdin=body)
    assert done.returncode in (0, 1), done.stdout
    return done.returncode == 1


def stored(cluster: Cluster, namespace: str, sample: Sample) -> Any:
    """What stands in the object where something was added."""
    found = cluster.get(sample.name, "-n", namespace)
    for key in sample.added:
        found = found[key]
    return found


def put(body: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """The body with something else at a path."""
    if not path:
        return value
    key, *rest = path
    if isinstance(body, list):
        return [
            put(item, tuple(rest), value) if at == key else item for at, item in enumerate(body)
        ]
    return {**body, key: put(body.get(key), tuple(rest), value)}
