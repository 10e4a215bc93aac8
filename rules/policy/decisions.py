"""What the policy makes of a finding: deny, warn, audit, off or excepted."""

from collections.abc import Iterator, Mapping

from rules.annotations import PROFILE_LABEL
from rules.globs import fits_glob
from rules.model import Action, Confidence, Form, Harm, Identity, Rule
from rules.policy.values import DEFAULT_MUTATION, IGNORES, PROFILES, TRUST, Policy
from rules.record import NamedTuple
from rules.type_names import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import date

    from rules.policy.entries import ExceptionEntry, NamespaceEntry


ORDER = (Action.OFF, Action.AUDIT, Action.WARN, Action.DENY)
"""Actions from the least on."""


class Decision(NamedTuple):
    """An action, and why it is not simply the profile's: an exception's reason, doubt.
    ``expired`` tells of an exception that fits and is past its last day."""

    action: Action
    note: str | None = None
    expired: str = ""


class Weighed(NamedTuple):
    """An action before exceptions and doubt, and the key of the policy that it came from."""

    action: Action
    source: str


class Subject(NamedTuple):
    """What a finding is about: an object with its labels, or a container of it by its name."""

    identity: Identity
    labels: Any
    container: str | None


def decide(  # noqa: PLR0913 - everything that a decision hangs on, by keyword
    policy: Policy,
    rule: Rule,
    form: Form,
    confidence: Confidence,
    *,
    identity: Identity,
    labels: Any,
    namespace_labels: Mapping[str, str] | None,
    now: "date | None",
    flag_profile: str | None,
    promoted: str | None = None,
    container: str | None = None,
) -> Decision:
    """The decision on one finding.

    What wins, first to last: ``flag_profile`` (the command line's), an exception that has not
    expired, the first fitting ``namespaces`` entry, the Namespace's label, ``rules``, the profile.
    ``confidence`` is that of the role: where it is not high, a form that hangs on the role cannot
    deny. ``labels`` are the object's; ``namespace_labels`` is None where they are not known.
    ``now`` is the day, for exceptions that end on one. ``promoted`` is the profile to decide by
    where ``observe`` holds. ``container`` is the name of that in which it was found, if it was in
    one.
    """
    weighed = weigh(
        policy,
        rule,
        form,
        namespace=identity.namespace,
        namespace_labels=namespace_labels,
        flag_profile=flag_profile,
        promoted=promoted,
    )
    if weighed.action is Action.OFF:
        return Decision(Action.OFF)
    expired = ""
    if flag_profile is None:
        for entry in _exceptions(policy, rule, form, Subject(identity, labels, container)):
            if entry.expires is None or (now is not None and now <= entry.expires):
                return Decision(Action.EXCEPTED, _reason(entry))
            expired = describe_expired(entry)
    action = degrade(policy, form, confidence, weighed.action)
    if action is not weighed.action:
        doubt = f"{weighed.action} becomes {action}: confidence in the role is {confidence}"
        return Decision(action, f"{expired}; {doubt}" if expired else doubt, expired)
    return Decision(action, expired or None, expired)


def weigh(  # noqa: PLR0913 - everything that an action hangs on, by keyword
    policy: Policy,
    rule: Rule,
    form: Form,
    *,
    namespace: str | None = None,
    namespace_labels: Mapping[str, str] | None = None,
    flag_profile: str | None = None,
    promoted: str | None = None,
) -> Weighed:
    """The action that profile, rules and namespace come to, and where it came from. ``promoted``
    is the profile that counts in the place of ``observe``, if any."""
    if flag_profile is not None:
        return Weighed(profile_action(flag_profile, form), f"--profile {flag_profile}")
    weighed = _weigh_stated(policy, rule, form, namespace, namespace_labels, promoted)
    for key in (f"{rule.code}/{form.name}", rule.code) if policy.locked else ():
        floor = policy.locked.get(key)
        if floor is not None and ORDER.index(weighed.action) < ORDER.index(floor):
            return Weighed(floor, f"locked: {key}")
    return weighed


def _weigh_stated(
    policy: Policy,
    rule: Rule,
    form: Form,
    namespace: str | None,
    namespace_labels: Mapping[str, str] | None,
    promoted: str | None,
) -> Weighed:
    entry = _entry(policy, namespace, namespace_labels)
    stated = _stated(entry.rules, rule, form, "namespaces: ") if entry else None
    if stated:
        return stated
    if entry and entry.profile:
        source = f"namespaces: profile {entry.profile}"
        return Weighed(profile_action(_promote(entry.profile, promoted), form), source)
    label = _labelled(policy, namespace_labels)
    if label:
        source = f"label {PROFILE_LABEL}: {label}"
        return Weighed(profile_action(_promote(label, promoted), form), source)
    stated = _stated(policy.rules, rule, form, "rules: ")
    held = profile_action(_promote(policy.profile, promoted), form)
    return stated or Weighed(held, f"profile {policy.profile}")


def is_silent(
    policy: Policy,
    rule: Rule,
    namespace: str | None,
    namespace_labels: Mapping[str, str] | None,
    flag_profile: str | None,
) -> bool:
    """Whether a rule can say nothing in a namespace: it is off in all forms, or without the value
    that an organisation would have to give."""
    entry = _entry(policy, namespace, namespace_labels)
    given = policy.values.get(rule.code) or (entry and entry.values.get(rule.code))
    known: dict[str, Any] = {"namespace": namespace, "namespace_labels": namespace_labels}
    return (rule.harm is Harm.UNWANTED and not given) or all(
        weigh(policy, rule, form, **known, flag_profile=flag_profile).action is Action.OFF
        for form in rule.forms
    )


def find_ground(policy: Policy, namespace: str | None, labels: Mapping[str, str] | None) -> Any:
    """All of a namespace that the actions hang on that hold there: where it is the same, they are
    the same. ``labels`` are the Namespace's."""
    return find_entry(policy, namespace, labels), _labelled(policy, labels)


def _promote(profile: str, promoted: str | None) -> str:
    return promoted if promoted and profile == "observe" else profile


def profile_action(profile: str, form: Form) -> Action:
    """A form's action in a profile. ``observe`` audits all that ``standard`` does not leave off."""
    if profile == "strict":
        return form.strict
    if profile == "observe" and form.standard is not Action.OFF:
        return Action.AUDIT
    return form.standard


def profile_in(
    policy: Policy,
    namespace: str | None,
    namespace_labels: Mapping[str, str] | None = None,
    flag_profile: str | None = None,
) -> str:
    """The profile that holds in a namespace."""
    entry = _entry(policy, namespace, namespace_labels)
    stated = entry.profile if entry else None
    return flag_profile or stated or _labelled(policy, namespace_labels) or policy.profile


def ignores_in(
    policy: Policy, namespace: str | None, namespace_labels: Mapping[str, str] | None = None
) -> str:
    """How far ignore annotations count in a namespace: allow, cap-at-warn or forbid."""
    entry = _entry(policy, namespace, namespace_labels)
    return (entry.ignores if entry else None) or policy.ignores


def trust_in(policy: Policy, ignores: str) -> str:
    """Whose word on a role counts where annotations that ignore a rule count as ``ignores`` says:
    one of ``TRUST``. A role lets more pass than an ignore."""
    return policy.role_trust or dict(zip(IGNORES, TRUST, strict=True))[ignores]


def is_glass_broken(policy: Policy, namespace_labels: Mapping[str, str] | None) -> bool:
    """Whether a Namespace has the policy's label for emergencies at true, in any case."""
    if not policy.break_glass or not namespace_labels:
        return False
    return str(namespace_labels.get(policy.break_glass)).lower() == "true"


def may_mend(policy: Policy, rule: str, form: str, action: Action) -> bool:
    """Whether the webhook makes the safe fixes of what has come to ``action``."""
    stated = policy.mutations
    for key in (f"{rule}/{form}", rule, DEFAULT_MUTATION):
        if key in stated:
            return stated[key] and action in (Action.DENY, Action.WARN, Action.AUDIT)
    return action in (Action.DENY, Action.WARN)


def find_entry(
    policy: Policy, namespace: str | None, labels: Mapping[str, str] | None
) -> int | None:
    """The number of the first entry that fits; one that selects by labels fits only where they are
    known."""
    for number, entry in enumerate(policy.namespaces):
        if not fits(entry.name, namespace):
            continue
        if entry.labels is None or (labels is not None and entry.labels.accepts(labels)):
            return number
    return None


def _entry(
    policy: Policy, namespace: str | None, labels: Mapping[str, str] | None
) -> "NamespaceEntry | None":
    number = find_entry(policy, namespace, labels) if policy.namespaces else None
    return None if number is None else policy.namespaces[number]


def _stated(actions: Mapping[str, Action], rule: Rule, form: Form, source: str) -> Weighed | None:
    """The action in a ``rules`` mapping: the form's own line comes before the rule's."""
    for key in (f"{rule.code}/{form.name}", rule.code):
        if key in actions:
            return Weighed(actions[key], source + key)
    return None


def _labelled(policy: Policy, namespace_labels: Mapping[str, str] | None) -> str | None:
    """The profile that a Namespace asks for itself, where the policy trusts that."""
    if policy.namespace_labels != "trusted" or not namespace_labels:
        return None
    profile = namespace_labels.get(PROFILE_LABEL)
    return profile if profile in PROFILES else None


def _exceptions(
    policy: Policy, rule: Rule, form: Form, subject: Subject
) -> "Iterator[ExceptionEntry]":
    named = {rule.code, f"{rule.code}/{form.name}"}
    for entry in policy.exceptions:
        if not named.isdisjoint(entry.rules) and _concerns(entry, subject):
            yield entry


def _concerns(entry: "ExceptionEntry", subject: Subject) -> bool:
    identity = subject.identity
    return (
        fits(entry.namespace, identity.namespace)
        and fits(entry.kind, identity.kind)
        and fits(entry.name, identity.name)
        and (entry.container is None or subject.container is not None)
        and fits(entry.container, subject.container)
        and (entry.labels is None or entry.labels.accepts(subject.labels))
    )


def describe_expired(entry: "ExceptionEntry") -> str:
    """The note on an expired exception."""
    return f"the exception of {entry.owner} expired on {entry.expires}: {entry.reason}"


def _reason(entry: "ExceptionEntry") -> str:
    until = f" until {entry.expires}" if entry.expires else ""
    return f"excepted{until} by {entry.owner}: {entry.reason}"


def degrade(policy: Policy, form: Form, confidence: Confidence, action: Action) -> Action:
    """Doubt in the role: medium turns deny to warn, low turns all to audit."""
    if not form.role_gated or confidence is Confidence.HIGH:
        return action
    if confidence is Confidence.LOW:
        return Action.AUDIT
    allowed = policy.parameters["roles"]["deny_needs_confidence"] == "medium"
    return Action.WARN if action is Action.DENY and not allowed else action


def fits(pattern: str | None, name: str | None) -> bool:
    """Whether a glob (``*``, ``?``, ``[a-z]``; case counts) fits a name. No pattern fits all;
    a missing name is fitted by ``*`` alone."""
    return pattern is None or fits_glob(name or "", pattern)
