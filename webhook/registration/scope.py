"""The kinds that a policy's rules check, and what may come of it."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from rules.checks import ALL
from rules.kinds import BUILT_IN
from rules.kinds.schema import Kind
from rules.model import Action, Form, Rule
from rules.policy import Policy
from rules.policy.decisions import weigh
from rules.policy.values import PROFILE_LABEL, PROFILES


class Checked(NamedTuple):
    """A kind that a rule checks. ``denied``: some form may deny it; ``mended``: some safe fix of a
    finding that is denied or warned of may be made."""

    kind: Kind
    denied: bool
    mended: bool


class _Enabled(NamedTuple):
    rule: Rule
    denies: bool
    mends: bool


def checked_kinds(policy: Policy) -> Iterator[Checked]:
    """The kinds that an enabled rule checks, the policy's own ones too."""
    enabled = [one for rule in ALL if (one := _enable(policy, rule)) is not None]
    for kind in kinds_of(policy):
        found = [one for one in enabled if _checks(one.rule, kind)]
        if found:
            denied = any(one.denies for one in found)
            yield Checked(kind, denied, mended=any(one.mends for one in found))


def kinds_of(policy: Policy) -> tuple[Kind, ...]:
    """The kinds that are known, the policy's own ones too."""
    if not policy.kinds:
        return BUILT_IN
    from rules.policy.kinds import custom_kinds

    return (*BUILT_IN, *custom_kinds(policy))


def _checks(rule: Rule, kind: Kind) -> bool:
    """Whether the kind has a part that the rule reads. A manifest inside may be of any kind."""
    if rule.check is None or not rule.reads:
        return False
    return any(kind.has(part) for part in (*rule.reads, "inner"))


def _enable(policy: Policy, rule: Rule) -> _Enabled | None:
    """A rule with what may come of it in some namespace; None where it is off in all."""
    actions = {action for form in rule.forms for action in _actions(policy, rule, form)}
    if actions <= {Action.OFF}:
        return None
    mends = rule.fix not in ("none", "unsafe") and not actions.isdisjoint(
        {Action.DENY, Action.WARN}
    )
    return _Enabled(rule, Action.DENY in actions, mends)


def _actions(policy: Policy, rule: Rule, form: Form) -> Iterator[Action]:
    """What a form comes to: in a namespace without entry and label, by each entry, by label."""
    yield weigh(policy, rule, form).action
    for entry in policy.namespaces:
        anywhere = (entry._replace(name=None, labels=None),)
        alone = Policy(profile=policy.profile, rules=policy.rules, namespaces=anywhere)
        yield weigh(alone, rule, form).action
    for labels in _labels(policy):
        yield weigh(policy, rule, form, namespace_labels=labels).action


def _labels(policy: Policy) -> Iterator[Mapping[str, Any]]:
    if policy.namespace_labels == "trusted":
        yield from ({PROFILE_LABEL: profile} for profile in PROFILES)
