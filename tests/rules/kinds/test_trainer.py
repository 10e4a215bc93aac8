"""Training runtimes: a JobSet whose outputs and image a TrainJob chooses."""

from typing import Any

import pytest

from rules.kinds import find_kind
from rules.kinds.lookups import Answer
from rules.kinds.pods import Pod
from rules.kinds.roles import Role, Subrole
from rules.kinds.schema import Kind
from rules.manifest import Manifest
from rules.paths import Path

STEP = "trainer.kubeflow.org/trainjob-ancestor-step"
JOBS: Path = ("spec", "template", "spec", "replicatedJobs")


def _kind(name: str = "ClusterTrainingRuntime", group: str = "trainer.kubeflow.org") -> Kind:
    kind = find_kind(group, name)
    assert kind is not None
    return kind


def _ask(*_question: Any) -> tuple[Answer, Any]:
    return Answer.UNKNOWN, None


def _job(name: str, step: str) -> dict[str, Any]:
    pod = {"containers": [{"name": "node"}]}
    template = {"metadata": {"labels": {STEP: step}}, "spec": {"template": {"spec": pod}}}
    return {"name": name, "template": template}


def _runtime() -> Manifest:
    jobs = [_job("dataset-initializer", "dataset-initializer"), _job("node", "trainer")]
    spec = {
        "mlPolicy": {"numNodes": 4, "torch": {}},
        "template": {"spec": {"replicatedJobs": jobs}},
    }
    return Manifest(
        {
            "apiVersion": "trainer.kubeflow.org/v1alpha1",
            "kind": "ClusterTrainingRuntime",
            "metadata": {"name": "torch"},
            "spec": spec,
        }
    )


def _pods() -> dict[str, Pod]:
    return {pod.name: pod for pod in _kind().pods(_kind().view(_runtime()), _ask)}


def test_the_pods_are_those_of_the_jobset() -> None:
    pods = _pods()
    node, initializer = pods["node"], pods["dataset-initializer"]

    assert node.path == (*JOBS, 1, "template", "spec", "template")
    assert (node.writer, initializer.writer) == (True, False)
    assert (initializer.subrole, initializer.role) == (Subrole.INITIALIZER, Role.DATA)
    assert (node.replicas, initializer.replicas) == (4, 1)


def test_outputs_and_image_are_the_trainjobs_choice() -> None:
    node = _pods()["node"]

    assert not node.outputs_known
    assert not node.images
    assert node.complete


def test_the_restart_policy_is_the_jobsets() -> None:
    restart = _pods()["node"].restart

    assert restart is not None
    assert restart.value.path[-1] == "restartPolicy"
    assert (restart.value.value, restart.value.absent) == ("OnFailure", True)
    assert restart.form == "operator"


def test_budgets_and_deadline_are_the_jobsets_below_the_template() -> None:
    restarts, child = _kind().retries(_kind().view(_runtime()))
    deadlines = _kind().deadlines(_kind().view(_runtime()), ())

    assert restarts.value.path == ("spec", "template", "spec", "failurePolicy", "maxRestarts")
    assert child.value.path == (*JOBS, 1, "template", "spec", "backoffLimit")
    assert deadlines is not None
    assert deadlines.fix_at == ((*JOBS, 1, "template", "spec", "activeDeadlineSeconds"),)


def test_a_trainjob_may_ask_for_the_whole_spec() -> None:
    assert _kind().read_facts(_runtime()) == {"spec": _runtime().object["spec"]}


@pytest.mark.parametrize("group", ["trainer.kubeflow.org", "kubeflow.org"])
def test_the_kinds_of_both_groups(group: str) -> None:
    cluster, local = _kind(group=group), _kind("TrainingRuntime", group)

    assert (cluster.namespaced, local.namespaced) == (False, True)
    assert (cluster.plural, local.plural) == ("clustertrainingruntimes", "trainingruntimes")
    assert cluster.role is local.role is Role.TRAINING
