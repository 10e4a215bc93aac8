"""What is written where a pod says that it may be written is there when the pod is read again."""

from collections.abc import Iterator
from typing import Any

import pytest

from rules.edits import apply
from rules.kinds import BUILT_IN, facts
from rules.kinds.pods import ContainerUse, Pod
from rules.kinds.schema import Kind
from rules.manifest import Manifest
from rules.model import Set
from rules.paths import Path, dig
from rules.workload import Workload
from tests.rules.kinds.test_facts import make_workload, named, read_whole

KINDS = [kind for kind in BUILT_IN if kind.rows]
VOLUME = {"name": "output", "persistentVolumeClaim": {"claimName": "models"}}
MOUNT = {"name": "output", "mountPath": "/output"}
LABEL = ("labels", "example.com/team")


def pods_of(kind: Kind) -> Iterator[tuple[Workload, int, Pod]]:
    """Every pod of a kind's manifest that has a spec to write in, with its number."""
    whole = read_whole(kind).object
    workload = make_workload({**whole, "apiVersion": _version(kind, whole)})
    for number, pod in enumerate(workload.pods):
        if pod.volumes_at is not None:
            yield workload, number, pod


def _version(kind: Kind, whole: dict[str, Any]) -> str:
    version = whole["apiVersion"].rpartition("/")[2]
    return f"{kind.group}/{version}" if kind.group else version


def rewritten(workload: Workload, number: int, path: Path, value: Any) -> Pod:
    """The same pod after ``value`` was put at ``path``; at the end of what is a list there."""
    there = dig(workload.manifest.object, path)
    if path[-1] in ("volumes", "volumeMounts"):
        path = (*path, len(there or ()))
    body = apply(workload.manifest.object, [Set(path, value)])
    return make_workload(body).pods[number]


@pytest.mark.parametrize("kind", KINDS, ids=named)
def test_a_volume(kind: Kind) -> None:
    for workload, number, pod in pods_of(kind):
        assert pod.volumes_at is not None
        volumes = rewritten(workload, number, pod.volumes_at, VOLUME).volumes

        assert ("output", VOLUME) in [(volume.name, volume.body) for volume in volumes]
        assert len(volumes) == len(pod.volumes) + 1


@pytest.mark.parametrize("kind", KINDS, ids=named)
def test_a_mount(kind: Kind) -> None:
    for workload, number, pod in pods_of(kind):
        for main in pod.mains:
            path = main.place("volumeMounts")
            (changed,) = rewritten(workload, number, path, MOUNT).mains

            added = [mount for mount in changed.mounts if mount.mount_path == "/output"]
            assert [mount.path for mount in added] == [(*path, len(main.mounts))]


@pytest.mark.parametrize("kind", KINDS, ids=named)
def test_a_label(kind: Kind) -> None:
    for workload, number, pod in pods_of(kind):
        if pod.metadata_at is None:
            continue
        path = (*pod.metadata_at, *LABEL)

        assert dig(rewritten(workload, number, path, "ml").metadata, LABEL) == "ml"


@pytest.mark.parametrize("field", ["image", "command", "args", "env"])
@pytest.mark.parametrize("kind", KINDS, ids=named)
def test_a_field_of_a_container(kind: Kind, field: str) -> None:
    for workload, number, pod in pods_of(kind):
        for main in pod.mains:
            value: Any = "registry.example/other:2" if field == "image" else [{"name": "X"}]
            (changed,) = rewritten(workload, number, main.place(field), value).mains

            assert changed.get(field) == value


@pytest.mark.parametrize("kind", KINDS, ids=named)
def test_a_fact_of_a_pod(kind: Kind) -> None:
    for workload, number, pod in pods_of(kind):
        for fact in kind.pod_rows:
            value = workload.at(fact, pod)
            assert value is not None
            changed = apply(workload.manifest.object, [Set(value.path, "other")])
            again = make_workload(changed)

            found = again.at(fact, again.pods[number])
            assert found is not None
            assert (found.value, found.path) == ("other", value.path), fact


def test_a_pod_without_a_spec_says_so() -> None:
    bodies: list[dict[str, Any]] = [
        {
            "apiVersion": "kaito.sh/v1beta1",
            "kind": "Workspace",
            "tuning": {"preset": {"name": "phi"}},
        },
        {
            "apiVersion": "ray.io/v1",
            "kind": "RayJob",
            "spec": {"clusterSelector": {"ray.io/cluster": "shared"}},
        },
        {
            "apiVersion": "mlops.seldon.io/v1alpha1",
            "kind": "Model",
            "spec": {"storageUri": "gs://models/iris"},
        },
    ]
    for body in bodies:
        (pod,) = make_workload(body).pods
        assert (pod.volumes_at, pod.metadata_at) == (None, None)


@pytest.mark.parametrize(
    ("field", "spec_path"),
    [
        ("podTemplateOverrides", ("spec", "podTemplateOverrides", 0, "spec")),
        ("podSpecOverrides", ("spec", "podSpecOverrides", 0)),
    ],
)
def test_an_older_trainer_has_other_places(field: str, spec_path: Path) -> None:
    """v2.1 and v2.0; the flat override of v2.0 cannot say labels."""
    over = {"nodeSelector": {"pool": "gpu"}}
    override = {"spec": over} if field == "podTemplateOverrides" else over
    workload = make_workload(
        {
            "apiVersion": "trainer.kubeflow.org/v1alpha1",
            "kind": "TrainJob",
            "spec": {"runtimeRef": {"name": "torch"}, field: [{"targetJobs": [], **override}]},
        }
    )
    (pod,) = workload.pods

    flat = field == "podSpecOverrides"
    assert pod.volumes_at == (*spec_path, "volumes")
    assert pod.metadata_at == (None if flat else (*spec_path[:-1], "metadata"))
    assert pod.mains[0].place("volumeMounts") == (*spec_path, "containers", 0, "volumeMounts")
    assert workload.at(facts.NODE_SELECTOR, pod) == workload.manifest.value(
        (*spec_path, "nodeSelector")
    )


def test_an_init_container_is_no_main() -> None:
    body = {
        "apiVersion": "v1",
        "kind": "Pod",
        "spec": {"initContainers": [{"name": "fetch"}], "containers": [{"name": "train"}]},
    }
    (pod,) = make_workload(body).pods

    assert [container.use for container in pod.containers] == [
        ContainerUse.INIT,
        ContainerUse.MAIN,
    ]


def test_what_the_api_server_itself_checks_is_built_in() -> None:
    built_in = {kind.name for kind in BUILT_IN if kind.built_in}

    assert built_in == {
        *("ControllerRevision", "CronJob", "DaemonSet", "Deployment", "HorizontalPodAutoscaler"),
        *("Job", "Pod"),
        *("PodTemplate", "ReplicaSet", "ReplicationController", "StatefulSet"),
        "ControllerRevision",
    }


def test_a_manifest_is_read_by_its_own_kind() -> None:
    for kind in KINDS:
        body = read_whole(kind).object
        assert body["kind"] == kind.name
        assert Manifest(body).group in (kind.group, "trainer.kubeflow.org")
