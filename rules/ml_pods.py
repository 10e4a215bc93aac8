"""The pods of an object that machine learning runs in, or that hold an accelerator."""

from collections.abc import Iterator

from rules.devices import SCREEN, find_device_files
from rules.kinds.pods import Pod
from rules.kinds.roles import Role
from rules.model import Confidence
from rules.paths import Path, dig
from rules.record import NamedTuple
from rules.type_names import Any
from rules.workload import Workload

_NO_ML = frozenset({Role.OTHER, Role.NONE})
_SUREST = (Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW)


class MlPod(NamedTuple):
    """Such a pod, and how sure it is one: an accelerator leaves no doubt."""

    pod: Pod
    confidence: Confidence


def find_ml_pods(workload: Workload) -> tuple[MlPod, ...]:
    """Those of one object. Rules ask for it by ``workload.once``."""
    found = []
    for pod, judgement in workload.judgements:
        if workload.accelerated(pod):
            found.append(MlPod(pod, Confidence.HIGH))
        elif judgement.role not in _NO_ML:
            found.append(MlPod(pod, judgement.confidence))
    return tuple(found)


def find_loose_files(workload: Workload, pod: Pod) -> Iterator[tuple[Path, str]]:
    """The device files that a pod mounts past the device plugin. One that asks for a device can
    open no other; and what learns nothing draws on the GPU of its node's screen, of which there may
    be no plugin."""
    files = () if workload.accelerated(pod) else tuple(find_device_files(pod))
    drawn = all(file.startswith(SCREEN) for _, file in files)
    if not drawn or (files and any(one.pod is pod for one in workload.once(find_ml_pods))):
        yield from files


def find_surest(pods: tuple[MlPod, ...]) -> MlPod:
    """The pod of which it is surest."""
    return min(pods, key=lambda one: _SUREST.index(one.confidence))


def find_metadata(
    workload: Workload, pods: tuple[MlPod, ...], place: Path
) -> list[tuple[Path, Any]]:
    """A label or annotation of the object, else of each of its pods, with where it stands."""
    path = ("metadata", *place)
    own = workload.manifest.dig(*path)
    if own is not None:
        return [(path, own)]
    return [
        ((*(one.pod.metadata_at or one.pod.path), *place), dig(one.pod.metadata, place))
        for one in pods
    ]
