"""The objects around one: who scales it, who selects its pods, what its volumes hold.

Answers are *found*, *absent* or *unknown*. Unknown is no evidence; absent is said only where all
objects are at hand (``mlgate lint --complete``, a cluster's cache that is synced).
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence

from rules.inventory import AS_KEPT, Accepts, FactReading, Inventory
from rules.kinds import GroupKind, facts, find_neighbour, kinds_with
from rules.kinds.autoscaling import SCALING, Scaling, unpack_scaling
from rules.kinds.config_maps import CONFIG_MAP, SCRIPTS
from rules.kinds.facts import Fact
from rules.kinds.kept_pods import PODS, KeptPod, unpack_pods
from rules.kinds.lookups import Answer, Neighbour, Reference
from rules.kinds.neighbours import (
    BUDGET_KIND,
    CLAIM,
    NETWORK_POLICY,
    SERVICE,
    refer,
)
from rules.kinds.pods import Container, Mount, Pod
from rules.kinds.rows import find_own
from rules.kinds.schema import Kind
from rules.lazy_property import lazy_property
from rules.model import ObjectKey
from rules.paths import Path, dig, items
from rules.type_names import TYPE_CHECKING, Any, TypeAlias, TypeVar

if TYPE_CHECKING:
    from rules.selectors import Selector

Neighbours: TypeAlias = tuple[Answer, tuple[Neighbour, ...]]
"""What a search says: found, and who; absent: there is none; unknown: there may be some."""

_MOST_MOUNTS = 64
"""Each is looked for in all words of a command."""
_Read = TypeVar("_Read")
_UNKNOWN: Neighbours = (Answer.UNKNOWN, ())


class Neighbourhood:
    """What is known of the objects around the object ``me``."""

    def __init__(self, inventory: Inventory, me: ObjectKey) -> None:
        self._inventory = inventory
        self.me = me

    @property
    def tells_absence(self) -> bool:
        """Whether any search can answer absent."""
        return self._inventory.tells_absence

    @lazy_property
    def _namesake(self) -> bool:
        """Whether several objects at hand have this one's name: there is no telling which of them
        somebody means."""
        return len(self._inventory.find(self.me)) > 1

    def holds(self, kind: Kind) -> bool:
        """Whether any object of a kind is at hand in the namespace."""
        group, name, namespace = kind.group, kind.name, self.me.namespace or None
        return any(self._inventory.find_all(group, name, namespace))

    def ask(self, reference: Reference, fact: str) -> tuple[Answer, Any]:
        """What is known of one fact of the object that ``reference`` names."""
        return self._inventory.ask(reference, fact)

    def find_autoscalers(self) -> Neighbours:
        """The autoscalers of this object; their fact is ``SCALING``."""
        return self._autoscalers

    @lazy_property
    def _autoscalers(self) -> Neighbours:
        return _UNKNOWN if self._namesake else self.find_autoscalers_of(self.me)

    def find_autoscalers_of(self, target: ObjectKey) -> Neighbours:
        """The autoscalers of another object."""

        def scales(scaling: Scaling | None) -> bool:
            return scaling is not None and scaling[:3] == (target.group, target.kind, target.name)

        kinds, keys = kinds_with(SCALING), (target.name,)
        return self._select(kinds, SCALING, scales, _SCALINGS, keys, target.namespace)

    def find_rivals(self, target: ObjectKey) -> tuple[Neighbour, ...]:
        """The other autoscalers of what this one scales; none where nobody knows which of several
        of that name is meant."""
        if len(self._inventory.find(target)) != 1:
            return ()
        _, scalers = self.find_autoscalers_of(target)
        return tuple(one for one in scalers if not self._is_me(one.key))

    def find_pods(self, reference: Reference) -> tuple[KeptPod, ...] | None:
        """The pods of another object; None where they are not known."""
        return self.ask_pods(reference, tuple)

    def ask_pods(
        self, reference: Reference, read: Callable[[tuple[KeptPod, ...]], _Read]
    ) -> _Read | None:
        """What ``read`` makes of the pods of another object; None where they are not known."""

        def look(kept: Any) -> _Read | None:
            return None if kept is None else read(unpack_pods(kept))

        answer, found = self._inventory.ask(reference, PODS, look)
        read_of_all: _Read | None = found if answer is Answer.FOUND else None
        return read_of_all

    def find_services(self, pod: Pod) -> Neighbours:
        """The Services that select a pod."""
        return self._selecting(SERVICE, pod)

    def find_network_policies(self, pod: Pod) -> Neighbours:
        """The NetworkPolicies that select a pod."""
        return self._selecting(NETWORK_POLICY, pod)

    def find_disruption_budgets(self, pod: Pod) -> Neighbours:
        """The PodDisruptionBudgets that select a pod."""
        return self._selecting(BUDGET_KIND, pod)

    def find_claim_users(self, claim: str) -> Neighbours:
        """The other objects whose pods mount a claim; their fact is ``PODS``. Of a claim that
        several folders have, each may bring its own, in a namespace of its own."""
        if len(self._inventory.find(self.refer_to_claim(claim).key)) > 1:
            return _UNKNOWN

        def mounts(pods: tuple[KeptPod, ...]) -> bool:
            return any(name == claim for pod in pods for _, name in pod.claims)

        answer, users = self._select(kinds_with(PODS), PODS, mounts, _KEPT_PODS)
        others = tuple(user for user in users if not self._is_me(user.key))
        return (answer, others) if others or answer is not Answer.FOUND else _UNKNOWN

    def find_keeper(
        self, question: Hashable, accepts: Callable[[tuple[KeptPod, ...]], bool]
    ) -> Neighbour | None:
        """The first of the other objects at hand that keep pods which ``accepts`` takes. All who
        ask the same ``question`` accept the same."""
        found = self._find_keepers(question, accepts)
        return next((one for one in found if not self._is_me(one.key)), None)

    def count_keepers(
        self, question: Hashable, accepts: Callable[[tuple[KeptPod, ...]], bool]
    ) -> int:
        """How many objects at hand keep such pods, this one among them."""
        return len(self._find_keepers(question, accepts))

    def _find_keepers(
        self, question: Hashable, accepts: Callable[[tuple[KeptPod, ...]], bool]
    ) -> tuple[Neighbour, ...]:
        def find() -> tuple[Neighbour, ...]:
            return self._select(kinds_with(PODS), PODS, accepts, _KEPT_PODS)[1]

        return self._inventory.recall(("keepers", self.me.namespace, question), find)

    def refer_to_claim(self, name: str) -> Reference:
        """The claim of that name in the object's namespace."""
        return refer(CLAIM, self.me.namespace or None, name)

    def refer_to_service(self, name: str) -> Reference:
        """The Service of that name in the object's namespace."""
        return refer(SERVICE, self.me.namespace or None, name)

    def find_scripts(self, pods: Iterable[Pod], container: Container) -> dict[str, str] | None:
        """The scripts of ConfigMaps that a container of one of ``pods`` mounts, and that its
        command may name, by their path in it. Of very many mounts the first are looked at."""
        asked = container.mounts[:_MOST_MOUNTS]
        mounts = [mount for mount in asked if _is_named(mount.mount_path, container)]
        if not mounts:
            return None
        pod = next((pod for pod in pods if any(one is container for one in pod.containers)), None)
        volumes = {volume.name: volume.body for volume in pod.volumes} if pod else {}
        found: dict[str, str] = {}
        for mount in mounts:
            source = dig(volumes, (mount.volume, "configMap"))
            name = dig(source, ("name",))
            if isinstance(name, str):
                reference = refer(CONFIG_MAP, self.me.namespace or None, name)
                answer, scripts = self.ask(reference, SCRIPTS)
                if answer is Answer.FOUND and scripts:
                    found.update(_mount_scripts(scripts, source, mount, container))
        return found

    def _selecting(self, kind: Kind, pod: Pod) -> Neighbours:
        if pod.metadata_at is None or pod.inherits or not pod.complete:
            return _UNKNOWN
        labels = pod.metadata.get("labels")

        def selects(selector: "Selector | None") -> bool | None:
            return None if selector is None else selector.accepts(labels)

        kinds = ((kind.group, kind.name),)
        keys = [one for one in items(labels) if isinstance(one[1], str)]
        return self._select(kinds, facts.SELECTOR, selects, _SELECTORS, keys)

    def _select(
        self,
        kinds: tuple[GroupKind, ...],
        fact: str,
        accepts: Accepts,
        reading: FactReading = AS_KEPT,
        keys: Sequence[Hashable] = (),
        namespace: str | None = None,
    ) -> Neighbours:
        where = namespace or self.me.namespace or None
        return self._inventory.select(kinds, where, fact, accepts, reading, keys)

    def _is_me(self, key: ObjectKey) -> bool:
        return key._replace(namespace="") == self.me._replace(namespace="")


def _unpack_selector(kept: Any) -> "Selector | None":
    """The selector in the fact; None if it cannot be read."""
    from rules.selectors import SELECTS_NOTHING, parse_selector  # noqa: PLC0415 - few have neighbours

    return SELECTS_NOTHING if kept is None else parse_selector(kept)


def _key_selector(selector: "Selector | None") -> Hashable:
    return None if selector is None else selector.key


def _key_scaling(scaling: Scaling | None) -> Hashable:
    return None if scaling is None else scaling.name


_SELECTORS = FactReading(_unpack_selector, _key_selector)
_SCALINGS = FactReading(unpack_scaling, _key_scaling)
_KEPT_PODS = FactReading(unpack_pods)


def place_of(key: ObjectKey, fact: Fact) -> Path:
    """Where an object that is looked up has a fact; the object itself where it has no row."""
    kind = find_neighbour(key.group, key.kind)
    place = find_own(kind.places, fact) if kind is not None else None
    return () if place is None else place.path


def _is_named(folder: str, container: Container) -> bool:
    """Whether a word of a command begins with a folder: most mounts hold no scripts."""
    for key in ("command", "args"):
        words = container.body.get(key)
        for word in words if isinstance(words, list) else (words,):
            if folder and isinstance(word, str) and folder in word:
                return True
    return False


def _mount_scripts(
    scripts: Mapping[str, str], source: Any, mount: Mount, container: Container
) -> Iterator[tuple[str, str]]:
    """The scripts at the paths where they are mounted: in a folder, or one of them as a file."""
    folder = mount.mount_path.rstrip("/")
    names = _rename(dig(source, ("items",)))
    only = dig(container.body, mount.path[len(container.path) :], {}).get("subPath")
    for key, text in scripts.items():
        name = key if names is None else names.get(key)
        if name is None or only not in (None, "", name):
            continue
        yield (folder if only else f"{folder}/{name}"), text


def _rename(items: Any) -> dict[str, str] | None:
    """The file of each key that a volume's ``items`` choose; None where they choose nothing."""
    if not isinstance(items, list) or not items:
        return None
    return {str(dig(item, ("key",))): str(dig(item, ("path",))) for item in items}
