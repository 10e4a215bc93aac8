"""How a container comes to see accelerators that it did not ask for."""

from collections.abc import Iterator
from typing import Any

from rules.commands import CommandLine
from rules.image import Image
from rules.kinds.pods import Pod
from rules.manifest import is_template
from rules.paths import Path, dig
from rules.quantity import parse_quantity
from rules.resource_names import AMD, NVIDIA
from rules.servers import is_part
from rules.words import split_name

VISIBLE = "NVIDIA_VISIBLE_DEVICES"
"""NVIDIA container toolkit, ``docs``: the GPUs that a container is given; the images of CUDA say
``all``."""

_FILES = ("/dev/nvidia", "/dev/dri", "/dev/kfd", "/dev/neuron")
_INFRASTRUCTURE = frozenset("dcgm discovery toolkit validator testrunner".split())
"""Words of the images of what looks after a node's GPUs, beside those of any platform's parts."""
_LONGEST = 4096
_WHOLE = 4
"""GPUs of a node that is taken whole: most with several have 8, some 4."""


def names_devices(text: str) -> bool:
    """Whether a value of ``VISIBLE`` names GPUs: all, or by number or UUID. ``none`` and ``void``
    name none."""
    names = text[:_LONGEST].replace(" ", "").split(",")
    return not is_template(text) and any(
        name == "all" or name.isdecimal() or name.startswith(("GPU-", "MIG-")) for name in names
    )


def runs_cuda(image: Image) -> bool:
    """Whether an image is known by its name to be one of CUDA's, whose environment asks for every
    GPU of the node."""
    if image.registry == "nvcr.io" or image.repository == "nvidia/cuda":
        return True
    return any(map(_is_cuda, [*image.words, *split_name(image.tag)]))


def sees_all(command: CommandLine) -> bool:
    """Whether a container sees every GPU of its node by what its image says: nothing says else."""
    return runs_cuda(command.image) and VISIBLE not in command.variables


def _is_cuda(word: str) -> bool:
    """``cuda``, ``cuda12``, ``cu121``, ``gpu``: a word of a name or tag."""
    version = word.removeprefix("cuda") if word.startswith("cuda") else word.removeprefix("cu")
    return word in ("cuda", "gpu") or (word != version and version.isdecimal())


def looks_after_nodes(image: Image) -> bool:
    """Whether an image is of what looks after the GPUs of a node: it must see them all."""
    return is_part(image) or bool(image.words & _INFRASTRUCTURE)


def leaves_gpus(resources: Any) -> bool:
    """Whether a container asks for GPUs, and for so few that its node may have others."""
    amounts = (dig(resources, ("limits", name)) for name in (NVIDIA, AMD))
    return 0 < sum(parse_quantity(amount) or 0 for amount in amounts) < _WHOLE


def find_device_files(pod: Pod) -> Iterator[tuple[Path, str]]:
    """The volumes of a pod that are device files of the node's accelerators: where each says so,
    and which."""
    for volume in pod.volumes:
        file = dig(volume.body, ("hostPath", "path"))
        if isinstance(file, str) and file.startswith(_FILES):
            yield (*volume.path, "hostPath", "path"), file
