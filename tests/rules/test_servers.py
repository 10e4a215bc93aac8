"""What is known of model servers, and which images and commands are one."""

import pytest

from rules.image import parse_image
from rules.servers import (
    COMMON_SERVERS,
    SERVERS,
    ReadFlag,
    Server,
    find_program,
    find_server,
    is_part,
    name_metrics,
)


def named(name: str) -> Server:
    return next(server for server in SERVERS if server.name == name)


def given(**flags: str) -> ReadFlag:
    return {name.replace("_", "-"): value for name, value in flags.items()}.get


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("vllm/vllm-openai:v0.9.0", "vLLM"),
        ("ghcr.io/llm-d/llm-d-cuda:v0.3", "vLLM"),
        ("ghcr.io/huggingface/text-generation-inference:3.0", "TGI"),
        ("registry.example.com/tgi-gaudi:2", "TGI"),
        ("nvcr.io/nvidia/tritonserver:25.01-py3", "Triton"),
        ("lmsysorg/sglang:latest", "SGLang"),
        ("nvcr.io/nvidia/tensorrt-llm/release:1.0", "TensorRT-LLM"),
        ("nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8", "NIM"),
        ("ollama/ollama", "Ollama"),
        ("ghcr.io/ggml-org/llama.cpp:server-cuda", "llama.cpp"),
        ("pytorch/torchserve:latest-gpu", "TorchServe"),
        ("tensorflow/serving:2.19.0-gpu", "TensorFlow Serving"),
        ("docker.io/seldonio/mlserver:1.6", "MLServer"),
        ("kserve/huggingfaceserver:v0.15", "KServe's huggingfaceserver"),
        ("kserve/sklearnserver:v0.15", "KServe's model server"),
        ("openmmlab/lmdeploy:latest", "LMDeploy"),
        ("michaelf34/infinity:0.0.76", "Infinity"),
        ("ghcr.io/huggingface/text-embeddings-inference:1.7", "TEI"),
        ("openvino/model_server:latest", "OpenVINO Model Server"),
        ("XPROBE/Xinference:latest", "Xinference"),
        ("quay.io/go-skynet/local-ai:latest", "LocalAI"),
        ("yanwk/comfyui-boot:cu126", "ComfyUI"),
        ("ghcr.io/immich-app/immich-machine-learning:v2", "Immich's machine learning"),
        ("fedirz/faster-whisper-server:latest-cpu", "Speaches"),
    ],
)
def test_an_image_is_of_a_server_by_its_name(image: str, name: str) -> None:
    found = find_server(parse_image(image))

    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    "image",
    [
        *("", "nginx", "team/app:vllm", "opea/llm-tgi:1", "pytorch/pytorch", "x/infinity-proxy"),
        *("team/vllm-latency-proxy:1", "nvcr.io/nvidia/tritonserver:25.01-py3-sdk"),
    ],
)
def test_other_images_are_of_none(image: str) -> None:
    assert find_server(parse_image(image)) is None


@pytest.mark.parametrize(
    ("image", "part"),
    [
        ("lmcache/vllm-router:1", True),
        ("registry.example.com/vllm-consumer:v1", True),
        ("ghcr.io/llm-d/llm-d-inference-sim:v0.6.1", True),
        ("kserve/kserve-controller", True),
        ("ghcr.io/open-webui/open-webui", True),
        ("nvcr.io/nvidia/tritonserver:25.01-py3-sdk", True),
        ("nvcr.io/nvidia/tritonserver:25.01-py3", False),
        ("vllm/vllm-openai", False),
        ("router/vllm", False),
    ],
)
def test_a_part_of_a_platform_is_named_so(image: str, *, part: bool) -> None:
    assert is_part(parse_image(image)) is part


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("vllm serve org/model", "vLLM"),
        ("python3 -m vllm.entrypoints.openai.api_server --model m", "vLLM"),
        ("/usr/bin/tritonserver --model-repository=/m", "Triton"),
        ("python -m sglang.launch_server", "SGLang"),
        ("ollama run llama3", "Ollama"),
        ("lmdeploy serve api_server m", "LMDeploy"),
        ("/app/llama-server -m x.gguf", "llama.cpp"),
    ],
)
def test_a_command_starts_a_server_by_its_words(command: str, name: str) -> None:
    found = find_program(command.split())

    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("command", ["", "python main.py", "ollama pull m", "serve vllm"])
def test_other_commands_start_none(command: str) -> None:
    assert find_program(command.split()) is None


def test_which_servers_answer_before_a_model_is_loaded() -> None:
    always = {one.name for one in SERVERS if one.answers_unloaded(given())}

    assert always == {
        *("Ollama", "llama-swap", "MLServer", "TorchServe", "Xinference", "LocalAI", "Speaches"),
        *("ComfyUI", "Immich's machine learning"),
    }


def test_triton_answers_unloaded_only_where_it_loads_nothing_at_its_start() -> None:
    answers = named("Triton").answers_unloaded

    assert answers(given(model_control_mode="explicit"))
    assert not answers(given(model_control_mode="explicit", load_model="m"))
    assert not answers(given(model_control_mode="none"))
    assert not answers(given(model_control_mode="poll"))


def test_what_to_scale_on_is_named_with_the_server() -> None:
    assert name_metrics(COMMON_SERVERS) == (
        "vllm:num_requests_waiting (vLLM), tgi_queue_size (TGI) or "
        "nv_inference_queue_duration_us (Triton)"
    )
    assert name_metrics([named("TEI")]) == "te_queue_size (TEI)"


@pytest.mark.parametrize("server", SERVERS, ids=[server.name for server in SERVERS])
def test_a_row_is_whole(server: Server) -> None:
    assert server.images or server.programs
    assert (server.live is None) == (server.ready is None)
    paths = [path for path in (server.live, server.ready, *server.caches) if path is not None]
    assert all(path.startswith("/") for path in paths)
    assert all(name.startswith("--") or name.isupper() for name in server.port_from)
    words = (*server.images, *server.programs, *server.names)
    assert all(word == word.lower() for word in words)


def test_no_word_tells_two_servers() -> None:
    assert len({server.name for server in SERVERS}) == len(SERVERS)
    for words in (
        [word for server in SERVERS for word in server.images],
        [word for server in SERVERS for word in server.programs],
    ):
        assert len(set(words)) == len(words)
