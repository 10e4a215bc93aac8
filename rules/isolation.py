"""What takes a pod out of its own namespaces, and what it may need that for."""

from collections.abc import Iterable, Iterator
from posixpath import normpath

from rules.commands import CommandLine
from rules.kinds.pods import Container, Pod
from rules.paths import Path, dig, items
from rules.words import split_name

ADMINISTRATOR = ("SYS_ADMIN", "CAP_SYS_ADMIN")
"""The capability under the two names that runtimes take."""

_FABRICS = frozenset(
    "dra dranet efa gpudirect hca hostdev ib infiniband macvlan mlnx multus neuron neuroncore rdma "
    "roce sriov tpu".split()
)
"""Words of what carries traffic between accelerators: resources, annotations, device files."""
_FABRIC_VARIABLES = (
    *("NCCL_IB", "NCCL_NET", "NCCL_SOCKET", "NCCL_TOPO", "NCCL_FASTRAK", "NCCL_GPUDIRECT"),
    *("RCCL_", "FI_", "GLOO_SOCKET", "NVSHMEM_", "UCX_", "MORI_", "TPU_", "MC_", "MOONCAKE_"),
)
"""How the variables begin that tell communication libraries of the node's interfaces."""
_CLOUD_NETWORK = "networking.gke.io"
_TRANSFERS = ("deepep", "mooncake", "nixl")
"""What carries experts' tokens and caches of keys and values between nodes, over RDMA."""
_LONGEST = 4096
_NODE_DISK = ("/", "/etc", "/home", "/opt", "/root", "/usr", "/var", "/var/lib")
"""Folders of the disk that the node itself runs from."""
_ROOT, _HOMES = "/root/", "/home/"
"""All that is below the first is on that disk too. Other homes are a volume of their own on many
clusters: what shows that one is not is a cache in it."""


def needs_fabric(pod: Pod, commands: Iterable[CommandLine]) -> bool:
    """Whether a pod shows that it talks over the node's own interfaces: RDMA, EFA, TPU."""
    named = [name for command in commands for name in _name_means(command)]
    named += [str(key) for key, _ in items(pod.metadata.get("annotations"))]
    named += [str(dig(one.body, ("hostPath", "path"), "")) for one in pod.volumes]
    return any(map(_is_fabric, named)) or bool(pod.spec.get("resourceClaims"))


def _name_means(command: CommandLine) -> Iterator[str]:
    """The resources and flags of a container, and its variables that concern communication
    libraries."""
    yield from (flag.name for flag in command.flags)
    for part in ("limits", "requests"):
        for name, _ in items(command.container.get("resources", part)):
            yield str(name)
    libraries = command.environment.get("LD_LIBRARY_PATH")
    yield "" if libraries is None else libraries.text
    for name in command.variables:
        yield "rdma" if name.startswith(_FABRIC_VARIABLES) else ""
    if any(sign in command.script for sign in (*_FABRIC_VARIABLES, *_TRANSFERS)):
        yield "rdma"


def _is_fabric(name: str) -> bool:
    if name.startswith(_CLOUD_NETWORK):
        return True
    return not _FABRICS.isdisjoint(split_name(name[:_LONGEST].lower()))


def find_node_folders(pod: Pod, container: Container) -> Iterator[tuple[Path, str]]:
    """The folders of the node's own disk that a container may write to, and where each is named."""
    volumes = {volume.name: volume for volume in reversed(pod.volumes)}
    local = any("hostPath" in volume.body for volume in pod.volumes)
    for mount in container.mounts if local else ():
        volume = volumes.get(mount.volume)
        folder = dig(volume.body, ("hostPath", "path")) if volume is not None else None
        if volume is None or mount.read_only or not isinstance(folder, str):
            continue
        if is_node_disk(folder):
            yield (*volume.path, "hostPath", "path"), folder


def is_node_disk(folder: str) -> bool:
    """Whether a folder is one of the disk that a node runs from, and no disk for data."""
    path = normpath(folder[:_LONGEST])
    cached = path.startswith(_HOMES) and "/.cache/" in f"{path}/"
    return path in _NODE_DISK or path.startswith(_ROOT) or cached


def find_administrator(container: Container) -> Path | None:
    """Where a container is given the rights of the node's administrator."""
    path = ("securityContext", "capabilities", "add")
    added = container.get(*path)
    for index, name in enumerate(added if isinstance(added, list) else ()):
        if name in ADMINISTRATOR:
            return (*container.place(path[0]), *path[1:], index)
    return None
