"""TrainJob: its own words over those of the runtime that it names."""

from typing import Any

import pytest

from rules.kinds import find_kind
from rules.kinds.lookups import Answer, Ask, Reference
from rules.kinds.pods import Pod
from rules.kinds.roles import Role, Subrole
from rules.kinds.schema import Kind
from rules.manifest import Manifest
from rules.paths import Path

STEP = "trainer.kubeflow.org/trainjob-ancestor-step"
POD: Path = ("template", "spec", "template", "spec")
PATCHED: Path = ("trainingRuntimeSpec", "template", "spec", "replicatedJobs")

RUNTIME: dict[str, Any] = {
    "mlPolicy": {"numNodes": 2},
    "template": {
        "spec": {
            "replicatedJobs": [
                {"name": "model-initializer", "template": {}},
                {
                    "name": "train",
                    "template": {
                        "metadata": {"labels": {STEP: "trainer"}},
                        "spec": {
                            "template": {
                                "spec": {
                                    "nodeSelector": {"pool": "gpu"},
                                    "containers": [
                                        {"name": "side", "image": "side:1"},
                                        {
                                            "name": "node",
                                            "image": "torch:2",
                                            "command": ["torchrun"],
                                            "env": [{"name": "OUTPUT_DIR", "value": "/out"}],
                                            "resources": {"limits": {"nvidia.com/gpu": 1}},
                                            "volumeMounts": [{"name": "o", "mountPath": "/out"}],
                                        },
                                    ],
                                    "volumes": [{"name": "o", "emptyDir": {}}],
                                }
                            }
                        },
                    },
                },
            ]
        }
    },
}


def _kind() -> Kind:
    kind = find_kind("trainer.kubeflow.org", "TrainJob")
    assert kind is not None
    return kind


def _unknown(_reference: Reference, _fact: str) -> tuple[Answer, Any]:
    return Answer.UNKNOWN, None


def _found(_reference: Reference, fact: str) -> tuple[Answer, Any]:
    assert fact == "spec"
    return Answer.FOUND, RUNTIME


def _manifest(**spec: Any) -> Manifest:
    return Manifest(
        {
            "apiVersion": "trainer.kubeflow.org/v1alpha1",
            "kind": "TrainJob",
            "metadata": {"name": "tune", "namespace": "ml"},
            "spec": {"runtimeRef": {"name": "torch"}, **spec},
        }
    )


def _trainer(ask: Ask, **spec: Any) -> Pod:
    return list(_kind().pods(_kind().view(_manifest(**spec)), ask))[-1]


def test_the_trainer_of_an_unknown_runtime() -> None:
    pod = _trainer(_unknown, trainer={"image": "tune:1", "args": ["--lr", "1"], "numNodes": 3})
    (main,) = pod.mains

    assert pod.path == main.path == ("spec", "trainer")
    assert main.get("args") == ["--lr", "1"]
    assert main.place("resources") == ("spec", "trainer", "resourcesPerNode")
    assert pod.replicas == 3
    assert not pod.outputs_known
    assert not pod.images
    assert pod.restart is None
    assert pod.writer


def test_a_trainjob_may_say_nothing_at_all() -> None:
    pod = _trainer(_unknown)

    assert (pod.replicas, pod.outputs_known, pod.mains[0].name) == (None, False, "node")


def test_what_the_trainjob_says_lies_over_the_runtime() -> None:
    own = [{"name": "EPOCHS", "value": "3"}]
    pod = _trainer(_found, trainer={"image": "tune:1", "env": own})
    (main,) = pod.mains

    assert main.get("image") == "tune:1"
    assert main.get("command") == ["torchrun"]
    assert [entry["name"] for entry in main.get("env")] == ["EPOCHS", "OUTPUT_DIR"]
    assert main.get("resources", "limits") == {"nvidia.com/gpu": 1}
    assert pod.outputs_known
    assert pod.spec["nodeSelector"] == {"pool": "gpu"}
    assert (pod.name, pod.replicas) == ("train", 2)


def test_the_runtimes_volumes_and_mounts_have_the_references_path() -> None:
    pod = _trainer(_found)

    assert [(volume.name, volume.path) for volume in pod.volumes] == [("o", ("spec", "runtimeRef"))]
    assert [mount.mount_path for mount in pod.mains[0].mounts] == ["/out"]
    assert pod.mains[0].mounts[0].path == ("spec", "runtimeRef")


def test_a_templated_number_of_nodes_is_unknown() -> None:
    assert _trainer(_found, trainer={"numNodes": "{{ nodes }}"}).replicas is None


PATCH: dict[str, Any] = {
    "nodeSelector": {"zone": "a"},
    "volumes": [{"name": "models", "persistentVolumeClaim": {"claimName": "m"}}],
    "containers": [
        {"name": "side", "volumeMounts": [{"name": "models", "mountPath": "/side"}]},
        {"name": "node", "volumeMounts": [{"name": "models", "mountPath": "/models"}]},
    ],
}


def _runtime_patch(job: str) -> dict[str, Any]:
    template = {"spec": {"template": {"spec": PATCH}}}
    jobs = [{"name": job, "template": template}]
    return {"manager": "x", "trainingRuntimeSpec": {"template": {"spec": {"replicatedJobs": jobs}}}}


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        (
            {"runtimePatches": [_runtime_patch("train")]},
            ("spec", "runtimePatches", 0, *PATCHED, 0, *POD),
        ),
        (
            {"podTemplateOverrides": [{"targetJobs": [{"name": "train"}], "spec": PATCH}]},
            ("spec", "podTemplateOverrides", 0, "spec"),
        ),
        ({"podTemplateOverrides": [{"spec": PATCH}]}, ("spec", "podTemplateOverrides", 0, "spec")),
        (
            {"podSpecOverrides": [{"targetJobs": [{"name": "train"}], **PATCH}]},
            ("spec", "podSpecOverrides", 0),
        ),
    ],
)
def test_each_versions_overrides_add_volumes_and_mounts(spec: dict[str, Any], path: Path) -> None:
    pod = _trainer(_found, **spec)
    volume, mount = pod.volumes[0], pod.mains[0].mounts[0]

    assert pod.spec_path == path
    assert (volume.name, volume.path) == ("models", (*path, "volumes", 0))
    assert mount.mount_path == "/models"
    assert mount.path == (*path, "containers", 1, "volumeMounts", 0)
    assert [one.mount_path for one in pod.mains[0].mounts] == ["/models", "/out"]
    assert pod.spec["nodeSelector"] == {"pool": "gpu", "zone": "a"}


@pytest.mark.parametrize("job", ["model-initializer", "other"])
def test_overrides_of_another_job_are_not_the_trainers(job: str) -> None:
    spec = {
        "runtimePatches": [_runtime_patch(job)],
        "podTemplateOverrides": [{"targetJobs": [{"name": job}], "spec": PATCH}],
    }

    assert [volume.name for volume in _trainer(_found, **spec).volumes] == ["o"]


def test_without_the_runtime_any_job_but_an_initializer_may_be_the_trainer() -> None:
    patches = [_runtime_patch("model-initializer"), _runtime_patch("node")]
    pod = _trainer(_unknown, runtimePatches=patches)

    assert [volume.path[2] for volume in pod.volumes] == [1]


def test_where_a_patch_would_go() -> None:
    path = ("spec", "runtimePatches", 1, *PATCHED, 0, *POD)

    assert _trainer(_found, runtimePatches=[{"manager": "kueue"}]).spec_path == path


@pytest.mark.parametrize(
    ("reference", "kind", "namespace"),
    [
        ({"name": "torch"}, "ClusterTrainingRuntime", None),
        ({"name": "torch", "kind": "TrainingRuntime"}, "TrainingRuntime", "ml"),
    ],
)
def test_the_runtime_is_looked_up_by_its_reference(
    reference: dict[str, Any], kind: str, namespace: str | None
) -> None:
    asked = []

    def ask(question: Reference, _fact: str) -> tuple[Answer, Any]:
        asked.append(question)
        return Answer.ABSENT, None

    pod = _trainer(ask, runtimeRef=reference)

    assert asked == [Reference("trainer.kubeflow.org", (kind,), namespace, "torch")]
    assert not pod.outputs_known


@pytest.mark.parametrize("spec", [None, {}, {"template": {"spec": {"replicatedJobs": []}}}])
def test_a_runtime_without_a_trainer_tells_nothing(spec: Any) -> None:
    pod = _trainer(lambda _reference, _fact: (Answer.FOUND, spec))

    assert not pod.outputs_known


def test_initializers_have_an_environment_of_their_own() -> None:
    env = [{"name": "HF_TOKEN", "value": "x"}]
    manifest = _manifest(initializer={"dataset": {"storageUri": "hf://x", "env": env}})
    first = next(iter(_kind().pods(_kind().view(manifest), _unknown)))

    assert first.path == ("spec", "initializer", "dataset")
    assert first.mains[0].get("env") == env
    assert (first.subrole, first.role, first.writer) == (Subrole.INITIALIZER, Role.DATA, False)
    assert not first.complete


def test_the_deadline_is_its_own_and_retries_are_the_runtimes() -> None:
    manifest = _manifest(activeDeadlineSeconds=60)
    deadlines = _kind().deadlines(_kind().view(manifest), ())

    assert deadlines is not None
    assert [place.value for place in deadlines.places] == [60]
    assert deadlines.fix_at == (("spec", "activeDeadlineSeconds"),)
    assert list(_kind().retries(_kind().view(manifest))) == []


@pytest.mark.parametrize("group", ["trainer.kubeflow.org", "kubeflow.org"])
def test_the_kinds_of_both_groups(group: str) -> None:
    kind = find_kind(group, "TrainJob")

    assert kind is not None
    assert kind.role is Role.TRAINING
    assert kind.plural == "trainjobs"
    assert kind.required == (("spec", "runtimeRef"),)
