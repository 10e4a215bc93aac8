"""What a container has at /dev/shm, where processes hand each other tensors."""

from posixpath import normpath

from rules.kinds.facts import HOST_IPC
from rules.kinds.pods import Container, Mount, Pod
from rules.model import Edit, Fix, Presence, Remove, Set, Value
from rules.paths import Path, dotted
from rules.quantity import parse_quantity
from rules.record import NamedTuple
from rules.type_names import Any
from rules.workload import Workload

FOLDER = "/dev/shm"  # noqa: S108 - of the containers that are judged
NAME = "dshm"

_MEBIBYTE = 2**20


class MemoryMount(NamedTuple):
    """The volume and the mount that give a container more of it, each with where it goes."""

    volume: Value
    mount: Value
    size: str

    @property
    def changes(self) -> tuple[tuple[Value, Any], ...]:
        source = {"medium": "Memory", "sizeLimit": self.size}
        return (
            (self.volume, {"name": NAME, "emptyDir": source}),
            (self.mount, {"name": NAME, "mountPath": FOLDER}),
        )


def has_shared_memory(workload: Workload, pod: Pod, container: Container) -> bool | None:
    """Whether a container has more than the 64 MiB that a runtime gives it; None where that is
    another object's affair."""
    if pod.shared_memory or any(map(is_shared_memory, container.mounts)):
        return True
    host = workload.at(HOST_IPC, pod)
    if host is not None and (host.unknown or host.value is True):
        return True
    known = pod.complete and not pod.inherits and pod.volumes_at is not None
    return False if known and container.get("image") else None


def plan_mount(
    workload: Workload, pod: Pod, container: Container, percent: int, most: str
) -> MemoryMount | None:
    """What to add where the container's memory limit is known: a share of it, and no more than
    ``most``. None where it is not, or where the pod has a volume of that name."""
    text = choose_size(container.get("resources", "limits", "memory"), percent, most)
    if text is None or any(one.name == NAME for one in pod.volumes):
        return None
    volume = _end(workload, pod.volumes_at or ())
    mount = _end(workload, container.place("volumeMounts"))
    return None if volume is None or mount is None else MemoryMount(volume, mount, text)


def choose_size(limit: Any, percent: int, most: str) -> str | None:
    """So many percent of a memory limit, ``most`` at most; None where a number is not known."""
    memory, cap = parse_quantity(limit), parse_quantity(most)
    if not memory or not cap:
        return None
    size = int(min(memory * percent / 100, cap)) // _MEBIBYTE
    if size < 1:
        return None
    return f"{size // 1024}Gi" if size % 1024 == 0 else f"{size}Mi"


def tell_memory(pod: Pod) -> str:
    """What is expected in place of the node's memory."""
    if pod.mains and not _list_without(pod):
        return f"the memory that is mounted at {FOLDER} alone"
    return f"a mount of an emptyDir with medium Memory at {FOLDER}"


def _list_without(pod: Pod) -> list[Container]:
    """The containers that do the pod's work and have nothing mounted there."""
    return [one for one in pod.mains if not any(map(is_shared_memory, one.mounts))]


def replace_host_memory(workload: Workload, pod: Pod, host: Value) -> Fix | None:
    """The fix that mounts memory of the pod's own in place of the node's, which the field ``host``
    lets it share, unless it is mounted already; None where nothing says how much."""
    edits: list[Edit] = [Remove(host.path)]
    for container in _list_without(pod):
        plan = plan_mount(workload, pod, container, 50, "16Gi")
        if plan is None:
            return None
        edits += (Set(value.path, new) for value, new in plan.changes)
    title = f"remove {dotted(host.path)}"
    if len(edits) > 1:
        title = f"mount memory at {FOLDER} in place of {dotted(host.path)}"
    once = tuple(edit for at, edit in enumerate(edits) if edit not in edits[:at])
    return Fix(title, once, safe=False, presence=Presence.WRITTEN)


def _end(workload: Workload, path: Path) -> Value | None:
    """The place after the last item of a list; None where something else stands there."""
    found = workload.manifest.dig(*path)
    if not isinstance(found, list | None):
        return None
    return Value((*path, len(found or ())))


def is_shared_memory(mount: Mount) -> bool:
    """Whether a mount stands where processes look for shared memory."""
    return normpath(mount.mount_path) in (FOLDER, "/dev")
