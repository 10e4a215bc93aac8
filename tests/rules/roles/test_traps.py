"""Manifests that look like one thing and are another."""

from typing import Any

import pytest

from rules.commands.scripts import clean, fold
from rules.kinds import find_kind
from rules.kinds.podspec import make_bare_pod
from rules.kinds.roles import Role
from rules.kinds.schema import Kind
from rules.manifest import Manifest
from rules.model import Confidence
from rules.roles import Judgement, classify_pod
from rules.roles.settings import read_variable
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
        ("eval_model", Role.BATCH),
        ("split_dataset", Role.DATA),
        ("make_training_set", Role.DATA),
        ("train_dataset_v2", Role.TRAINING),
        ("model_server", Role.SERVING),
        ("inference_api", Role.SERVING),
        ("mnist_batch_predict", Role.BATCH),
        ("dist_mnist", Role.TRAINING),
        ("run_retraining_trigger", Role.OTHER),
        ("drift_triggered_retraining", Role.TRAINING),
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
        ("x --num-epochs 3 --lr 1 --seed 1", '+3 training: sets "--lr" and 1 more such'),
        ("x --train_mode a", '+3 training: sets "--train_mode"'),
        ("x --micro_batch-size 2", '+1 training: sets "--micro_batch-size"'),
        ("python imagenet/main.py", '+3 training: runs "imagenet/main.py"'),
        ("spark-submit job.jar", '+6 data: runs "spark-submit"'),
    ],
)
def test_programs_modules_and_phrases_are_heard(text: str, sentence: str) -> None:
    assert sentence in [signal.sentence for signal in read_text(fold(clean(text)))]


@pytest.mark.parametrize(
    "text",
    [
        "ls /data/train",
        "cd /opt/deepspeed/examples",
        "tool -m gemma-lora",
        "cat /x/k6/y",
        "curl --data-urlencode direction=backward",
    ],
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


def _ask(path: str, port: int) -> dict[str, Any]:
    probe = {"httpGet": {"path": path, "port": port}}
    return {"image": "team/moe:1", "ports": [{"containerPort": port}], "livenessProbe": probe}


@pytest.mark.parametrize("path", ["/api", "/lab", "/tree/", "/api/status"])
def test_jupyters_pages_at_its_port_are_a_notebooks(path: str) -> None:
    assert run(DEPLOYMENT, _ask(path, 8888), gpu=True).role is Role.NOTEBOOK
    assert run(DEPLOYMENT, _ask(path, 8080), gpu=True).role is not Role.NOTEBOOK


def test_another_page_at_jupyters_port_is_no_notebook() -> None:
    assert run(DEPLOYMENT, _ask("/apis/v1/healthz", 8888)).role is Role.OTHER


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("RDZV_ENDPOINT", Role.TRAINING),
        ("LEARNING_RATE", Role.TRAINING),
        ("MAX_EPOCHS", Role.TRAINING),
        ("TRAIN_FILES", Role.TRAINING),
        ("TRAIN_BATCH_SIZE", Role.TRAINING),
        ("MINI_BATCH_SIZE", Role.TRAINING),
        ("ONLINE_CHECKPOINT_PATH", Role.TRAINING),
        ("MODEL_PATH", Role.SERVING),
        ("HF_HOME", Role.SERVING),
        ("AIP_PREDICT_ROUTE", Role.SERVING),
    ],
)
def test_variables_tell_what_reads_them(name: str, role: Role) -> None:
    signal = read_variable(name)
    assert signal is not None
    assert signal.role is role


@pytest.mark.parametrize("name", ["MODEL_NAME", "MODEL_URL", "TRAINING_SERVER_URL", "PATH", ""])
def test_what_clients_set_tells_nothing(name: str) -> None:
    assert read_variable(name) is None


def test_a_models_place_and_a_port_are_likely_a_server() -> None:
    env = [{"name": "MODEL_PATH", "value": "/models/best.pth"}]
    web = {"image": "team/poses:1", "env": env, "command": ["gunicorn", "app:api"]}
    asked = {**web, "ports": [{"containerPort": 8000}], "livenessProbe": {"httpGet": {}}}
    found = run(DEPLOYMENT, asked, name="poses-inference")
    assert (found.role, found.confidence) == (Role.SERVING, Confidence.MEDIUM)
    assert run(DEPLOYMENT, web).role is Role.OTHER
    assert run(JOB, asked).role is Role.OTHER


def test_two_names_that_agree_are_surer_than_one() -> None:
    def name(container: str, image: str = "team/tickets:1") -> Confidence:
        found = run(JOB, {"name": container, "image": image}, name="text-train")
        assert found.role is Role.TRAINING
        return found.confidence

    assert name("main") is Confidence.LOW
    assert name("text-train-container") is Confidence.MEDIUM
    assert name("main", "team/ticket-trainer:1") is Confidence.MEDIUM


def test_a_namespace_for_servers_makes_a_server_sure() -> None:
    web = {"image": "team/x:1", "ports": [{}], "livenessProbe": {"httpGet": {}}}
    found = run(DEPLOYMENT, web, name="sentiment-model", namespace="ml-serving")
    assert (found.role, found.confidence) == (Role.SERVING, Confidence.HIGH)


def test_learning_online_is_training() -> None:
    names = ("LEARNING_RATE", "MINI_BATCH_SIZE", "ONLINE_CHECKPOINT_PATH")
    env = [{"name": name, "value": "1"} for name in names]
    body = {"image": "team/x:1", "command": ["python", "-m", "x.orchestrator"], "env": env}
    assert run(JOB, body).role is Role.TRAINING


def test_a_pod_that_claims_devices_and_sleeps_shows_how_that_is_done() -> None:
    wait = {"name": "main", "image": "ubuntu:24.04", "command": ["sleep", "infinity"]}
    for claims, role in (([], Role.NOTEBOOK), ([{"name": "gpu"}], Role.OTHER)):
        pod = make_bare_pod(("spec",), {"containers": [wait], "resourceClaims": claims})
        found = classify_pod(JOB, Manifest({}), pod, accelerated=True, scheduled=False)
        assert found.role is role


def test_what_a_place_to_log_in_to_does_before_it_waits_is_nothing() -> None:
    wait = "while true; do sleep 3600; done"
    for before in ("cd /work", "service ssh start", "git clone https://git.example/x"):
        assert run(JOB, shell(f"{before}\n{wait}"), gpu=True).role is Role.NOTEBOOK
    assert run(JOB, shell(f"./job.sh\n{wait}"), gpu=True).role is Role.UNKNOWN_ML


@pytest.mark.parametrize(
    ("command", "role"),
    [
        ("torchrun generate.py --prompt x --save_file /out/a.mp4", Role.BATCH),
        ("torchrun predict.py", Role.BATCH),
        ("torchrun generate.py", Role.TRAINING),
        ("torchrun train.py --prompt x && python predict.py", Role.TRAINING),
    ],
)
def test_predictions_alone_outweigh_a_kind_that_trains(
    command: str, role: Role, judge: Any
) -> None:
    container = {"name": "pytorch", "image": "team/x:1", "command": ["sh", "-c", command]}
    master = {"template": {"spec": {"containers": [container]}}}
    found = judge(
        {
            "apiVersion": "kubeflow.org/v1",
            "kind": "PyTorchJob",
            "metadata": {"name": "x"},
            "spec": {"pytorchReplicaSpecs": {"Master": master}},
        }
    )
    sure = Confidence.HIGH if role is Role.TRAINING else Confidence.MEDIUM
    assert (found.role, found.confidence) == (role, sure)


@pytest.mark.parametrize(
    ("launcher", "role"),
    [("mpirun ./osu_latency", Role.OTHER), ("mpirun python main.py", Role.TRAINING)],
)
def test_a_worker_follows_its_launcher_under_a_kind_that_trains_too(
    launcher: str, role: Role, judge: Any
) -> None:
    jobs = []
    for name, command in (("launcher", launcher), ("worker", "/usr/sbin/sshd -D")):
        containers = [{"name": "main", "image": "team/osu:1", "command": command.split()}]
        template = {"spec": {"template": {"spec": {"containers": containers}}}}
        jobs.append({"name": name, "template": template})
    found = judge(
        {
            "apiVersion": "trainer.kubeflow.org/v1alpha1",
            "kind": "ClusterTrainingRuntime",
            "metadata": {"name": "mpi"},
            "spec": {"template": {"spec": {"replicatedJobs": jobs}}},
        }
    )
    assert found.role is role


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
