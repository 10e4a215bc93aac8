"""The Namespaces in which a policy can deny something.

Under ``Fail`` an API server that cannot reach mlgate refuses what it would ask about: only there
may that happen. Whatever cannot be said exactly is taken for more, never for less.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from rules.annotations import PROFILE_LABEL
from rules.checks import ALL
from rules.model import Action
from rules.policy import Policy
from rules.policy.decisions import weigh
from rules.policy.values import PROFILES
from rules.selectors import Requirement

_OPPOSITES = {"In": "NotIn", "NotIn": "In", "Exists": "DoesNotExist", "DoesNotExist": "Exists"}
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


class NamespaceScope(NamedTuple):
    """Namespaces whose labels meet all requirements, whose names fit one of the globs ``named``, if
    there are any, and none of ``not_named``."""

    requirements: tuple[Requirement, ...] = ()
    named: tuple[str, ...] = ()
    not_named: tuple[str, ...] = ()

    def within(self, other: "NamespaceScope") -> "NamespaceScope":
        """What is in both. ``other`` has no ``named``: what is outside of a scope never has."""
        requirements = (*self.requirements, *other.requirements)
        return NamespaceScope(requirements, self.named, (*self.not_named, *other.not_named))

    def outside(self) -> "NamespaceScope | None":
        """All other Namespaces, None where no single scope can say which."""
        match self.requirements, self.named:
            case (one,), ():
                opposite = one._replace(operator=_OPPOSITES[one.operator])
                return NamespaceScope((opposite,))
            case (), (_, *_):
                return NamespaceScope(not_named=self.named)
        return None

    def condition(self) -> str:
        """What is asked of the name, as CEL; empty for nothing."""
        parts = []
        if self.named:
            parts.append(f"request.namespace.matches('{_regex(self.named)}')")
        if self.not_named:
            parts.append(f"!request.namespace.matches('{_regex(self.not_named)}')")
        return f"has(request.namespace) && {' && '.join(parts)}" if parts else ""


class Division(NamedTuple):
    """The scopes in which a policy can deny, each Namespace in one of them as far as can be said,
    and the scope of the others, None for no others."""

    denying: tuple[NamespaceScope, ...]
    rest: NamespaceScope | None


def divide_namespaces(policy: Policy) -> Division:
    """Where a policy can deny something, and where not."""
    denying: list[NamespaceScope] = []
    before = NamespaceScope()
    for scope in _find_denying(policy):
        denying.append(scope.within(before))
        outside = scope.outside()
        before = before.within(outside) if outside is not None else before
    everywhere = any(scope == NamespaceScope() for scope in denying)
    return Division(tuple(denying), None if everywhere else before)


def denies_in_cluster(policy: Policy) -> bool:
    """Whether a policy can deny an object that is in no Namespace."""
    return _denies(policy)


def _find_denying(policy: Policy) -> Iterator[NamespaceScope]:
    plain = Policy(
        profile=policy.profile,
        rules=policy.rules,
        namespace_labels=policy.namespace_labels,
        locked=policy.locked,
    )
    trusted = PROFILES if policy.namespace_labels == "trusted" else ()
    loud = tuple(one for one in trusted if _denies(plain, {PROFILE_LABEL: one}))
    quiet = tuple(one for one in trusted if one not in loud)
    if _denies(plain):
        yield _labelled("NotIn", quiet) if quiet else NamespaceScope()
    elif loud:
        yield _labelled("In", loud)
    yield from _find_entries(policy)


def _labelled(operator: str, profiles: tuple[str, ...]) -> NamespaceScope:
    return NamespaceScope((Requirement(PROFILE_LABEL, operator, profiles),))


def _find_entries(policy: Policy) -> Iterator[NamespaceScope]:
    """The scopes of entries by which something is denied: those by name alone together."""
    names: list[str] = []
    for entry in policy.namespaces:
        anywhere = (entry._replace(name=None, labels=None),)
        alone = Policy(
            profile=policy.profile, rules=policy.rules, namespaces=anywhere, locked=policy.locked
        )
        if not _denies(alone):
            continue
        if entry.labels is None:
            names.append(entry.name or "*")
        else:
            named = (entry.name,) if entry.name else ()
            yield NamespaceScope(entry.labels.requirements, named)
    if names:
        yield NamespaceScope(named=tuple(names))


def _denies(policy: Policy, labels: Mapping[str, str] | None = None) -> bool:
    return any(
        weigh(policy, rule, form, namespace_labels=labels).action is Action.DENY
        for rule in ALL
        for form in rule.forms
    )


def _regex(globs: Iterable[str]) -> str:
    """Globs as one regular expression (RE2), without quotes and backslashes."""
    return f"^({'|'.join(map(_pattern, globs))})$"


def _pattern(glob: str) -> str:
    if "[" in glob:
        return ".*"
    letters = {"*": ".*", **{letter: letter for letter in _PLAIN}}
    return "".join(letters.get(letter, ".") for letter in glob)
