"""Where the weights of a model go that is fetched from a hub, and what bounds them there."""

from collections.abc import Iterator

from rules.commands import CommandLine
from rules.hub import HubModel, find_hub_model
from rules.kinds.pods import Container, Mount, Pod, Volume
from rules.paths import dig
from rules.record import NamedTuple
from rules.requests import read_asked
from rules.storage import Keeping, Storage
from rules.type_names import TYPE_CHECKING
from rules.workload import SERVING, TRAINING, Workload

if TYPE_CHECKING:
    from rules.caches import NamedCache
    from rules.serving import ModelSize

_HUB = ("HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "TRANSFORMERS_CACHE")
_DISK = "ephemeral-storage"
_REBUILT = "deeplearning-platform-release"
"""Google's builds of servers, which keep models in another folder (``HF_HOME=/tmp``)."""


class FetchedWeights(NamedTuple):
    """A model that is fetched to a disk of its node without a bound: ``where`` in words, its
    ``size`` as far as known, and the container's ``claim`` that is elsewhere."""

    pod: Pod
    container: Container
    model: HubModel
    cache: "NamedCache"
    where: str
    size: "ModelSize | None"
    claim: Mount | None


def find_fetched(workload: Workload) -> Iterator[FetchedWeights]:
    """Those of the containers that train or serve."""
    for pod in workload.pods_of(TRAINING | SERVING):
        told = pod.complete and not pod.inherits and pod.volumes_at is not None
        for container in pod.mains if told else ():
            if all(one.nothing for one in read_asked(workload, pod, container, _DISK)):
                yield from _trace(workload, pod, container)


def _trace(workload: Workload, pod: Pod, container: Container) -> Iterator[FetchedWeights]:
    command = workload.command(container)
    model = find_hub_model(command)
    cache = None if model is None else _find_cache(command)
    if model is None or cache is None:
        return
    volumes = {volume.name: volume for volume in pod.volumes}
    mount = _find_mount(cache.folder, container)
    volume = None if mount is None else volumes.get(mount.volume)
    if mount is not None and (volume is None or not _is_unbounded(volume)):
        return
    where = "the container's file system" if mount is None else "an emptyDir without a sizeLimit"
    claim = None if mount is not None else _find_claim(pod, container)
    from rules.serving import read_size  # noqa: PLC0415 - few containers fetch a model

    size = read_size(command)
    yield FetchedWeights(pod, container, model, cache, where, size, claim)


def _find_cache(command: CommandLine) -> "NamedCache | None":
    """The folder that a hub's models go to, where it is known."""
    from rules.caches import find_default_cache, find_named_caches  # noqa: PLC0415 - as above

    named = [one for one in find_named_caches(command) if one.what.startswith((*_HUB, "--"))]
    if named or any(name in command.variables for name in _HUB):
        return named[0] if named else None
    known = () if _REBUILT in command.image.path else find_default_cache(command)
    return next(iter(known), None)


def _find_mount(folder: str, container: Container) -> Mount | None:
    """The mount that a folder is on; None for the container's own file system."""
    above = [
        one
        for one in container.mounts
        if f"{folder.rstrip('/')}/".startswith(f"{one.mount_path.rstrip('/')}/")
    ]
    return max(above, key=lambda one: len(one.mount_path), default=None)


def _is_unbounded(volume: Volume) -> bool:
    source = dig(volume.body, ("emptyDir",))
    if "emptyDir" not in volume.body or dig(source, ("medium",)) == "Memory":
        return False
    return dig(source, ("sizeLimit",)) is None


def _find_claim(pod: Pod, container: Container) -> Mount | None:
    """A mount of something that lasts, which the cache is not on."""
    storage = Storage(pod, frozenset())
    lasting = (one for one in container.mounts if not one.read_only)
    return next((one for one in lasting if storage.classify(one).keeping is Keeping.DURABLE), None)
