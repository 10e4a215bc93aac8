"""Which rules look at an object: a rule that could find nothing in it, or may not say so, costs
nothing."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from functools import lru_cache

from rules.checks import INDEX
from rules.declaration import Declaration, declare
from rules.kinds.roles import Role
from rules.kinds.schema import Kind
from rules.model import Action, Check, Rule
from rules.policy import Policy, find_ground, is_silent
from rules.type_names import Any, TypeAlias, cast
from rules.workload import Workload

Look: TypeAlias = tuple[Rule, Check, Mapping[str, Any]]
"""A rule with its check and what that is given of the policy."""


class RuleIndex:
    """The rules of a run under one policy, by what they declare of the objects that they judge.

    What is found is the same as if every rule looked at every object. A rule is imported when it
    first looks at one.
    """

    def __init__(self, policy: Policy, rules: Iterable[Declaration | Rule]) -> None:
        declared = (declare(one) if isinstance(one, Rule) else one for one in rules)
        self.enabled = {one.code: one for one in declared}
        self.judging = tuple(one for one in self.enabled.values() if _may_judge(one, policy))
        self._policy = policy
        self._turns_off = Action.OFF in _list_actions(policy)
        self._silent: dict[tuple[str, Hashable], bool] = {}
        self._looks: dict[str, Look] = {}
        self._by_kind: dict[tuple[str, str], _KindIndex] = {}

    @property
    def looks(self) -> tuple[Look, ...]:
        """Those of all rules."""
        return tuple(map(self._look, self.judging))

    def find(
        self,
        workload: Workload,
        namespace: str | None = None,
        labels: Mapping[str, str] | None = None,
        flag_profile: str | None = None,
    ) -> tuple[Look, ...]:
        """The rules that may find something in an object, and say so in the namespace, in their
        order. ``labels`` are the Namespace's, ``flag_profile`` is the command line's."""
        looks = self._find_concerned(workload)
        if not self._turns_off:
            return looks
        place = namespace, labels, flag_profile
        ground = flag_profile, find_ground(self._policy, namespace, labels)
        return tuple([one for one in looks if not self._is_silent(one[0], ground, place)])

    def _is_silent(self, rule: Rule, ground: Hashable, place: tuple[Any, ...]) -> bool:
        known = self._silent.get((rule.code, ground))
        if known is None:
            known = self._silent[rule.code, ground] = is_silent(self._policy, rule, *place)
        return known

    def _find_concerned(self, workload: Workload) -> tuple[Look, ...]:
        kind = workload.kind
        known = self._by_kind.get((kind.group, kind.name))
        if known is None or known.kind is not kind:
            known = _KindIndex(kind, self.judging, self._look)
            self._by_kind[kind.group, kind.name] = known
        return known.find(workload)

    def _look(self, declared: Declaration) -> Look:
        known = self._looks.get(declared.code)
        if known is None:
            rule = declared.load()
            parameters = self._policy.rule_parameters(rule)
            known = self._looks[rule.code] = rule, cast("Check", rule.check), parameters
        return known


class _KindIndex:
    """The rules that may find something in objects of one kind."""

    def __init__(
        self, kind: Kind, rules: Iterable[Declaration], look: Callable[[Declaration], Look]
    ) -> None:
        self.kind = kind
        self._look = look
        self._rules = tuple(one for one in rules if may_concern(one.reads, kind))
        self._by_role = any(one.roles is not None for one in self._rules)
        self._by_device = any(one.accelerated for one in self._rules)
        # A hostile object has any set of roles that there is; real ones have a handful.
        self._choose = lru_cache(maxsize=64)(self._select)

    def find(self, workload: Workload) -> tuple[Look, ...]:
        # Roles and devices are not looked for where no rule hangs on them.
        roles = workload.roles if self._by_role else frozenset[Role]()
        accelerated = self._by_device and any(map(workload.accelerated, workload.pods))
        return self._choose(roles, accelerated)

    def _select(self, roles: frozenset[Role], accelerated: bool) -> tuple[Look, ...]:  # noqa: FBT001 - a key of the cache
        return tuple(
            self._look(one)
            for one in self._rules
            if (accelerated or not one.accelerated)
            and (one.roles is None or not roles.isdisjoint(one.roles))
        )


def index_rules(policy: Policy, rules: RuleIndex | Iterable[Declaration | Rule]) -> RuleIndex:
    """``rules`` under a policy: an index as it is, that of all rules made once."""
    if isinstance(rules, RuleIndex):
        return rules
    return _index_all(policy) if rules is INDEX else RuleIndex(policy, rules)


@lru_cache(maxsize=4)
def _index_all(policy: Policy) -> RuleIndex:
    # The webhook makes an engine for each review of one policy.
    return RuleIndex(policy, INDEX)


def _list_actions(policy: Policy) -> Iterator[Action]:
    """All actions that a policy states of rules and forms."""
    for stated in (policy.rules, *(entry.rules for entry in policy.namespaces)):
        yield from stated.values()


def _may_judge(declared: Declaration, policy: Policy) -> bool:
    """Whether a rule may find something in any object, by what the policy gives it."""
    entries = (entry.values for entry in policy.namespaces)
    given = any(values.get(declared.code) for values in (policy.values, *entries))
    return declared.judges and (given or not declared.needs_values)


def may_concern(reads: tuple[str, ...], kind: Kind) -> bool:
    """Whether an object of the kind can have something that a rule reads."""
    return not reads or any(map(kind.has, reads))
