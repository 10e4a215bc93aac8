"""A pod's storage: which of its places outlive it, and where its outputs end up."""

import re
from collections.abc import Iterable, Iterator, Mapping
from posixpath import join, normpath

from rules.closed_set import StrEnum
from rules.commands import LONGEST_PLACE, CommandLine, ReadContainer, cut
from rules.commands.scripts import clean, split_words
from rules.kinds.pods import Container, ContainerUse, Mount, Pod, Volume
from rules.manifest import is_template
from rules.outputs import Naming, Output, read_outputs
from rules.paths import Path, dig, dotted, shorten
from rules.record import NamedTuple
from rules.type_names import Any
from rules.uploads import find_bucket, find_store, find_tracker, find_upload, reads

_DATA_FOLDER = r"(?i)/(?:data|models?|outputs?|checkpoints?)(?:/|\Z)"  # few runs need it compiled


class Keeping(StrEnum):
    """What becomes of what is written to a place."""

    DURABLE = "durable"
    WEAK = "weak"
    EPHEMERAL = "ephemeral"
    READ_ONLY = "read-only"
    UNKNOWN = "unknown"


class Place(NamedTuple):
    """What an output's place is: ``what`` in words, ``path`` of the volume or mount."""

    keeping: Keeping
    what: str
    path: Path | None = None


_NODE = "which stays on one node"
_SOURCES: dict[str, tuple[Keeping, str]] = {
    **{
        source: (Keeping.DURABLE, source)
        for source in (
            "persistentVolumeClaim volumeClaimTemplate nfs cephfs azureFile azureDisk glusterfs "
            "iscsi fc csi gcePersistentDisk awsElasticBlockStore rbd cinder vsphereVolume quobyte "
            "portworxVolume scaleIO storageos flexVolume"
        ).split()
    },
    **{
        source: (Keeping.READ_ONLY, f"a {source}")
        for source in "configMap secret projected downwardAPI gitRepo".split()
    },
    "image": (Keeping.READ_ONLY, "an image"),
    "hostPath": (Keeping.WEAK, f"a hostPath, {_NODE}"),
    "local": (Keeping.WEAK, f"a local volume, {_NODE}"),
    "ephemeral": (Keeping.EPHEMERAL, "an ephemeral claim, deleted with its pod"),
    "emptyDir": (Keeping.EPHEMERAL, "an emptyDir, deleted with its pod"),
}
"""core/v1 Volume sources. A generic ephemeral volume is a claim that is deleted with its pod;
``volumeClaimTemplate`` is ours, for a claim that a controller makes."""


_SYSTEM = tuple(
    f"/{name}/" for name in "bin boot dev etc lib lib64 proc run sbin sys usr var/run".split()
)
"""Where a node keeps what is mounted for collectives, drivers and sockets."""
_RANK = {Keeping.DURABLE: 3, Keeping.UNKNOWN: 2, Keeping.WEAK: 1}
_FILE_SYSTEM = Place(Keeping.EPHEMERAL, "the container's file system")


def trace_outputs(
    pod: Pod, naming: Naming, schemes: frozenset[str], read: ReadContainer
) -> tuple[Output | None, Place]:
    """The best of the places that a pod's outputs go to, and the first output that goes there.

    An output of a name that may as well be an input's counts only where it is kept. Without an
    output, none is named: the place is the best that one could find. ``read`` gives the reading of
    a container.
    """
    if pod.durable:
        return None, Place(Keeping.DURABLE, "kept by other means")
    upload = next(filter(None, map(find_upload, _lasting(pod, read))), None)
    if upload is not None:
        return None, Place(Keeping.DURABLE, f"a store, by {upload}")
    storage = Storage(pod, schemes)
    placed = [
        (output, place)
        for main in pod.mains
        for output, place in storage.locate(read_outputs(read(main), naming), main)
        if output.main or place.keeping is Keeping.DURABLE
    ]
    if placed:
        return max(placed, key=lambda pair: _rank(pair[1]))
    return None, storage.guess(read)


def keeps_scratch(pod: Pod) -> bool:
    """Whether a container that does the pod's work mounts an emptyDir on disk."""
    return any(True for main in pod.mains for _ in scratch_mounts(pod, main))


def find_scratched_data(pod: Pod, container: Container) -> tuple[Mount, Volume] | None:
    """The container's first mount of an emptyDir on disk at a folder whose name promises more."""
    for mount, volume in scratch_mounts(pod, container):
        if re.match(_DATA_FOLDER, mount.mount_path):
            return mount, volume
    return None


def scratch_mounts(pod: Pod, container: Container) -> Iterator[tuple[Mount, Volume]]:
    """The container's mounts of an emptyDir on disk: what stands there is deleted with the pod."""
    volumes = {volume.name: volume for volume in reversed(pod.volumes)}
    for mount in container.mounts:
        volume = volumes.get(mount.volume)
        if volume is None or "emptyDir" not in volume.body:
            continue
        if dig(volume.body, ("emptyDir", "medium")) != "Memory":
            yield mount, volume


def suggest_claim(pod: Pod) -> str:
    """A clause on what to write so that a pod's first container has a claim to write to."""
    volumes, mounts = pod.volumes_at or pod.path, pod.mains[0].place("volumeMounts")
    return (
        f"mount one, such as {dotted(volumes)}: "
        "[{name: output, persistentVolumeClaim: {claimName: ...}}] and "
        f"{dotted(mounts)}: [{{name: output, mountPath: /output}}]"
    )


class Storage:
    """A pod's volumes and artifacts: what becomes of what its containers write.

    Everything is looked up, never searched: a hostile pod has thousands of each.
    """

    def __init__(self, pod: Pod, schemes: frozenset[str]) -> None:
        self._pod = pod
        self._schemes = schemes
        self._volumes = {volume.name: volume for volume in reversed(pod.volumes)}
        self._artifacts = frozenset(artifact.rstrip("/") for artifact in pod.artifacts)
        self._sorted = sorted(self._artifacts)

    def locate(
        self, outputs: Iterable[Output], container: Container
    ) -> Iterator[tuple[Output, Place]]:
        """Each output's place: by its URI, its artifact, or the mount that holds its path."""
        mounts = {mount.mount_path.rstrip("/"): mount for mount in reversed(container.mounts)}
        for output in outputs:
            yield output, self._locate(output, container, mounts)

    def guess(self, read: ReadContainer) -> Place:
        """The best place in the pod for outputs that no flag names."""
        pod = self._pod
        if not self._known or pod.artifacts or not pod.mains:
            return Place(Keeping.UNKNOWN, "a place that is not known")
        commands = [read(main) for main in pod.mains]
        kept = any(find_tracker(one) or find_bucket(one, self._schemes) for one in commands)
        if kept or any(find_store(words, self._schemes) for words in _texts(pod, read)):
            return Place(Keeping.DURABLE, "a store")
        places = [self.classify(mount) for main in pod.mains for mount in main.mounts]
        return max(places, key=_rank, default=_FILE_SYSTEM)

    def classify(self, mount: Mount) -> Place:
        """What becomes of what is written under a mount."""
        volume = self._volumes.get(mount.volume)
        if volume is None:
            if not self._known or is_template(mount.volume):
                return Place(Keeping.UNKNOWN, f"volume '{shorten(mount.volume)}'")
            what = f"volumes[] has no '{shorten(mount.volume)}'"
            return Place(Keeping.EPHEMERAL, what, mount.path)
        keeping, what = _classify_volume(volume)
        if mount.read_only and keeping is not Keeping.EPHEMERAL:
            return Place(Keeping.READ_ONLY, f"{what}, mounted read-only", mount.path)
        return Place(keeping, what, volume.path)

    def _locate(self, output: Output, container: Container, mounts: Mapping[str, Mount]) -> Place:
        if output.scheme:
            known = output.scheme.lower() in self._schemes
            return Place(Keeping.DURABLE if known else Keeping.UNKNOWN, f"{output.scheme}://")
        if is_template(output.target):
            return Place(Keeping.UNKNOWN, output.target)
        target = _absolute(output.target, container)
        folders = [] if target is None else _folders(target)
        if folders and self._has_artifact(folders):
            return Place(Keeping.DURABLE, "an output artifact")
        mount = next((mounts[folder] for folder in folders if folder in mounts), None)
        if mount is not None:
            return self.classify(mount)
        return _FILE_SYSTEM if self._known else _FILE_SYSTEM._replace(keeping=Keeping.UNKNOWN)

    @property
    def _known(self) -> bool:
        return self._pod.outputs_known and self._pod.complete

    def _has_artifact(self, folders: list[str]) -> bool:
        """Whether a path, the first of its ``folders``, lies in an artifact or holds one."""
        if not self._artifacts.isdisjoint(folders):
            return True
        if not self._artifacts:
            return False
        from bisect import bisect_left  # noqa: PLC0415 - few pods have artifacts

        at = bisect_left(self._sorted, folders[0].rstrip("/") + "/")
        return at < len(self._sorted) and _covers(folders[0], self._sorted[at])


def _rank(place: Place) -> int:
    """How well a place keeps; an unknown one may keep better than a weak one."""
    return _RANK.get(place.keeping, 0)


def _lasting(pod: Pod, read: ReadContainer) -> Iterator[CommandLine]:
    """What runs beside the training or after it: an init container that ends is before it."""
    return (read(one) for one in pod.containers if one.use is not ContainerUse.INIT)


def _texts(pod: Pod, read: ReadContainer) -> Iterator[list[str]]:
    """The words of a pod that show what it does: scripts and environment of its containers, and
    what is mounted beside them. Variables that name an input do not count."""
    yield [word for words in split_words(clean(cut(pod.text))) for word in words]
    for command in map(read, pod.containers):
        yield [word for word, _ in command.words]
        yield [one.text for name, one in command.environment.items() if not reads(name)]


def _absolute(target: str, container: Container) -> str | None:
    if target.startswith("/"):
        return normpath(target)
    folder = container.get("workingDir")
    if not isinstance(folder, str) or not folder.startswith("/") or target.startswith("~"):
        return None
    return normpath(join(folder[:LONGEST_PLACE], target))


def _covers(folder: str, target: str) -> bool:
    folder = folder.rstrip("/")
    return target == folder or target.startswith(f"{folder}/")


def _folders(target: str) -> list[str]:
    """A path and every folder above it, without a slash at the end; the root is the empty one."""
    path = target.rstrip("/")
    return [path, *(path[:at] for at in range(len(path) - 1, -1, -1) if path[at] == "/")]


def _is_system(path: Any) -> bool:
    """Whether a folder of a node contains its system, devices or drivers rather than data."""
    return isinstance(path, str) and f"{path}/".startswith(_SYSTEM)


def _classify_volume(volume: Volume) -> tuple[Keeping, str]:
    body: Mapping[str, Any] = volume.body
    source = next((key for key in body if key in _SOURCES), None)
    if source is None and set(body) <= {"name"}:
        return Keeping.EPHEMERAL, "an emptyDir (no source is named), deleted with its pod"
    if source is None:
        return Keeping.UNKNOWN, "a volume of unknown source"
    keeping, what = _SOURCES[source]
    settings = body[source]
    if source == "hostPath" and _is_system(dig(settings, ("path",))):
        return Keeping.READ_ONLY, "a hostPath of the node's system"
    if keeping is Keeping.DURABLE and isinstance(settings, dict) and settings.get("readOnly"):
        return Keeping.READ_ONLY, f"{what}, read-only"
    return keeping, what
