"""Which rules may go from audit to warn, and from warn to deny, by what a scan has found.

One step at a time, and never beyond what a profile does: who audits a rule sees warnings before
anything is denied.
"""

import copy
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from linter.scanning.evidence import Evidence, Hit
from linter.scanning.review_counts import UNTOLD
from rules.model import Action, Confidence, Form, Rule
from rules.policy import Policy
from rules.policy.decisions import ORDER, degrade, is_silent, profile_action, weigh
from rules.record import NamedTuple
from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    from linter.row_types import NamespaceRow


class Ladder(NamedTuple):
    """How far rules may go: to what the profile ``towards`` does; to deny where at most
    ``most_denied`` objects, and as many reviews, would have been denied. ``namespace``: in it
    alone, else everywhere. ``reviews`` are the webhook's, with findings, by rule and namespace."""

    towards: str = "standard"
    most_denied: int = 0
    namespace: str | None = None
    reviews: Mapping[tuple[str, str], int] = {}


class Proposal(NamedTuple):
    """One step of a form: ``hits`` are the findings, each of another object, that it would make
    louder, ``objects`` all that were judged where it would count, ``reviews`` those of the webhook
    that found the rule there, by namespace."""

    rule: Rule
    form: Form
    before: Action
    after: Action
    hits: tuple[Hit, ...]
    objects: int
    reviews: Mapping[str, int]
    may: bool

    @property
    def key(self) -> str:
        """As policies name the form."""
        return f"{self.rule.code}/{self.form.name}"

    @property
    def by_namespace(self) -> Counter[str]:
        """How many objects in which namespace."""
        return Counter(hit.namespace for hit in self.hits)

    @property
    def by_owner(self) -> Counter[str]:
        """How many objects of which owner."""
        return Counter(hit.owner for hit in self.hits)


def propose(
    policy: Policy, evidence: Evidence, ladder: Ladder, rules: Iterable[Rule]
) -> Iterator[Proposal]:
    """The next step of every form that has one, in order."""
    hits = evidence.by_form()
    for rule in rules:
        if is_silent(policy, rule, ladder.namespace, None, None):
            continue
        for form in rule.forms:
            before = _weigh_now(policy, rule, form, evidence, ladder)
            goal = profile_action(ladder.towards, form)
            # Of what was not looked for nobody knows how often it is there.
            known = before is not Action.OFF and f"{rule.code}/{form.name}" not in evidence.off
            if known and ORDER.index(before) < ORDER.index(goal):
                after = ORDER[ORDER.index(before) + 1]
                step = _Step(rule, form, before, after)
                yield _make_proposal(policy, evidence, ladder, step, hits)


def raise_actions(
    policy: Policy, actions: Mapping[str, Action], namespace: str | None = None
) -> Policy:
    """The policy with ``actions``, by form, in ``rules`` or in the entry of a namespace's own."""
    raised = copy.copy(policy)
    if namespace is None:
        raised.rules = {**policy.rules, **actions}
        return raised
    # Its own entry comes first here; whether another decides before it is found out in the end.
    from rules.policy.entries import NamespaceEntry

    own = next((one for one in policy.namespaces if one.name == namespace), None)
    entry = own or NamespaceEntry(name=namespace)
    entry = entry._replace(rules={**entry.rules, **actions})
    raised.namespaces = (entry, *(one for one in policy.namespaces if one is not own))
    return raised


def weigh_in(
    policy: Policy, rule: Rule, form: Form, name: str, row: "NamespaceRow | None"
) -> Action:
    """What a form comes to in a namespace; the empty name stands for the whole cluster."""
    labels = row["labels"] if row else None
    return weigh(policy, rule, form, namespace=name or None, namespace_labels=labels).action


class _Step(NamedTuple):
    rule: Rule
    form: Form
    before: Action
    after: Action


def _weigh_now(
    policy: Policy, rule: Rule, form: Form, evidence: Evidence, ladder: Ladder
) -> Action:
    name = ladder.namespace or ""
    return weigh_in(policy, rule, form, name, evidence.namespaces.get(name))


def _make_proposal(
    policy: Policy,
    evidence: Evidence,
    ladder: Ladder,
    step: _Step,
    hits: Mapping[str, list[Hit]],
) -> Proposal:
    rule, form, before, after = step
    key = f"{rule.code}/{form.name}"
    # The policy decides, and not the form alone: entries of namespaces, labels and locks may hold a
    # step back in some of them, and objects there count neither as found nor as judged.
    raised = raise_actions(policy, {key: after}, ladder.namespace)
    louder = {
        name: row["objects"]
        for name, row in evidence.namespaces.items()
        if ladder.namespace in (None, name)
        and weigh_in(raised, rule, form, name, row) is not weigh_in(policy, rule, form, name, row)
    }
    met = {
        hit.file: hit
        for hit in hits.get(key, ())
        if hit.namespace in louder
        and degrade(policy, form, Confidence(hit.confidence), after) is after
    }
    reviews = _find_reviews(rule.code, evidence, ladder, louder)
    few = max(len(met), sum(reviews.values())) <= ladder.most_denied
    may = after is not Action.DENY or few
    found = tuple(met.values())
    return Proposal(rule, form, before, after, found, sum(louder.values()), reviews, may)


def _find_reviews(
    code: str, evidence: Evidence, ladder: Ladder, louder: Mapping[str, int]
) -> dict[str, int]:
    """The reviews that found a rule, but those in namespaces in which the step changes nothing.
    What the metrics do not tell apart may have been anywhere."""
    return {
        name: number
        for (rule, name), number in ladder.reviews.items()
        if rule == code
        and number
        and (name == UNTOLD or _counts_in(name, evidence, ladder, louder))
    }


def _counts_in(name: str, evidence: Evidence, ladder: Ladder, louder: Mapping[str, int]) -> bool:
    if ladder.namespace is not None:
        return name == ladder.namespace
    return name in louder or name not in evidence.namespaces


def shorten_actions(
    policy: Policy,
    actions: Mapping[str, Action],
    rules: Iterable[Rule],
    namespace: str | None = None,
) -> dict[str, Action]:
    """The same with one line for a rule all of whose forms go to the same, where the policy has no
    line for one of them."""
    own = next((one.rules for one in policy.namespaces if one.name == namespace), {})
    stated = policy.rules if namespace is None else own
    short: dict[str, Action] = {}
    for rule in rules:
        keys = [f"{rule.code}/{form.name}" for form in rule.forms]
        found = {key: actions[key] for key in keys if key in actions}
        together = len(found) == len(keys) and len(set(found.values())) == 1
        if together and not any(key in stated for key in keys):
            found = {rule.code: found[keys[0]]}
        short.update(found)
    return short


def find_difference(
    before: Policy, wanted: Policy, written: Policy, evidence: Evidence, rules: Iterable[Rule]
) -> str | None:
    """Where a policy that was written does not come to what was wanted, or is looser than before;
    None where it is as it should be."""
    spaces: dict[str, NamespaceRow | None] = {"": None, **evidence.namespaces}
    for rule in rules:
        for form in rule.forms:
            for name, row in spaces.items():
                old, aim, new = (
                    weigh_in(one, rule, form, name, row) for one in (before, wanted, written)
                )
                if new is not aim or ORDER.index(new) < ORDER.index(old):
                    where = f" in namespace {name}" if name else ""
                    return f"{rule.code}/{form.name}{where} would be {new}, expected {aim}"
    return None
