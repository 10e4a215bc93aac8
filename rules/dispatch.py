"""Which rules look at an object: a rule that could find nothing in it costs nothing."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from rules.kinds.roles import Role
from rules.kinds.schema import Kind
from rules.model import Check, Rule
from rules.policy import Policy
from rules.workload import Workload

Look: TypeAlias = tuple[Rule, Check, Mapping[str, Any]]
"""A rule with its check and what that is given of the policy."""


class RuleIndex:
    """The rules of a run under one policy, by what they declare of the objects that they judge.

    What is found is the same as if every rule looked at every object; ``looks`` are all of them.
    """

    def __init__(self, policy: Policy, rules: Iterable[Rule]) -> None:
        self.enabled = {rule.code: rule for rule in rules}
        self.looks: tuple[Look, ...] = tuple(
            (rule, rule.check, policy.rule_parameters(rule))
            for rule in self.enabled.values()
            if rule.check is not None
        )
        self._by_kind: dict[tuple[str, str], _KindIndex] = {}

    def find(self, workload: Workload) -> tuple[Look, ...]:
        """The rules that may find something in an object, in their order."""
        kind = workload.kind
        known = self._by_kind.get((kind.group, kind.name))
        if known is None or known.kind is not kind:
            known = self._by_kind[kind.group, kind.name] = _KindIndex(kind, self.looks)
        return known.find(workload)


class _KindIndex:
    """The rules that may find something in objects of one kind."""

    def __init__(self, kind: Kind, looks: tuple[Look, ...]) -> None:
        self.kind = kind
        self._looks = tuple(look for look in looks if may_concern(look[0], kind))
        self._by_role = any(rule.roles is not None for rule, *_ in self._looks)
        self._by_device = any(rule.accelerated for rule, *_ in self._looks)
        # A hostile object has any set of roles that there is; real ones have a handful.
        self._choose = lru_cache(maxsize=64)(self._select)

    def find(self, workload: Workload) -> tuple[Look, ...]:
        # Roles and devices are not looked for where no rule hangs on them.
        roles = workload.roles if self._by_role else None
        accelerated = self._by_device and any(map(workload.accelerated, workload.pods))
        return self._choose(roles, accelerated)

    def _select(self, roles: frozenset[Role] | None, accelerated: bool) -> tuple[Look, ...]:  # noqa: FBT001 - a key of the cache
        return tuple(
            look
            for look in self._looks
            if (accelerated or not look[0].accelerated)
            and (look[0].roles is None or not look[0].roles.isdisjoint(roles or ()))
        )


def may_concern(rule: Rule, kind: Kind) -> bool:
    """Whether an object of the kind can have something that the rule reads."""
    return not rule.reads or any(map(kind.has, rule.reads))
