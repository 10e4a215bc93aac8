"""What a rule sees of an object: its pods, its role, its budgets, each with its place."""

from collections.abc import Callable, Hashable, Mapping
from functools import partial

from rules.accelerators import Accelerators, accelerators_of
from rules.commands import CommandReadings, ReadContainer
from rules.interruption import interruptible
from rules.inventory import Inventory
from rules.kinds.completeness import lacks_images, lacks_required
from rules.kinds.facts import Fact
from rules.kinds.lookups import Answer, Reference
from rules.kinds.pods import Container, Pod
from rules.kinds.roles import Role
from rules.kinds.rows import FactPlace, FactPlaces, find_around, find_every, find_own, read_row
from rules.kinds.runs import Deadlines, Retry, Schedule
from rules.kinds.schema import Autoscaler, Inner, Kind
from rules.kinds.views import SpecView
from rules.lazy_property import lazy_property
from rules.manifest import Manifest, is_template
from rules.model import Confidence, Identity, ObjectKey, Presence, Value
from rules.neighbourhood import Neighbourhood
from rules.paths import Path, dig, split_dotted
from rules.roles import Judgement, Siblings, classify_pod, strongest
from rules.type_names import Any, TypeVar

TRAINING = frozenset({Role.TRAINING, Role.RETRAINING, Role.STREAMING})
FINITE_TRAINING = TRAINING - {Role.STREAMING}
SERVING = frozenset({Role.SERVING})
ML_ROLES = frozenset(Role) - {Role.NONE, Role.OTHER}
"""Whatever machine learning there is: other linters look after the rest."""

_Found = TypeVar("_Found")


class Workload:
    """The read-only view of one object through its kind.

    ``parameters`` is the policy's shared block; ``partial`` marks a fragment (a kustomize patch),
    of which only what is written may be judged, None where nobody knows; ``around`` is what the
    object around this one says of it. ``namespace_role`` is what its Namespace says, whose labels
    are ``namespace_labels`` where they are known; ``own_word``: what it says itself counts.
    """

    def __init__(  # noqa: PLR0913 - what it stands in, by keyword
        self,
        manifest: Manifest,
        kind: Kind,
        inventory: Inventory,
        parameters: Mapping[str, Any],
        *,
        partial: bool | None = None,
        around: Inner = Inner(()),  # noqa: B008 - a named tuple never changes
        namespace_role: Role | None = None,
        namespace_labels: Mapping[str, str] | None = None,
        own_word: bool = True,
    ) -> None:
        self.manifest = manifest
        self.kind = kind
        self.parameters = parameters
        self._inventory = inventory
        self.namespace_labels = namespace_labels
        self._partial = partial
        self._role = around.role
        self.measured = around.measured
        self.queued = around.queued
        self._namespace_role = namespace_role
        self._own_word = own_word
        self._readings: dict[Hashable, Any] = {}
        self._by_role: dict[frozenset[Role], tuple[Pod, ...]] = {}

    @property
    def identity(self) -> Identity:
        return self.manifest.identity

    @lazy_property
    def spec(self) -> SpecView:
        """The part of the object that the kind's readers read."""
        return self.kind.view(self.manifest)

    @lazy_property
    def places(self) -> FactPlaces:
        """Where the facts of the object stand, and those of its parts."""
        return self.kind.places

    @property
    def namespace(self) -> str | None:
        """The namespace that it lives in; None where that is not known."""
        return self.identity.namespace or self._inventory.namespace or None

    def once(self, read: Callable[..., _Found], *about: Hashable) -> _Found:
        """What ``read(workload, *about)`` finds, computed when the first rule asks for it.

        For what several rules ask of an object and is no part of its kind. ``read`` stands in a
        module, which is how the next rule names the same reading; what it returns is shared, so
        it is a tuple or another value that nobody changes, and no iterator.
        """
        key = read, about
        if key not in self._readings:
            self._readings[key] = read(self, *about)
        found: _Found = self._readings[key]
        return found

    def at(self, fact: Fact, pod: Pod | None = None) -> Value | None:
        """A fact with its path, written or to be written; None where the kind has no such field.

        Without a pod it is the object's own. Of a pod it is what holds there: of the pod spec, of
        the item that the template stands in (a replicated job, a worker group), else the object's.
        What another object may say that is named here is unknown, never absent.
        """
        if pod is None:
            found = find_own(self.places, fact)
        elif fact in self.kind.pod_rows:
            return self._at_pod(self.kind.pod_rows[fact], pod)
        else:
            found = find_around(self.places, fact, pod.path)
        return None if found is None else self._read(found)

    def each(self, fact: Fact) -> tuple[Value, ...]:
        """A fact in the object and in each item of it that can say it."""
        found = find_every(self.places, fact, self.manifest.object)
        return tuple(map(self._read, found)) if found else ()

    def _read(self, place: FactPlace) -> Value:
        value, deferred = place.read(self.manifest), self.kind.deferred
        if not deferred or not value.absent:
            return value
        named = deferred.get(place.root)
        elsewhere = named is not None and self.manifest.dig(*named) is not None
        return _unknown(value) if elsewhere else value

    def _at_pod(self, row: tuple[Any, ...], pod: Pod) -> Value | None:
        """A fact of a pod spec, be it written there or merged from another object."""
        if pod.volumes_at is None:
            return None
        keys = split_dotted(row[0])
        path = (*pod.spec_path, *keys)
        raw = len(row) > 1 and not self.kind.built_in
        value = read_row(row, self.manifest, path, raw=raw)
        if value.presence is not Presence.ABSENT:
            return value
        merged = dig(pod.spec, keys)
        # What stands here itself and counts as absent is the API server's default.
        if merged is not None and self.manifest.dig(*value.path) is None:
            known = not is_template(merged)
            return Value(value.path, merged, Presence.WRITTEN if known else Presence.UNKNOWN)
        return _unknown(value) if pod.inherits else value

    @lazy_property
    def pods(self) -> tuple[Pod, ...]:
        return tuple(self.kind.pods(self.spec, self.ask))

    @lazy_property
    def partial(self) -> bool:
        """Whether this is a fragment: said so, lacks a required field, or has containers without
        an image where the API requires one. What has a status came from a cluster: it is whole."""
        if self._partial or lacks_required(self.kind, self.manifest, self.pods):
            return True
        unsure = self._partial is None and "status" not in self.manifest.object
        return unsure and lacks_images(self.pods)

    @lazy_property
    def accelerators(self) -> Accelerators:
        block = self.parameters["accelerators"]
        names = (block["patterns"], block["companions"], block["annotations"])
        return accelerators_of(*map(tuple, names))

    def resources(self, container: Container) -> tuple[Path, Any]:
        """Where the container's resources stand, and what the object says of them; what it leaves
        to another object (a TrainJob to its runtime) is judged there."""
        path = container.place("resources")
        if "resources" in container.elsewhere and self.manifest.dig(*path) is None:
            return path, None
        return path, container.body.get("resources")

    def written_resources(self, container: Container) -> tuple[Path, Any]:
        """The same of resources that are written as core/v1 has them, and not made of settings."""
        path, resources = self.resources(container)
        return path, None if "resources" in container.made else resources

    def accelerated(self, pod: Pod) -> bool:
        """Whether a pod asks for an accelerator, for a share of one, or claims a device (DRA)."""
        known = self._accelerated.get(id(pod))
        return self.accelerators.asked_by(pod) if known is None else known

    @lazy_property
    def _accelerated(self) -> dict[int, bool]:
        # By the pod's identity, which is its own as long as the workload holds it.
        return {id(pod): self.accelerators.asked_by(pod) for pod in self.pods}

    @lazy_property
    def judgements(self) -> tuple[tuple[Pod, Judgement], ...]:
        """The role of each pod template."""
        return tuple((pod, self._judge(pod)) for pod in self.pods)

    def _judge(self, pod: Pod) -> Judgement:
        judgement = self._classify(pod, self._namespace_role, own_word=self._own_word)
        if self._role is None or judgement.role is Role.NONE:
            return judgement
        evidence = (f"the object around it is {self._role}", *judgement.evidence)
        return judgement._replace(role=self._role, confidence=Confidence.HIGH, evidence=evidence)

    def weigh_evidence(self, pod: Pod) -> Judgement:
        """The role of a pod template by its kind and by what runs in it, whatever is said."""
        return self._classify(pod, None, own_word=False)

    def _classify(self, pod: Pod, namespace_role: Role | None, *, own_word: bool) -> Judgement:
        return classify_pod(
            self.kind,
            self.manifest,
            pod,
            accelerated=self.accelerated(pod),
            scheduled=self.schedule is not None,
            label=self.parameters["roles"]["label"],
            siblings=self._siblings,
            namespace_role=namespace_role,
            own_word=own_word,
        )

    @lazy_property
    def _siblings(self) -> Siblings:
        return Siblings(self.kind, self.manifest, self.pods, self.command)

    @lazy_property
    def command(self) -> ReadContainer:
        """What a container runs, read once."""
        # No method: an object that holds itself stays until the collector comes.
        return CommandReadings(partial(self.neighbourhood.find_scripts, self.pods))

    @lazy_property
    def judgement(self) -> Judgement | None:
        """The object's role: the strongest of its templates'. None where it has no pods."""
        return strongest(judgement for _, judgement in self.judgements)

    @lazy_property
    def judgements_by_path(self) -> dict[Path | None, Judgement]:
        """The same by the template's path; of two at one place the first."""
        return {pod.path: judgement for pod, judgement in reversed(self.judgements)}

    @lazy_property
    def roles(self) -> frozenset[Role]:
        """The roles of the pod templates."""
        return frozenset([judgement.role for _, judgement in self.judgements])

    @property
    def role(self) -> Role | None:
        return self.judgement.role if self.judgement else None

    def pods_of(self, roles: frozenset[Role]) -> tuple[Pod, ...]:
        """The pod templates whose role is one of ``roles``."""
        known = self._by_role.get(roles)
        if known is None:
            pods = [pod for pod, judgement in self.judgements if judgement.role in roles]
            known = self._by_role[roles] = tuple(pods)
        return known

    @lazy_property
    def training_pods(self) -> tuple[Pod, ...]:
        return self.pods_of(TRAINING)

    @lazy_property
    def interruptible(self) -> bool:
        """Whether some training may run on capacity that the cloud takes back."""
        return any(map(interruptible, self.training_pods))

    @lazy_property
    def retries(self) -> tuple[Retry, ...]:
        """The retry budgets of training; those of other steps do not matter here."""
        others = {pod.path for pod in self.pods} - {pod.path for pod in self.training_pods}
        return tuple(retry for retry in self.kind.retries(self.spec) if retry.pod not in others)

    @lazy_property
    def deadlines(self) -> Deadlines | None:
        return self.kind.deadlines(self.spec, self.training_pods)

    @lazy_property
    def schedule(self) -> Schedule | None:
        return self.kind.schedule(self.manifest)

    @lazy_property
    def autoscalers(self) -> tuple[Autoscaler, ...]:
        return tuple(self.kind.autoscalers(self.spec))

    @lazy_property
    def neighbourhood(self) -> Neighbourhood:
        """The objects around this one."""
        kind, identity = self.kind, self.identity
        name = identity.name or ""
        me = ObjectKey(kind.group, kind.name, identity.namespace or "", name)
        return Neighbourhood(self._inventory, me)

    def ask(self, reference: Reference, fact: str) -> tuple[Answer, Any]:
        """What is known of one fact of another object."""
        return self._inventory.ask(reference, fact)


def _unknown(value: Value) -> Value:
    return value._replace(presence=Presence.UNKNOWN)
