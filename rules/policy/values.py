"""A policy: profile, actions, parameters, namespaces, exceptions."""

from collections.abc import Mapping

from rules.model import Action, Rule
from rules.policy.parameters import SHARED, defaults, overlay
from rules.type_names import TYPE_CHECKING, Any

if TYPE_CHECKING:  # making them costs start-up that a run without a policy file spares
    from rules.policy.entries import CustomKind, ExceptionEntry, NamespaceEntry, PathEntry

PROFILES = ("observe", "standard", "strict")
IGNORES = ("allow", "cap-at-warn", "forbid")
TRUST = ("all", "namespace", "none")
"""Whose word on a role counts: the object's and its Namespace's, the Namespace's, nobody's."""

DEFAULT_MUTATION = "default"
"""The key of ``mutations`` for the rules that it does not name."""

_SHARED_DEFAULTS = {name: defaults(block) for name, block in SHARED.items()}


class Policy:
    """One policy, never changed once made. Without arguments: profile ``standard``, no more.

    ``rules`` gives the action of a code or of ``CODE/form``; ``values`` the parameters that the
    policy states for a code; ``parameters`` is the shared block, defaults filled in; ``shared``
    is what the policy states of it. ``contact`` tells whoever is denied something whom to ask,
    ``break_glass`` is the label of Namespaces in which nothing is denied. ``mutations`` says of a
    code, of ``CODE/form`` or of all (``DEFAULT_MUTATION``) whether the webhook makes safe fixes.
    ``locked`` is the least action of a code or form, whatever namespaces say, ``locked_keys`` are
    what a policy that extends this one may not say. ``paths`` is for files alone: ``for_path`` is
    the policy that holds in those of an entry.
    """

    __slots__ = (
        "_cache",
        "break_glass",
        "contact",
        "controllers",
        "exceptions",
        "exclude",
        "ignores",
        "kinds",
        "locked",
        "locked_keys",
        "mutations",
        "namespace_labels",
        "namespaces",
        "parameters",
        "paths",
        "profile",
        "profile_stated",
        "role_trust",
        "rules",
        "shared",
        "values",
    )

    def __init__(  # noqa: PLR0913 - a record, written by keyword
        self,
        *,
        profile: str | None = None,
        rules: Mapping[str, Action] | None = None,
        values: Mapping[str, Mapping[str, Any]] | None = None,
        shared: Mapping[str, Any] | None = None,
        kinds: "tuple[CustomKind, ...]" = (),
        exclude: tuple[str, ...] = (),
        controllers: tuple[str, ...] = (),
        ignores: str = "allow",
        role_trust: str | None = None,
        namespace_labels: str = "trusted",
        namespaces: "tuple[NamespaceEntry, ...]" = (),
        exceptions: "tuple[ExceptionEntry, ...]" = (),
        contact: str = "",
        break_glass: str = "",
        mutations: Mapping[str, bool] | None = None,
        locked: Mapping[str, Action] | None = None,
        locked_keys: tuple[str, ...] = (),
        paths: "tuple[PathEntry, ...]" = (),
    ) -> None:
        self.profile = profile or "standard"
        self.profile_stated = profile is not None
        self.rules = rules or {}
        self.values = values or {}
        self.shared = shared or {}
        self.parameters: Mapping[str, Any] = overlay(_SHARED_DEFAULTS, self.shared)
        self.kinds = kinds
        self.exclude = exclude
        self.controllers = controllers
        self.ignores = ignores
        self.role_trust = role_trust
        self.namespace_labels = namespace_labels
        self.namespaces = namespaces
        self.exceptions = exceptions
        self.contact = contact
        self.break_glass = break_glass
        self.mutations = mutations or {}
        self.locked = locked or {}
        self.locked_keys = locked_keys
        self.paths = paths
        self._cache: dict[tuple[str, int | None], Mapping[str, Any]] = {}

    def choose(self, profile: str | None, rules: Mapping[str, Action]) -> "Policy":
        """The same policy with another profile, if one is given, and with the actions of more codes
        or forms."""
        from copy import copy  # noqa: PLC0415 - whoever tries out a policy has time

        chosen = copy(self)
        if profile is not None:
            chosen.profile, chosen.profile_stated = profile, True
        chosen.rules = {**self.rules, **rules}
        return chosen

    def rule_parameters(self, rule: Rule, entry: int | None = None) -> Mapping[str, Any]:
        """What the rule's check reads: its own parameters, and each shared block by its name.
        ``entry`` is the number of the ``namespaces`` entry that holds, if one does."""
        known = self._cache.get((rule.code, entry))
        if known is None:
            known = {**self.parameters, **self.own_parameters(rule, entry)}
            self._cache[rule.code, entry] = known
        return known

    def own_parameters(self, rule: Rule, entry: int | None = None) -> dict[str, Any]:
        """The rule's own parameters: its defaults with the policy's values laid over."""
        own = overlay(defaults(rule.parameters), self.values.get(rule.code, {}))
        return (
            own if entry is None else overlay(own, self.namespaces[entry].values.get(rule.code, {}))
        )

    def for_path(self, number: int) -> "Policy":
        """What an entry of ``paths`` makes of the policy: as in one of ``namespaces``, a profile
        takes the place of ``rules``, but for the entry's own."""
        entry = self.paths[number]
        stated = {code.partition("/")[0] for code in entry.rules if "/" not in code}
        below = {} if entry.profile else self.rules
        kept = {code: one for code, one in below.items() if code.partition("/")[0] not in stated}
        changed = Policy()
        for name in (*_STATED, "parameters"):
            setattr(changed, name, getattr(self, name))
        changed.profile = entry.profile or self.profile
        changed.rules = {**kept, **entry.rules}
        changed.values = overlay(self.values, entry.values)
        return changed


_STATED = tuple(name for name in Policy.__slots__ if name not in ("_cache", "parameters"))

DEFAULT = Policy()
