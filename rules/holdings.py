"""How many accelerators the pods of a workload may hold at a time."""

from collections.abc import Iterable, Iterator, Mapping

from rules.accelerators import DEVICE_WORDS, Accelerators
from rules.device_claims import list_alternatives
from rules.kinds import facts
from rules.kinds.kept_pods import KeptPod
from rules.kinds.lookups import Answer
from rules.kinds.neighbours import CLAIM_TEMPLATE, refer
from rules.kinds.pods import Container, ContainerUse, Pod
from rules.kinds.roles import Subrole
from rules.model import Related, Value
from rules.paths import Path, dig, items, shorten
from rules.quantity import parse_quantity
from rules.record import NamedTuple
from rules.type_names import Any
from rules.words import split_name
from rules.workload import Workload

_BEFORE = frozenset({Subrole.INITIALIZER, Subrole.SUBMITTER})
"""Pods that are gone, or idle, while the others work."""


class Holder(NamedTuple):
    """The pods of one template: each holds ``each`` accelerators, and there are ``most`` of them at
    most; None where that is not known. ``path`` is where the template asks for them."""

    pod: Pod
    path: Path
    each: float
    most: int | None

    @property
    def held(self) -> float:
        """What they hold together: what one of them does, where their number is not known."""
        return self.each * (1 if self.most is None else self.most)

    @property
    def together(self) -> bool:
        """Whether they are known to run at the same time as others do."""
        return self.most is not None and self.pod.subrole not in _BEFORE

    def __str__(self) -> str:
        """``4 worker pods x 8``."""
        count = 1 if self.most is None else self.most
        name = f"{self.pod.subrole} " if self.pod.subrole else ""
        return f"{count} {name}pod{'s' * (count != 1)} x {self.each:.10g}"


def find_holders(workload: Workload) -> tuple[Holder, ...]:
    """The templates whose pods hold accelerators. Rules ask for it by ``workload.once``."""
    return tuple(_find_each_holder(workload))


def _find_each_holder(workload: Workload) -> Iterator[Holder]:
    for pod in workload.pods:
        asked = [(count_asked(workload, one), one) for one in pod.containers]
        each = _add_up((count, one.use is ContainerUse.INIT) for count, one in asked)
        claimed = _count_claimed(workload, pod)
        if each + claimed:
            place = (*pod.spec_path, "resourceClaims")
            if each:
                place = place_asked(workload, max(asked, key=lambda one: one[0])[1])
            yield Holder(pod, place, each + claimed, _count_most(workload, pod))


class Total(NamedTuple):
    """What the pods of an object, ``what``, may hold together, and how that comes about.

    ``role`` is theirs, where it was asked for; ``path`` is where most of it is asked for, ``pod``
    the template there.
    """

    what: str
    held: float
    factors: str
    path: Path
    pod: Path | None = None
    role: str = ""
    related: tuple[Related, ...] = ()


def find_totals(workload: Workload, roles: frozenset[str]) -> Iterator[Total]:
    """The whole of an object's pods; those of ``roles`` are counted for themselves. What runs
    nothing itself holds nothing."""
    groups: dict[str, list[Holder]] = {}
    for holder in () if workload.kind.dormant else workload.once(find_holders):
        role = str(workload.judgements_by_path[holder.pod.path].role)
        groups.setdefault(role if role in roles else "", []).append(holder)
    for role, group in groups.items():
        largest = max(group, key=lambda one: one.held)
        together = [one for one in group if one.together]
        count = sum(one.held for one in together)
        if count < largest.held:
            together, count = [largest], largest.held
        factors = " + ".join(map(str, together))
        yield Total(workload.kind.name, count, factors, largest.path, largest.pod.path, role)


def find_scaled(workload: Workload) -> Iterator[Total]:
    """What an autoscaler may make of the objects that it scales, where these are known."""
    bound = workload.at(facts.MAX_REPLICAS)
    most = _read_number(bound)
    for scaler in workload.autoscalers if most else ():
        pods = workload.neighbourhood.find_pods(scaler.target) if scaler.target else None
        counts = [(_count_kept(pod, workload.accelerators), pod) for pod in pods or ()]
        if scaler.target is not None and bound is not None and counts:
            each, pod = max(counts, key=lambda one: one[0])
            key = scaler.target.key
            related = Related(pod.path, "the pods that it scales", key)
            what, factors = f"{key.kind} {shorten(key.name)}", f"{most} pods x {each:.10g}"
            yield Total(what, each * most, factors, bound.path, related=(related,))


def count_asked(workload: Workload, container: Container) -> float:
    """The accelerators that a container asks for; what cannot be read counts for none."""
    _, resources = workload.resources(container)
    return _count(resources, workload.accelerators)


def place_asked(workload: Workload, container: Container) -> Path:
    """Where a container asks for accelerators: the amount of the first."""
    path, resources = workload.resources(container)
    for key in ("limits", "requests"):
        for name, _ in workload.accelerators.asked(resources, key):
            return (*path, key, name)
    return path


def _count_kept(pod: KeptPod, accelerators: Accelerators) -> float:
    counts = (
        (_count(one._asdict(), accelerators), one.use == ContainerUse.INIT)
        for one in pod.containers
    )
    return _add_up(counts)


def _count(resources: Any, accelerators: Accelerators) -> float:
    amounts = {
        name: parse_quantity(amount) or 0
        for key in ("requests", "limits")
        for name, amount in accelerators.asked(resources, key)
    }
    return sum(max(0, amount) for amount in amounts.values())


def _add_up(counts: Iterable[tuple[float, bool]]) -> float:
    """What a pod holds: all of its containers together, or one that runs before them.

    Source: ``k8s.io/component-helpers/resource`` (PodRequests).
    """
    known = list(counts)
    before = max((count for count, first in known if first), default=0)
    return max(before, sum(count for count, first in known if not first))


def holds_accelerators(workload: Workload, pod: Pod) -> bool:
    """Whether a pod asks for accelerators, and not only for other devices: of claims (DRA) on those
    it is known what they ask for where their templates are at hand."""
    if not workload.accelerated(pod):
        return False
    accelerators = workload.accelerators
    plain = any(accelerators.holds(one.get("resources")) for one in pod.containers)
    if plain or accelerators.shared_by(pod.metadata):
        return True
    return any(count is None or count > 0 for count in _read_claims(workload, pod))


def _count_claimed(workload: Workload, pod: Pod) -> float:
    """The accelerators of a pod's claims; what is not known counts for none."""
    return sum(count or 0 for count in _read_claims(workload, pod))


def _read_claims(workload: Workload, pod: Pod) -> Iterator[float | None]:
    """How many accelerators each claim of a pod asks for; None where its template is unknown."""
    for _, claim in items(pod.spec.get("resourceClaims")):
        yield _count_requested(workload, dig(claim, ("resourceClaimTemplateName",)))


def _count_requested(workload: Workload, name: Any) -> float | None:
    namespace = workload.identity.namespace
    if not isinstance(name, str):
        return None
    answer, requests = workload.ask(refer(CLAIM_TEMPLATE, namespace, name), facts.DEVICE_REQUESTS)
    if answer is not Answer.FOUND:
        return None
    return sum(max(map(_read_request, one), default=0) for one in list_alternatives(requests))


def _read_request(request: Mapping[str, Any]) -> float:
    name = str(request.get("deviceClassName") or "")[:253]
    if request.get("adminAccess") is True or DEVICE_WORDS.isdisjoint(split_name(name)):
        return 0
    return max(0, parse_quantity(request.get("count", 1)) or 0)


def _count_most(workload: Workload, pod: Pod) -> int | None:
    """How many pods of a template there may be: as many as an autoscaler within the object, or an
    elastic policy, may make of them."""
    if pod.replicas is None:
        return None
    hosts = _read_number(workload.at(facts.HOSTS_PER_REPLICA, pod)) or 1
    grows = pod.nodes == 1 and all(
        value is None or value.value is True
        for value in map(workload.at, (facts.RAY_AUTOSCALING, facts.DYNAMIC_ALLOCATION))
    )
    most = _read_number(workload.at(facts.MAX_REPLICAS, pod)) if grows and not _leads(pod) else 0
    elastic = _read_number(workload.at(facts.ELASTIC_MAX, pod)) if _works(pod) else 0
    return max(pod.replicas, most * hosts, elastic)


def _leads(pod: Pod) -> bool:
    return pod.subrole in (Subrole.MASTER, Subrole.RAY_HEAD, *_BEFORE)


def _works(pod: Pod) -> bool:
    return pod.subrole is Subrole.WORKER


def _read_number(value: Value | None) -> int:
    """The number, if it is set in the manifest; otherwise 0."""
    written = value is not None and value.written
    number = value.number if written and value is not None else None
    return int(number) if number is not None and 0 < number < 2**31 - 1 else 0
