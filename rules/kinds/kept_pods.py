"""An object's pods as other objects see them: what is kept of each, as plain data."""

from collections.abc import Iterator, Mapping

from rules.kinds.lookups import Answer, FactReader, Reference
from rules.kinds.pods import Container, Pod
from rules.kinds.schema import SPEC, PodReader
from rules.kinds.views import SpecView
from rules.manifest import Manifest
from rules.paths import Path, dig
from rules.record import NamedTuple
from rules.type_names import Any

PODS = "pods"
"""The fact; ``unpack_pods`` reads it."""

_LONGEST = 512
"""Characters of an image or a label that are kept: a name of Kubernetes has fewer."""
_MOST = 64
"""Labels, resources, containers and volumes of one pod that are kept, of each."""


class KeptContainer(NamedTuple):
    """A container: where it stands, what it is in its pod (``ContainerUse``), and the amounts of
    resources as written."""

    path: Path
    name: str
    use: str
    image: str
    requests: Mapping[str, Any]
    limits: Mapping[str, Any]


class KeptPod(NamedTuple):
    """A pod template. ``replicas`` is how many such pods there are, None where that is not known;
    ``requests`` and ``limits`` are the pod's own; ``claims`` are the volumes that name a claim,
    each with where it does; ``devices``: it has claims on devices (DRA). ``nodes`` is its
    ``nodeSelector``."""

    path: Path
    replicas: int | None
    labels: Mapping[str, Any]
    requests: Mapping[str, Any]
    limits: Mapping[str, Any]
    devices: bool
    claims: tuple[tuple[Path, str], ...]
    containers: tuple[KeptContainer, ...]
    nodes: Mapping[str, Any]


def pods_fact(read: PodReader, root: Path = SPEC) -> FactReader:
    """The reader of the fact for a kind whose pods ``read`` finds in the spec at ``root``, without
    looking at other objects."""

    def keep_pods(manifest: Manifest) -> Any:
        spec = SpecView(manifest, root, manifest.dig(*root))
        return tuple(_pack(pod) for pod in read(spec, _ask_nobody))

    return keep_pods


def unpack_pods(kept: Any) -> tuple[KeptPod, ...]:
    """The pods in the fact; none without one."""
    return tuple(map(_unpack, kept or ()))


def _ask_nobody(_reference: Reference, _fact: str) -> tuple[Answer, None]:
    return Answer.UNKNOWN, None


def _pack(pod: Pod) -> tuple[Any, ...]:
    own = pod.spec.get("resources")
    return (
        pod.path,
        pod.replicas,
        _scalars(pod.metadata.get("labels")),
        _scalars(dig(own, ("requests",))),
        _scalars(dig(own, ("limits",))),
        bool(pod.spec.get("resourceClaims")),
        tuple(_claims(pod)),
        tuple(map(_pack_container, pod.containers[:_MOST])),
        _scalars(pod.spec.get("nodeSelector")),
    )


def _pack_container(one: Container) -> tuple[Any, ...]:
    image = one.get("image")
    return (
        one.path,
        one.name[:_LONGEST],
        one.use.value,
        image[:_LONGEST] if isinstance(image, str) else "",
        _scalars(one.get("resources", "requests")),
        _scalars(one.get("resources", "limits")),
    )


def _claims(pod: Pod) -> Iterator[tuple[Path, str]]:
    for volume in pod.volumes[:_MOST]:
        name = dig(volume.body, ("persistentVolumeClaim", "claimName"))
        if isinstance(name, str):
            yield (*volume.path, "persistentVolumeClaim", "claimName"), name[:_LONGEST]


def _scalars(found: Any) -> tuple[tuple[str, Any], ...]:
    """The entries of a mapping whose values are texts or numbers."""
    if not isinstance(found, Mapping):
        return ()
    kept = (
        (str(key)[:_LONGEST], value[:_LONGEST] if isinstance(value, str) else value)
        for key, value in found.items()
        if isinstance(value, str | int | float)
    )
    return tuple(entry for entry, _ in zip(kept, range(_MOST), strict=False))


def _unpack(kept: tuple[Any, ...]) -> KeptPod:
    path, replicas, labels, requests, limits, devices, claims, containers, nodes = kept
    return KeptPod(
        path,
        replicas,
        dict(labels),
        dict(requests),
        dict(limits),
        devices,
        claims,
        tuple(map(_unpack_container, containers)),
        dict(nodes),
    )


def _unpack_container(kept: tuple[Any, ...]) -> KeptContainer:
    path, name, use, image, requests, limits = kept
    return KeptContainer(path, name, use, image, dict(requests), dict(limits))
