"""What a review is judged with: the policy in force, what is known of the cluster, and the time."""

import datetime
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache, partial
from typing import Any, NamedTuple

from rules.checks import BY_CODE, INDEX
from rules.declaration import Declaration
from rules.dispatch import RuleIndex
from rules.engine import Engine
from rules.evaluation import Evaluation
from rules.inventory import Inventory
from rules.kinds.lookups import Answer
from rules.manifest import LAST_APPLIED, Manifest
from rules.model import Action, Confidence
from rules.policy import Policy, decide, ignores_in, is_glass_broken, profile_in
from webhook.review.finding_cache import FindingCache, Given, TrackedInventory
from webhook.review.request import Request, with_namespace
from webhook.review.steps import Steps, take_step

OWN_RULES = "MLG"
"""What the codes begin with of rules that tell of the others, or of what is no object."""


def _unknown_owner(_uid: str) -> Answer:
    return Answer.UNKNOWN


class OwnerRecord(NamedTuple):
    """What is kept of an object that may own others. ``template``: the digest of what it makes,
    where it is a schedule."""

    group: str
    kind: str
    namespace: str
    name: str
    template: str = ""


class OwnerReference(NamedTuple):
    """Whom an object names as its owner; ``namespace`` is empty where owners of that kind have
    none."""

    group: str
    kind: str
    namespace: str
    name: str
    uid: str


def _no_record(_uid: str) -> OwnerRecord | None:
    return None


def _no_revision(_namespace: str, _owner: str, _pods: str) -> bool:
    return False


def _no_labels(_namespace: str) -> None:
    return None


class ReviewContext(NamedTuple):
    """What is known besides the request.

    ``namespace_labels`` gives a Namespace's labels, None where they are not known; ``owner`` says
    whether an object of that UID exists, ``owner_record`` what is kept of it; ``expired`` says
    whether the time for this review is up. ``ran_before`` says whether an earlier revision in a
    namespace, of the object of a UID, had pods of a digest.
    ``revision`` names the policy in audit annotations. ``cache`` spares judging an object twice.
    ``steps`` are where the time of each step is noted.
    """

    policy: Policy
    inventory: Inventory
    now: datetime.date
    revision: str = ""
    namespace_labels: Callable[[str], Mapping[str, str] | None] = _no_labels
    owner: Callable[[str], Answer] = _unknown_owner
    expired: Callable[[], bool] | None = None
    cache: FindingCache | None = None
    owner_record: Callable[[str], OwnerRecord | None] = _no_record
    ran_before: Callable[[str, str, str], bool] = _no_revision
    steps: Steps | None = None

    def knowing(self, uid: str, record: OwnerRecord) -> "ReviewContext":
        """The same, and besides it that there is the object ``record`` of that UID."""
        return self._replace(
            owner=lambda asked: Answer.FOUND if asked == uid else self.owner(asked),
            owner_record=lambda asked: record if asked == uid else self.owner_record(asked),
        )


class AdmissionCase(NamedTuple):
    """One request, with what is known and the engine that judges it.

    ``labels`` are those of the request's Namespace, None where they are not known; ``profile`` is
    the one that holds there.
    """

    request: Request
    context: ReviewContext
    inventory: TrackedInventory
    engine: Engine
    labels: Mapping[str, str] | None
    profile: str

    @property
    def glass_broken(self) -> bool:
        """Whether nothing is denied in the request's namespace for now."""
        return is_glass_broken(self.context.policy, self.labels)

    def may_deny(self, codes: Collection[str]) -> bool:
        """Whether the policy would deny the request's object for a finding of one of the rules."""
        if not codes or self.glass_broken:
            return False
        manifest = Manifest(with_namespace(self.request.body, self.request))
        return any(
            decide(
                self.context.policy,
                BY_CODE[code],
                form,
                Confidence.HIGH,
                identity=manifest.identity,
                labels=manifest.mapping("metadata", "labels"),
                namespace_labels=self.labels,
                now=self.context.now,
                flag_profile=None,
            ).action
            is Action.DENY
            for code in codes
            for form in BY_CODE[code].forms
        )

    def judge(self, body: dict[str, Any], replaced: dict[str, Any] | None = None) -> Evaluation:
        """What the rules find in ``body``, a state of the request's object, told of the object that
        it replaces, if that is given."""
        return take_step(self.context.steps, "judge", self._judge, body, replaced)

    def _judge(self, body: dict[str, Any], replaced: dict[str, Any] | None) -> Evaluation:
        evaluate = partial(self._evaluate, self.engine, body, replaced)
        cache = self.context.cache
        if cache is None or replaced is not None:
            return evaluate()
        return cache.get_or_evaluate(body, self._given, self.inventory, evaluate)

    def recall(self, body: dict[str, Any]) -> Evaluation | None:
        """The cached evaluation of ``body``; None if there is none."""
        cache = self.context.cache
        return None if cache is None else cache.recall(body, self._given, self.inventory)

    def judge_by(self, codes: frozenset[str], body: dict[str, Any]) -> Evaluation:
        """What the rules of those codes find in ``body``, and what others do where that is known
        already."""
        # mlgate's own rules tell of what the others do.
        if any(code.startswith(OWN_RULES) for code in codes):
            return self.judge(body)
        known = self.recall(body)
        if known is not None:
            return known
        rules = _index_some(self.context.policy, codes)
        engine = _make_engine(self.context, self.inventory, self.engine.ignores, rules)
        return take_step(self.context.steps, "judge", self._evaluate, engine, body)

    def _evaluate(
        self, engine: Engine, body: dict[str, Any], replaced: dict[str, Any] | None = None
    ) -> Evaluation:
        manifest = _admitted(with_namespace(body, self.request), replaced)
        return engine.evaluate(manifest, namespace_labels=self.labels)

    @property
    def _given(self) -> Given:
        """Everything besides the object that an evaluation depends on; what other objects it asked
        for, the inventory notes."""
        labels = None if self.labels is None else frozenset(self.labels.items())
        return (self.context.policy, self.context.now, self.request.namespace, labels)


def open_case(request: Request, context: ReviewContext) -> AdmissionCase:
    """The case of one request."""
    policy, namespace = context.policy, request.namespace
    labels = context.namespace_labels(namespace)
    inventory = TrackedInventory(context.inventory.at(namespace))
    engine = _make_engine(context, inventory, ignores_in(policy, namespace, labels))
    profile = profile_in(policy, namespace, labels)
    return AdmissionCase(request, context, inventory, engine, labels, profile)


def _make_engine(
    context: ReviewContext,
    inventory: Inventory,
    ignores: str,
    rules: RuleIndex | tuple[Declaration, ...] = INDEX,
) -> Engine:
    return Engine(
        context.policy,
        inventory,
        context.now,
        rules=rules,
        ignores=ignores,
        expired=context.expired,
    )


@lru_cache(maxsize=64)
def _index_some(policy: Policy, codes: frozenset[str]) -> RuleIndex:
    # An index holds itself: each would wait for the collector.
    return RuleIndex(policy, (one for one in INDEX if one.code in codes))


def _admitted(body: dict[str, Any], replaced: dict[str, Any] | None) -> Manifest:
    applied = Manifest(body).mapping("metadata", "annotations").get(LAST_APPLIED)
    last_applied = applied if isinstance(applied, str) else None
    return Manifest(body, admitted=True, last_applied=last_applied, old=replaced)
