"""The claims that an object's pods mount, as far as they are at hand."""

from collections.abc import Iterator

from rules.globs import fits_any
from rules.kinds import facts
from rules.kinds.lookups import Answer
from rules.kinds.pods import Pod
from rules.manifest import is_template
from rules.model import ObjectKey, Related
from rules.neighbourhood import place_of
from rules.paths import Path, dig, shorten
from rules.record import NamedTuple
from rules.type_names import Any
from rules.workload import Workload

ONE_NODE = frozenset({"ReadWriteOnce", "ReadWriteOncePod"})
"""Access modes with which a volume is attached to a single node."""

_LOCAL = ("local*", "*hostpath*", "openebs-hostpath", "topolvm*")
"""Classes whose volumes stay on a node, and take their pods there."""
_HOST = "kubernetes.io/hostname"
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


class MountedClaim(NamedTuple):
    """A claim that is at hand and the volume of a pod that mounts it: ``path`` is where that names
    it. ``storage_class`` is empty where the cluster's default is meant."""

    pod: Pod
    path: Path
    key: ObjectKey
    modes: tuple[str, ...]
    storage_class: str

    @property
    def on_one_node(self) -> bool:
        """Whether only pods of one node can mount it at the same time."""
        return bool(self.modes) and ONE_NODE.issuperset(self.modes)

    @property
    def contended(self) -> bool:
        """Whether pods that run at the same time may keep one another from it."""
        exclusive = self.modes == ("ReadWriteOncePod",)
        together = is_pinned(self.pod) or self.is_of(_LOCAL)
        return self.on_one_node and (exclusive or not together)

    @property
    def name(self) -> str:
        return f"claim '{shorten(self.key.name)}' is {' and '.join(self.modes)}"

    @property
    def place(self) -> Related:
        """The access modes of the claim, as a place to show beside a finding."""
        return Related(place_of(self.key, facts.ACCESS_MODES), "only one node at a time", self.key)

    def is_of(self, classes: tuple[str, ...]) -> bool:
        """Whether its storage class is one of ``classes`` (globs)."""
        return fits_any(self.storage_class, classes)


def find_claims(workload: Workload) -> tuple[MountedClaim, ...]:
    """The claims at hand that the object's pods name."""
    return tuple(_find(workload))


def _find(workload: Workload) -> Iterator[MountedClaim]:
    for pod in workload.pods:
        for volume in pod.volumes:
            name = dig(volume.body, ("persistentVolumeClaim", "claimName"))
            if not isinstance(name, str) or is_template(name):
                continue
            reference = workload.neighbourhood.refer_to_claim(name)
            answer, modes = workload.ask(reference, facts.ACCESS_MODES)
            if answer is not Answer.FOUND or not isinstance(modes, list):
                continue
            same, said = workload.ask(reference, facts.STORAGE_CLASS)
            named = (*volume.path, "persistentVolumeClaim", "claimName")
            path = named if workload.manifest.dig(*named) is not None else volume.path
            storage_class = said if same is Answer.FOUND and isinstance(said, str) else ""
            yield MountedClaim(pod, path, reference.key, _texts(modes), storage_class)


def is_pinned(pod: Pod) -> bool:
    """Whether all pods of a template run on one node: then they share what that has mounted."""
    if pod.spec.get("nodeName") or dig(pod.spec, ("nodeSelector", _HOST)):
        return True
    terms = dig(pod.spec, ("affinity", "podAffinity", _REQUIRED))
    return isinstance(terms, list) and any(dig(one, ("topologyKey",)) == _HOST for one in terms)


def _texts(found: list[Any]) -> tuple[str, ...]:
    return tuple(one for one in found if isinstance(one, str) and not is_template(one))
