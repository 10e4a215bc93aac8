"""The kinds that a policy's rules check, and whether that may deny or patch them.

The API server calls only for these: a request that no rule would judge costs nothing.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from rules.annotations import PROFILE_LABEL
from rules.checks import ALL
from rules.kinds import BUILT_IN
from rules.kinds.schema import Kind
from rules.model import Action, Form, Rule
from rules.policy import Policy, may_mend
from rules.policy.decisions import weigh
from rules.policy.values import PROFILES


class CheckedKind(NamedTuple):
    """A kind that a rule checks. ``may_deny``: some finding may deny it; ``may_patch``: some safe
    fix may be made."""

    kind: Kind
    may_deny: bool
    may_patch: bool


class _EnabledRule(NamedTuple):
    rule: Rule
    may_deny: bool
    may_patch: bool


def checked_kinds(policy: Policy) -> Iterator[CheckedKind]:
    """The kinds that an enabled rule checks, the policy's own ones too."""
    enabled = [one for rule in ALL if (one := _enable(policy, rule)) is not None]
    for kind in kinds_of(policy):
        found = [one for one in enabled if _checks(one.rule, kind)]
        if found:
            may_deny = any(one.may_deny for one in found)
            may_patch = any(one.may_patch for one in found)
            yield CheckedKind(kind, may_deny, may_patch)


def kinds_of(policy: Policy) -> tuple[Kind, ...]:
    """The kinds that are known, the policy's own ones too."""
    if not policy.kinds:
        return BUILT_IN
    from rules.policy.kinds import custom_kinds

    return (*BUILT_IN, *custom_kinds(policy))


def _checks(rule: Rule, kind: Kind) -> bool:
    """Whether the kind has a part that the rule reads."""
    if rule.check is None or not rule.reads:
        return False
    # A manifest embedded in an object may be of any kind.
    return any(kind.has(part) for part in (*rule.reads, "inner"))


def _enable(policy: Policy, rule: Rule) -> _EnabledRule | None:
    """A rule with what it may do in some namespace; None where it is off in all."""
    found = {(form.name, action) for form in rule.forms for action in _actions(policy, rule, form)}
    actions = {action for _, action in found}
    if actions <= {Action.OFF}:
        return None
    fixes = rule.fix not in ("none", "unsafe")
    may_patch = fixes and any(may_mend(policy, rule.code, *one) for one in found)
    return _EnabledRule(rule, Action.DENY in actions, may_patch)


def _actions(policy: Policy, rule: Rule, form: Form) -> Iterator[Action]:
    """The actions of a form: in a namespace without entry and label, by each entry, by label."""
    yield weigh(policy, rule, form).action
    # Each entry is asked alone, as if it matched everywhere: which namespaces it will match is not
    # known when the configurations are made.
    for entry in policy.namespaces:
        anywhere = (entry._replace(name=None, labels=None),)
        alone = Policy(
            profile=policy.profile, rules=policy.rules, namespaces=anywhere, locked=policy.locked
        )
        yield weigh(alone, rule, form).action
    for labels in _labels(policy):
        yield weigh(policy, rule, form, namespace_labels=labels).action


def _labels(policy: Policy) -> Iterator[Mapping[str, Any]]:
    if policy.namespace_labels == "trusted":
        yield from ({PROFILE_LABEL: profile} for profile in PROFILES)
