"""What is known of each model server: one row, whose facts stand nowhere else.

Each row names where its facts were read. A port is that of the server's own image, without flags;
a path, a port or a metric that is not known is left out rather than guessed.
"""

from collections.abc import Iterable
from functools import lru_cache

from rules.image import Image, parse_image
from rules.kinds.kept_pods import KeptPod
from rules.servers.general import GENERAL_SERVERS, TRITON
from rules.servers.language import LANGUAGE_SERVERS, TGI, VLLM
from rules.servers.schema import ReadFlag, Server

SERVERS = (*LANGUAGE_SERVERS, *GENERAL_SERVERS)
COMMON_SERVERS = (VLLM, TGI, TRITON)
"""Those whose facts a message names where it does not know the server."""

_IMAGES = [(word, one) for one in SERVERS for word in one.images]
_BY_WORD = {word: one for word, one in _IMAGES if word.isalnum()}
_BY_HEAD = [(word[1:], one) for word, one in _IMAGES if word.startswith("^")]
_BY_PART = [(word, one) for word, one in _IMAGES if not word.isalnum() and word[0] != "^"]
_BY_PROGRAM = [(program, one) for one in SERVERS for program in one.programs]

_PARTS = frozenset(
    """
    controller controllers operator webhook manager gateway router proxy ui webui frontend dashboard
    exporter scheduler epp admin autoscaler adapter plugin plugins apiserver console portal
    agent agents chatbot benchmark benchmarks bench loadtest loadgen
    loadgenerator client installer driver collector picker web crd migration importer hub viewer
    metrics monitor tester sidecar http gradio streamlit chainlit consumer producer publisher
    subscriber
    """.split()
)
"""Words of the images of what stands around a server, is named after it, and loads no model, such
as JetStream's HTTP front."""
_SIMULATORS = frozenset("sim simulator emulator mock mocker".split())
"""Words of the images of what answers as a server does and loads nothing, on whatever devices."""
_TOOLS = frozenset("tools toolbox utils worker workers".split())
"""Words of images that hold programs for a server, or for anything, and of what works off a queue
beside one."""


@lru_cache(maxsize=1024)
def is_part(image: Image) -> bool:
    """Whether an image's name is that of a part of a platform, as a router of vLLM is, or of a
    client: it serves no model itself."""
    part = not image.words.isdisjoint(_PARTS) or is_simulator(image)
    return part or (image.name == "tritonserver" and "-sdk" in image.tag)


def is_simulator(image: Image) -> bool:
    """Whether an image's name is that of what stands in for a model server where others are
    tested (llm-d-inference-sim)."""
    return not image.words.isdisjoint(_SIMULATORS)


@lru_cache(maxsize=1024)
def find_server(image: Image) -> Server | None:
    """The model server that an image is of, by its name, which is of no part of a platform."""
    if is_part(image) or not _TOOLS.isdisjoint(image.words):
        return None
    path, name = f"/{image.path}".lower(), image.name.lower()
    known = image.words & _BY_WORD.keys()
    if known:
        return _BY_WORD[min(known)]
    for head, server in _BY_HEAD:
        if name.startswith(head):
            return server
    return next((server for part, server in _BY_PART if part in path), None)


def has_server(pods: Iterable[KeptPod]) -> bool:
    """Whether a container of some pods runs a model server, by its image."""
    return any(find_server(parse_image(one.image)) for pod in pods for one in pod.containers)


def find_program(words: Iterable[str]) -> Server | None:
    """The model server that a command starts, by the command's words."""
    spoken = f" {' '.join([word.rpartition('/')[2] for word in words])} "
    return next((server for program, server in _BY_PROGRAM if f" {program} " in spoken), None)


def name_metrics(servers: Iterable[Server]) -> str:
    """What to scale servers on, for messages: ``tgi_queue_size (TGI) or te_queue_size (TEI)``."""
    *others, last = [f"{one.metrics[0]} ({one.name})" for one in servers if one.metrics]
    return f"{', '.join(others)} or {last}" if others else last


__all__ = [
    "COMMON_SERVERS",
    "LANGUAGE_SERVERS",
    "SERVERS",
    "ReadFlag",
    "Server",
    "find_program",
    "find_server",
    "has_server",
    "is_part",
    "is_simulator",
    "name_metrics",
]
