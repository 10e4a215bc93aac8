"""The order of decision: the user's word, labels, the kind, and only then the score."""

from typing import Any

import pytest

from rules.kinds.pods import Pod
from rules.kinds.podspec import make_bare_pod
from rules.kinds.roles import Role, Subrole
from rules.kinds.schema import Kind
from rules.manifest import Manifest
from rules.model import Confidence
from rules.roles import OVERRIDES, Judgement, classify_pod, read_override, strongest

LABEL = "mlgate.dev/role"
HARD = Kind("kubeflow.org", "PyTorchJob", role=Role.TRAINING)
SOFT = Kind("", "Pod")
JOB = Kind("batch", "Job", priors={Role.TRAINING: 1, Role.BATCH: 1, Role.DATA: 1, Role.SERVING: -6})
SERVER = {"name": "main", "image": "vllm/vllm-openai:v1"}


def classify(
    kind: Kind = SOFT,
    containers: list[dict[str, Any]] | None = None,
    *,
    on_object: dict[str, Any] | None = None,
    on_template: dict[str, Any] | None = None,
    accelerated: bool = False,
    scheduled: bool = False,
    **known: Any,
) -> Judgement:
    pod = make_bare_pod(
        ("spec",), {"containers": containers or [SERVER]}, metadata=on_template, **known
    )
    manifest = Manifest({"metadata": on_object or {}})
    return classify_pod(kind, manifest, pod, accelerated=accelerated, scheduled=scheduled)


@pytest.mark.parametrize("place", ["annotations", "labels"])
@pytest.mark.parametrize("scope", ["on_object", "on_template"])
@pytest.mark.parametrize("role", sorted(OVERRIDES))
def test_the_users_word_wins_over_everything(place: str, scope: str, role: str) -> None:
    said: dict[str, Any] = {scope: {place: {LABEL: role}}}
    for kind in (HARD, SOFT):
        found = classify(kind, **said)
        assert (found.role, found.confidence) == (role, Confidence.HIGH)
        assert found.evidence == (f"{LABEL} says {role}",)


def test_the_template_wins_over_the_object_and_an_annotation_over_a_label() -> None:
    said = {"annotations": {LABEL: "data"}, "labels": {LABEL: "other"}}
    assert classify(on_object={"labels": {LABEL: "none"}}, on_template=said).role is Role.DATA


@pytest.mark.parametrize("value", ["trainig", "", 7, None, ["training"], {"a": 1}])
def test_a_value_that_is_no_role_is_passed_over(value: Any) -> None:
    said = {"annotations": {LABEL: value}}
    assert classify(on_object=said).role is Role.SERVING
    assert classify(on_template=said, on_object={"labels": {LABEL: "data"}}).role is Role.DATA
    pod = Pod((), (), {}, metadata=said)
    assert read_override(Manifest({}), pod, LABEL) is None


@pytest.mark.parametrize(
    ("component", "role"),
    [
        ("training", Role.TRAINING),
        ("trainer", Role.TRAINING),
        ("inference", Role.SERVING),
        ("predictor", Role.SERVING),
        ("notebook", Role.NOTEBOOK),
        ("data-prep", Role.DATA),
        ("controller", Role.SERVING),
    ],
)
def test_the_component_label_ranks_below_the_users_word(component: str, role: Role) -> None:
    labels = {"app.kubernetes.io/component": component}
    assert classify(on_template={"labels": labels}).role is role
    assert classify(on_object={"labels": {**labels, LABEL: "other"}}).role is Role.OTHER


def test_the_trainers_step_makes_an_initializer() -> None:
    step = "trainer.kubeflow.org/trainjob-ancestor-step"
    found = classify(HARD, on_template={"labels": {step: "dataset-initializer"}})
    assert (found.role, found.subrole) == (Role.DATA, Subrole.INITIALIZER)
    trainer = classify(SOFT, on_template={"labels": {step: "trainer"}}, subrole=Subrole.WORKER)
    assert (trainer.role, trainer.subrole) == (Role.TRAINING, Subrole.WORKER)


def test_another_label_can_be_the_users_word() -> None:
    pod = Pod((), (), {}, metadata={"labels": {"team/role": "data"}})
    found = classify_pod(
        HARD, Manifest({}), pod, accelerated=False, scheduled=False, label="team/role"
    )
    assert found.role is Role.DATA


def test_a_hard_kind_is_its_role_whatever_it_is_called() -> None:
    found = classify(HARD, [{"name": "x", "image": "team/thing"}], on_object={"name": "nothing"})
    assert (found.role, found.confidence) == (Role.TRAINING, Confidence.HIGH)
    assert found.evidence == ("kind PyTorchJob is training",)


@pytest.mark.parametrize(
    "container",
    [
        {"image": "pytorch/pytorch:2.6", "command": ["echo", "training"]},
        {"image": "pytorch/pytorch:2.6", "command": ["sh", "-c", "nvidia-smi; sleep 60"]},
        {"image": "busybox", "command": ["sleep", "infinity"]},
        {"image": "team/nccl", "command": ["mpirun", "/opt/nccl-tests/build/all_reduce_perf"]},
        {"image": "team/hpc", "command": ["lmp", "-in", "in.reaxff"]},
        {"image": "registry.k8s.io/e2e-test-images/agnhost:2.53", "args": ["pause"]},
    ],
)
def test_a_hard_kind_that_plainly_does_something_else_is_other(container: dict[str, Any]) -> None:
    found = classify(HARD, [{"name": "pytorch", **container}])
    assert (found.role, found.confidence) == (Role.OTHER, Confidence.MEDIUM)
    assert found.evidence[-1] == "kind PyTorchJob is training"


def test_one_container_that_does_not_speaks_for_all() -> None:
    echo = {"name": "a", "image": "busybox", "command": ["echo", "hi"]}
    main = {"name": "b", "image": "team/thing"}
    assert classify(HARD, [echo, main]).role is Role.TRAINING
    assert classify(HARD, [echo, {**echo, "name": "b"}]).role is Role.OTHER


@pytest.mark.parametrize(
    "command",
    [
        ["sh", "-c", "nvidia-smi && python train.py"],
        ["sh", "-c", "echo start; torchrun train.py; tensorboard --logdir /logs"],
        ["python", "main.py", "--logdir", "/logs/tensorboard"],
        ["{{command}}"],
    ],
)
def test_looking_around_first_turns_no_hard_kind(command: list[str]) -> None:
    found = classify(HARD, [{"name": "pytorch", "image": "team/x", "command": command}])
    assert (found.role, found.confidence) == (Role.TRAINING, Confidence.HIGH)


def test_a_kind_can_fix_the_role_of_one_template() -> None:
    found = classify(HARD, role=Role.DATA, subrole=Subrole.INITIALIZER)
    assert (found.role, found.subrole) == (Role.DATA, Subrole.INITIALIZER)
    assert found.evidence == ("such a template of kind PyTorchJob is data",)


@pytest.mark.parametrize(
    "name", ["weekly-retrain", "retrainer", "model-retraining-2", "re-train-fraud"]
)
def test_a_name_makes_training_retraining(name: str) -> None:
    found = classify(HARD, [{"name": "x", "image": "y"}], on_object={"name": name})
    assert found.role is Role.RETRAINING
    assert found.evidence[-1] == f'retraining: named "{name}"'


@pytest.mark.parametrize("name", ["gpt-pretrain", "pretraining", "training", "pre-train"])
def test_training_before_is_no_training_again(name: str) -> None:
    found = classify(HARD, [{"name": "x", "image": "y"}], on_object={"name": name})
    assert found.role is Role.TRAINING


def test_a_schedule_makes_training_retraining_and_nothing_else() -> None:
    train = [{"name": "x", "image": "team/x", "command": ["python", "train.py"]}]
    assert classify(JOB, train, scheduled=True).role is Role.RETRAINING
    assert classify(JOB, train).role is Role.TRAINING
    clean = [{"name": "x", "image": "team/x", "command": ["python", "preprocess.py"]}]
    assert classify(JOB, clean, scheduled=True).role is Role.DATA


def test_the_strongest_role_stands_for_the_object() -> None:
    def judge(role: Role, confidence: Confidence = Confidence.HIGH, score: int = 9) -> Judgement:
        return Judgement(role, None, confidence, score, score, ())

    order = "retraining training serving batch-inference data notebook unknown-ml other none"
    judgements = [judge(Role(role)) for role in order.split()]
    for at, expected in enumerate(judgements):
        assert strongest(reversed(judgements[at:])) == expected
    low, high = judge(Role.TRAINING, Confidence.LOW), judge(Role.TRAINING)
    assert strongest([low, high]) == high
    weak, strong = judge(Role.DATA, score=5), judge(Role.DATA, score=7)
    assert strongest([weak, strong]) == strong
    assert strongest([]) is None


@pytest.mark.parametrize(
    ("words", "confidence"),
    [
        (["python", "train.py", "--epochs", "3"], Confidence.HIGH),
        (["python", "train.py"], Confidence.MEDIUM),
        (["python", "mnist.py"], Confidence.LOW),
    ],
)
def test_confidence_is_score_and_margin(words: list[str], confidence: Confidence) -> None:
    found = classify(JOB, [{"name": "x", "image": "team/x", "command": words}])
    assert (found.role, found.confidence) == (Role.TRAINING, confidence)


def test_the_evidence_can_be_checked_by_a_person() -> None:
    container = {
        "name": "trainer",
        "image": "team/bert-trainer:v1",
        "command": ["torchrun", "train.py", "--epochs", "3"],
        "env": [{"name": "HOME"}, {"name": "NCCL_DEBUG", "value": "INFO"}],
    }
    found = classify(JOB, [container], on_object={"namespace": "ml-training"}, accelerated=True)
    assert found.evidence == (
        '+5 training: runs "train.py"',
        '+3 training: runs "torchrun"',
        '+3 training: image "team/bert-trainer:v1"',
        '+3 training: named "trainer"',
        '+2 training: sets "--epochs"',
        '+2 training: in namespace "ml-training"',
        "+1 training: has the environment NCCL_DEBUG",
        "+1 training: kind Job",
        "+1 training: asks for an accelerator",
    )
    assert (found.score, found.margin) == (21, 21)
