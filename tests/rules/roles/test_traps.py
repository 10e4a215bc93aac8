"""Manifests that look like one thing and are another."""

from typing import Any

import pytest

from rules.commands.scripts import clean, fold
from rules.kinds import find_kind
from rules.kinds.podspec import make_bare_pod
from rules.kinds.roles import Role
from rules.kinds.schema import Kind
from rules.manifest import Manifest
from rules.roles import Judgement, classify_pod
from rules.roles.texts import read_text
from rules.roles.words import read_stem

JOB = Kind("batch", "Job", priors={Role.TRAINING: 1, Role.BATCH: 1, Role.DATA: 1, Role.SERVING: -6})
DEPLOYMENT = find_kind("apps", "Deployment")


def run(
    kind: Kind | None, *containers: dict[str, Any], gpu: bool = False, **meta: Any
) -> Judgement:
    assert kind is not None
    named = [{"name": f"c{at}", **body} for at, body in enumerate(containers)]
    pod = make_bare_pod(("spec",), {"containers": named})
    manifest = Manifest({"metadata": meta})
    return classify_pod(kind, manifest, pod, accelerated=gpu, scheduled=False)


def shell(script: str, image: str = "team/x:1") -> dict[str, Any]:
    return {"image": image, "command": ["sh", "-c", script]}


@pytest.mark.parametrize(
    "script",
    [
        "echo 'python train.py'",
        "echo python train.py --epochs 3 && sleep 3",
        "# python train.py\nsleep 1",
        "\n  # torchrun train.py\ndate",
        "pip install axolotl deepspeed\nsleep 5",
        "python -c 'print(\"train.py\")'",
        "{{inputs.parameters.train}}",
        "$TRAIN_CMD --epochs",
        "${TRAIN:-train.py}",
    ],
)
def test_what_is_said_commented_installed_or_templated_does_not_run(script: str) -> None:
    assert run(JOB, shell(script)).role is Role.OTHER


@pytest.mark.parametrize(
    "script",
    [
        "python {{workspace}}/train.py --epochs {{n}}",
        "cd $DIR && python train.py --lr $LR",
        "python \\\n  train.py \\\n  --epochs 3",
        "echo start; python train.py --epochs 1; echo done",
        "aws s3 cp s3://b/d /data --recursive && python train.py --epochs 1",
        "wget https://x/dataset.tar && tar xf dataset.tar && torchrun train.py --lr 1",
        "nvidia-smi && /opt/nccl-tests/all_reduce_perf && torchrun train.py --epochs 2",
        "python -m project.training.main --epochs 2",
    ],
)
def test_the_literal_text_around_templates_and_chores_counts(script: str) -> None:
    assert run(JOB, shell(script)).role is Role.TRAINING


@pytest.mark.parametrize("launcher", ["torchrun", "accelerate launch", "deepspeed", "mpirun -n 2"])
@pytest.mark.parametrize("kind", [JOB, DEPLOYMENT, find_kind("", "Pod")])
def test_a_launcher_alone_is_never_training(launcher: str, kind: Kind) -> None:
    command = [*launcher.split(), "main.py"]
    env = [{"name": "MASTER_ADDR", "value": "x"}]
    body = {"image": "pytorch/pytorch:2.6", "command": command, "env": env}
    for gpu in (False, True):
        found = run(kind, body, gpu=gpu, namespace="ml-training")
        assert found.role not in {Role.TRAINING, Role.RETRAINING}


def test_what_runs_outweighs_its_image_in_a_job_but_not_in_a_server() -> None:
    image = "nvcr.io/nvidia/tritonserver:25.01-py3"
    assert run(JOB, shell("gsutil cp -r gs://b/m /models", image)).role is Role.DATA
    fetch = shell("huggingface-cli download x && tritonserver --model-repository /m", image)
    assert run(DEPLOYMENT, fetch).role is Role.SERVING


def test_idling_is_a_notebook_only_where_machine_learning_is_done() -> None:
    idle = ["sleep", "infinity"]
    assert run(JOB, {"image": "team/x", "command": idle}).role is Role.OTHER
    assert run(JOB, {"image": "team/x", "command": idle}, gpu=True).role is Role.NOTEBOOK
    assert run(JOB, {"image": "pytorch/pytorch", "command": idle}).role is Role.NOTEBOOK
    assert run(JOB, {"image": "busybox", "command": idle}, gpu=True).role is Role.OTHER
    short = {"image": "pytorch/pytorch", "command": ["sleep", "60"]}
    assert run(JOB, short, gpu=True).role is Role.OTHER
    loop = shell("while true; do sleep 30; done;", "pytorch/pytorch")
    assert run(JOB, loop, gpu=True).role is Role.NOTEBOOK
    watch = shell("while true; do nvidia-smi; sleep 30; done", "nvidia/cuda")
    assert run(JOB, watch, gpu=True).role is Role.OTHER
    busy = shell("python train.py --epochs 2; sleep infinity")
    assert run(JOB, busy, gpu=True).role is Role.TRAINING


def test_a_name_promises_nothing_where_nothing_is_done() -> None:
    body = shell("echo Training; sleep 600", "ubuntu:24.04")
    assert run(JOB, body, name="llm-training", namespace="ml-training").role is Role.OTHER
    web = {"image": "nginx", "ports": [{}], "readinessProbe": {"httpGet": {}}}
    assert run(DEPLOYMENT, web, name="model-serving", namespace="ml-serving").role is Role.OTHER


def test_a_web_application_is_no_server_of_models() -> None:
    web = {"image": "team/shop:1", "ports": [{}], "readinessProbe": {"httpGet": {}}}
    assert run(DEPLOYMENT, web, name="model-catalog").role is Role.OTHER
    assert run(DEPLOYMENT, web, name="sentiment", namespace="ml-serving").role is Role.SERVING
    assert run(DEPLOYMENT, web, name="model-catalog", namespace="kserve").role is Role.OTHER
    assert run(DEPLOYMENT, web, name="knative", namespace="knative-serving").role is Role.OTHER


def test_a_gateway_beside_a_server_leaves_the_pod_a_server() -> None:
    server = {"image": "team/jetstream-pytorch-server:1", "args": ["--model_id=x"]}
    gateway = {"image": "team/jetstream-http:1"}
    assert run(DEPLOYMENT, server, gateway).role is Role.SERVING
    load = {"image": "peterevans/vegeta"}
    assert run(DEPLOYMENT, server, load).role is Role.SERVING


@pytest.mark.parametrize(
    ("script", "role"),
    [
        ("wget -O /models/m.gguf https://huggingface.co/m.gguf", Role.DATA),
        ("curl -Lo /data/d.tar.gz https://x/d.tar.gz", Role.DATA),
        ("while true; do wget -q -O- http://model.default; done", Role.OTHER),
        ("curl http://model:8000/v1/models", Role.OTHER),
        ("curl -o /dev/null http://model:8000/health", Role.OTHER),
        ("wget https://x/page.html", Role.OTHER),
    ],
)
def test_fetching_a_model_is_data_and_knocking_is_not(script: str, role: Role) -> None:
    assert run(JOB, shell(script)).role is role


@pytest.mark.parametrize(
    ("stem", "role"),
    [
        ("train", Role.TRAINING),
        ("prepare_train_data", Role.DATA),
        ("train_and_export", Role.TRAINING),
        ("Gemma3LLMTrain", Role.TRAINING),
        ("fine-tune", Role.TRAINING),
        ("quantize_finetuned", Role.DATA),
        ("benchmark_serving", Role.OTHER),
        ("eval_model", Role.OTHER),
        ("model_server", Role.SERVING),
        ("inference_api", Role.SERVING),
        ("mnist_batch_predict", Role.BATCH),
        ("dist_mnist", Role.TRAINING),
    ],
)
def test_the_first_telling_word_of_a_script_counts(stem: str, role: Role) -> None:
    assert read_stem(stem)[0].role is role


@pytest.mark.parametrize(
    "stem", ["main", "constrained", "constraint", "pretrained", "app", "", "_"]
)
def test_other_scripts_tell_nothing(stem: str) -> None:
    assert not read_stem(stem)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("model.fit(x, y)", '+4 training: runs "fit"'),
        ("loss.backward()", '+4 training: runs "backward"'),
        ("python -m torch.distributed.run main.py", '+3 training: runs "torch.distributed.run"'),
        ("python -m pkg.finetune", '+4 training: runs "pkg.finetune"'),
        ("python main.py train", '+4 training: runs "train"'),
        ("vllm serve m", '+6 serving: runs "vllm serve"'),
        ("vllm bench serve", '+7 other: runs "vllm bench"'),
        ("python -m vllm.entrypoints.openai.api_server", '+6 serving: runs "api_server"'),
        ("x --num_train_epochs=3", '+2 training: sets "--num_train_epochs"'),
        ("spark-submit job.jar", '+6 data: runs "spark-submit"'),
    ],
)
def test_programs_modules_and_phrases_are_heard(text: str, sentence: str) -> None:
    assert sentence in [signal.sentence for signal in read_text(fold(clean(text)))]


@pytest.mark.parametrize(
    "text", ["ls /data/train", "cd /opt/deepspeed/examples", "tool -m gemma-lora", "cat /x/k6/y"]
)
def test_folders_and_model_names_are_no_programs(text: str) -> None:
    assert read_text(fold(clean(text))) == ()


def _mpi_job(launcher: str) -> dict[str, Any]:
    def template(*command: str) -> dict[str, Any]:
        container = {"name": "main", "image": "team/mpi", "command": list(command)}
        return {"template": {"spec": {"containers": [container]}}}

    replicas = {
        "Launcher": template("sh", "-c", launcher),
        "Worker": template("/usr/sbin/sshd", "-De"),
    }
    return {
        "apiVersion": "kubeflow.org/v2beta1",
        "kind": "MPIJob",
        "metadata": {"name": "job"},
        "spec": {"mpiReplicaSpecs": replicas},
    }


@pytest.mark.parametrize(
    ("launcher", "role"),
    [
        ("mpirun -np 2 ./xhpl", Role.OTHER),
        ("mpirun -np 2 /opt/all_reduce_perf -b 8", Role.OTHER),
        ("horovodrun -np 2 python train.py", Role.TRAINING),
        ("mpirun -np 2 python main.py", Role.TRAINING),
    ],
)
def test_a_worker_does_what_its_launcher_gives_it(launcher: str, role: Role, judge: Any) -> None:
    found = judge(_mpi_job(launcher))
    assert found.role is role
    assert found.evidence
