"""Evidence for a container's role in the name of its image."""

from collections.abc import Iterator
from functools import lru_cache

from rules.image import Image, parse_image
from rules.kinds.roles import Role
from rules.roles.vocabulary import Mark, Signal, say
from rules.roles.words import trains, travels
from rules.servers import find_server, is_part
from rules.words import split_name

_SERVER = Mark(Role.SERVING, 6, "image")
_OWN_SERVER = Mark(Role.SERVING, 3, "image")
_TRAINER = Mark(Role.TRAINING, 3, "image")
_BASE = Mark(Role.TRAINING, 1, "base")
_BATCH = Mark(Role.BATCH, 4, "image")
_PREDICTOR = Mark(Role.BATCH, 3, "image")
_DATA = Mark(Role.DATA, 4, "image")
_ENGINE = Mark(Role.DATA, 2, "image")
_NOTEBOOK = Mark(Role.NOTEBOOK, 6, "image")
_PRODUCT = Mark(Role.OTHER, 5, "image")
_PART = Mark(Role.OTHER, 6, "part")
_MEASURE = Mark(Role.OTHER, 5, "image")
_BENCHMARKS = ("bench", "benchmark", "benchmarks")
_WORKBENCH = "workbench"

_SERVER_TEXTS = ("model-server", "model_server", "onnxruntime/server")
"""What is a server of somebody's own by its name."""
_PRODUCTS = frozenset(
    "busybox agnhost alpine bash nginx redis valkey mysql mariadb postgres postgresql pgvector"
    " mongo"
    " mongodb cassandra elasticsearch opensearch kibana grafana prometheus minio seaweedfs rabbitmq"
    " nats kafka zookeeper memcached haproxy traefik envoy httpd tomcat wordpress etcd k6 vegeta"
    " locust"
    " airflow superset metabase neo4j qdrant weaviate milvus chroma chromadb clickhouse cockroach"
    " influxdb vault consul keycloak mlflow tensorboard gradio streamlit litellm langfuse dify n8n"
    " flowise kubectl curl pause whalesay argosay cowsay stress hello echoserver jmeter wrk fortio"
    " guidellm loki temporal sleep echo vectoradd nbody dcgm airbyte perf whereami argocli feast"
    " wandb clearml determined anythingllm librechat lobechat"
    # what shows and renders pictures
    " jellyfin plex emby dvr immich tdarr handbrake ffmpeg blender selkies guacamole sunshine"
    # collectives, whose images measure what lies between accelerators
    " allreduce allgather alltoall reducescatter sendrecv".split()
)
_PRODUCT_TEXTS = (
    "label-studio",
    "plexinc",
    "open-webui",
    "hello-app",
    "hello-world",
    "echo-server",
    "echo-basic",
    "nccl-tests",
    "nccl_tests",
    "gpu-burn",
    "cuda-sample",
    "cuda-vector-add",
    "mpi-pi",
    "lammps",
    "gromacs",
    "hpc-benchmarks",
    "genai-perf",
    "inference-perf",
    "lm-eval",
    "curlimages",
    "device-plugin",
    "event_display",
    "kube-state-metrics",
    "opentelemetry",
)
_TRAINERS = frozenset(
    "axolotl megatron llamafactory torchtune horovod nemo unsloth openrlhf verl maxtext torchtitan"
    " autotrain finetuning finetuner".split()
)
_BASES = frozenset(
    "pytorch tensorflow ray jax xgboost paddle paddlepaddle mxnet transformers mindspore lightgbm"
    " keras deepspeed accelerate".split()
)
_CONTAINERS_FOR_LEARNING = ("763104351884.dkr.ecr.", "/deep-learning-containers/")
"""AWS's Deep Learning Containers: what they call training has the framework for it."""
_BATCHES = frozenset("batchpredict batchinference batchinfer batchscoring offlineinference".split())
_OWN_SERVERS = frozenset(
    "serve serving inference predictor llmserver whisper modelserver modelapi modelservice mlapi"
    " mlservice predictapi predictionapi predictionservice machinelearning sentimentanalysis"
    " frauddetection objectdetection facerecognition stablediffusion libretranslate kokoro"
    " piper deepspeech sentencetransformers deepstack compreface tabby h2ogpt invokeai riva".split()
)
_OWN_MODELS = frozenset("model models classifier".split())
"""Last words of images that serve what they are named after."""
_INFERS = frozenset({"inference", "whisper"})
"""Words of images that predict once in a job."""
_DATA_WORDS = frozenset("etl s5cmd rclone dataprep dataloader awscli".split())
_ENGINES = frozenset({"spark", "dask"})
"""What data are worked on with, and models trained."""
_DATA_TEXTS = (
    "cloud-sdk",
    "google-cloud-cli",
    "aws-cli",
    "storage-initializer",
    "dataset-initializer",
    "model-initializer",
    "inference-checkpoint",
    "download",
    "convert",
    "preprocess",
    "tokenize",
    "quantiz",
)
_NOTEBOOKS = frozenset("zeppelin notebook notebooks singleuser rstudio codeserver marimo".split())


def read_image(image: str) -> tuple[Signal, ...]:
    """What the image's name says. A part of a platform first: a router of vLLM is a router."""
    return _read_image(image[:512])  # only that much is remembered of a long one


def is_product(image: str) -> bool:
    """Whether an image is a product that is no machine learning, be it around some or not."""
    return any(one[:3] == _PRODUCT for one in read_image(image))


@lru_cache(maxsize=1024)
def _read_image(text: str) -> tuple[Signal, ...]:
    image = parse_image(text.lower())
    return tuple(say(mark, f'image "{text[:200]}"') for mark in _marks(image))


def _marks(image: Image) -> Iterator[Mark]:
    path, last, words, tag = image.path, image.name, image.words, image.tag
    everything = words | image.path_words
    if _is_part(image):
        yield _PART
        return
    if everything & _NOTEBOOKS or "jupyter" in path + tag or "code-server" in path:
        yield _NOTEBOOK
    if words & _DATA_WORDS or any(text in last for text in _DATA_TEXTS):
        yield _DATA
        return
    if find_server(image) or any(text in path for text in _SERVER_TEXTS):
        yield _SERVER
        return
    if words & _PRODUCTS or any(text in path for text in _PRODUCT_TEXTS):
        yield _PRODUCT
    general = any(text in path for text in _CONTAINERS_FOR_LEARNING)
    yield from (one for one in _own(everything, words, last) if not (general and one is _TRAINER))


def _is_part(image: Image) -> bool:
    """A part of a platform. Habana calls its base images installers."""
    words = image.words
    return is_part(image) and not ("installer" in words and words & _BASES)


def _own(everything: frozenset[str], words: frozenset[str], name: str) -> Iterator[Mark]:
    """Signs in the name of an image that is not a known product: its makers name it after what it
    does."""
    if any(word.endswith(_BENCHMARKS) and word != _WORKBENCH for word in words):
        yield _MEASURE
    if words & _BATCHES:
        yield _BATCH
    elif words & _OWN_SERVERS or not _OWN_MODELS.isdisjoint(split_name(name)[-1:]):
        yield _OWN_SERVER
    if words & _INFERS:
        yield _PREDICTOR
    if everything & _TRAINERS or (any(map(trains, words)) and not travels(everything)):
        yield _TRAINER
    elif words & _ENGINES:
        yield _ENGINE
    if everything & _BASES:
        yield _BASE
