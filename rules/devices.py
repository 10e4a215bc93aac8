"""How a container comes to see accelerators that it did not ask for."""

from collections.abc import Iterator
from functools import lru_cache

from rules.commands import CommandLine
from rules.image import Image
from rules.kinds.facts import HOST_PID
from rules.kinds.pods import Pod
from rules.kinds.roles import Role
from rules.manifest import is_template
from rules.paths import Path, dig, shorten
from rules.quantity import parse_quantity
from rules.resource_names import AMD, NVIDIA
from rules.servers import is_part
from rules.type_names import Any
from rules.whole_numbers import parse_whole
from rules.words import split_name
from rules.workload import Workload

VISIBLE = "NVIDIA_VISIBLE_DEVICES"
"""NVIDIA container toolkit, ``docs``: the GPUs that a container is given; the images of CUDA say
``all``."""

SCREEN = "/dev/dri"
"""Where the kernel has the GPUs that can draw: a CPU's own too."""
_FILES = ("/dev/nvidia", SCREEN, "/dev/kfd", "/dev/neuron")
_INFRASTRUCTURE = frozenset("dcgm discovery healthcheck toolkit validator testrunner".split())
"""Words of the images of what looks after a node's GPUs, beside those of any platform's parts."""
_LONGEST = 4096
_CHOSEN = "CUDA_VISIBLE_DEVICES"
_PLAIN = frozenset(
    {"cpu", "memory", "ephemeral-storage", "storage", "hugepages-2Mi", "hugepages-1Gi"}
)
_ELSEWHERE = frozenset(
    "cpu openvino tpu neuron neuronx gaudi hpu npu xpu ascend arm64 sim router".split()
)
"""Words of images that run on other devices than GPUs, or on none."""
_WHOLE = 4
"""GPUs of a node that is taken whole: most with several have 8, some 4."""


def names_devices(text: str) -> bool:
    """Whether a value of ``VISIBLE`` names GPUs: all, or by number or UUID. ``none`` and ``void``
    name none."""
    names = text[:_LONGEST].replace(" ", "").split(",")
    return not is_template(text) and any(
        name == "all" or name.isdecimal() or name.startswith(("GPU-", "MIG-")) for name in names
    )


@lru_cache(maxsize=1024)
def runs_cuda(image: Image) -> bool:
    """Whether an image is known by its name to be one of CUDA's, whose environment asks for every
    GPU of the node."""
    if image.registry == "nvcr.io" or image.repository == "nvidia/cuda":
        return True
    return any(map(_is_cuda, [*image.words, *split_name(image.tag)]))


def sees_all(command: CommandLine) -> bool:
    """Whether a container sees every GPU of its node because of its image."""
    return VISIBLE not in command.variables and runs_cuda(command.image)


def _is_cuda(word: str) -> bool:
    """``cuda``, ``cuda12``, ``cu121``, ``gpu``: a word of a name or tag."""
    version = word.removeprefix("cuda") if word.startswith("cuda") else word.removeprefix("cu")
    return word in ("cuda", "gpu") or (word != version and version.isdecimal())


@lru_cache(maxsize=1024)
def looks_after_nodes(image: Image) -> bool:
    """Whether an image is of what looks after the GPUs of a node: it must see them all."""
    return is_part(image) or bool(image.words & _INFRASTRUCTURE)


def find_working(workload: Workload, pod: Pod) -> list[CommandLine]:
    """The containers of a pod that do not look after the GPUs of its node. A pod that runs on every
    node and sees the processes there is an agent."""
    everywhere = workload.kind.on_each_node and not workload.accelerated(pod)
    seen = workload.at(HOST_PID, pod) if everywhere else None
    lines = () if seen is not None and seen.value is True else pod.containers
    commands = map(workload.command, lines)
    return [command for command in commands if not looks_after_nodes(command.image)]


def may_be_agent(workload: Workload, pod: Pod) -> bool:
    """Whether a pod on every node, which asks for no accelerator and learns nothing, may look after
    those of its node all the same."""
    idle = workload.judgements_by_path[pod.path].role in (Role.OTHER, Role.NONE)
    return workload.kind.on_each_node and idle and not workload.accelerated(pod)


def wants_none(resources: Any) -> bool:
    """Whether a container explicitly asks for no GPU."""
    return parse_quantity(dig(resources, ("limits", NVIDIA))) == 0


def sees_others(command: CommandLine, *, accelerated: bool) -> bool:
    """Whether a container that sees all GPUs of its node sees such as it did not ask for: it runs
    CUDA and is not ``accelerated`` itself, or it asks for few."""
    own = runs_cuda(command.image) and not accelerated
    return own or leaves_gpus(command.container.get("resources"))


def leaves_gpus(resources: Any) -> bool:
    """Whether a container asks for GPUs, and for so few that its node may have others."""
    amounts = (dig(resources, ("limits", name)) for name in (NVIDIA, AMD))
    return 0 < sum(parse_quantity(amount) or 0 for amount in amounts) < _WHOLE


def find_device_files(pod: Pod) -> Iterator[tuple[Path, str]]:
    """The volumes of a pod that are device files of the node's accelerators: where each says so,
    and which."""
    for volume in pod.volumes:
        file = dig(volume.body, ("hostPath", "path")) if "hostPath" in volume.body else None
        if isinstance(file, str) and file.startswith(_FILES):
            yield (*volume.path, "hostPath", "path"), file


def sees_devices(command: CommandLine) -> bool:
    """Whether a container has devices by other means than a resource that is known: a variable, its
    privileges, or a resource of another name. A resource of no amount says that it wants none."""
    if VISIBLE in command.variables or _CHOSEN in command.variables:
        return True
    container = command.container
    if container.get("securityContext", "privileged") is True:
        return True
    resources = container.get("resources")
    amounts = (dig(resources, (key,)) for key in ("limits", "requests"))
    names = {str(name) for one in amounts if isinstance(one, dict) for name in one}
    return is_template(resources) or not names <= _PLAIN


def find_gpu_sign(command: CommandLine) -> str | None:
    """What shows that a container runs on GPUs alone, as a clause; None where nothing does."""
    image = command.image
    words = {*image.words, *image.path_words, *split_name(image.tag)}
    if not _ELSEWHERE.isdisjoint(words) or (command.value("device") or "cuda") != "cuda":
        return None
    if _is_cuda_image(image):
        return f"its image is {shorten(image.path)}"
    for flag in ("tensor-parallel-size", "tp-size", "num-shard"):
        value = command.value(flag) or ""
        if (parse_whole(value) or 0) > 1:
            return f"--{flag} is {value}"
    if command.value("device") == "cuda":
        return "--device is cuda"
    for flag in ("backend", "dist-backend", "ddp-backend"):
        if command.value(flag) == "nccl":
            return f"--{flag} is nccl"
    return None


def _is_cuda_image(image: Image) -> bool:
    """Whether an image holds CUDA's programs, and what runs there can do nothing without a GPU."""
    if "tritonserver" in image.name:
        return False
    return runs_cuda(image) or image.name in ("vllm-openai", "sglang", "text-generation-inference")
