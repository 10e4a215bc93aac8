"""Proposals as text: what may go up, what not yet, and what each would mean for whom."""

from collections.abc import Iterable, Iterator, Mapping

from linter.reports.summary import count
from linter.reports.terminal import escape
from linter.scanning.review_counts import UNTOLD
from rules.model import Action
from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    from linter.scanning.evidence import Evidence
    from linter.scanning.promotion import Ladder, Proposal

_MOST_NAMED = 5
_LIMITS = (
    "Reviews are counted by rule, whatever the form, since each replica started, each try again:",
    "how many objects they were, and whose, is not known.",
)
_NAMES = {"": "(cluster-wide)", UNTOLD: "(not told apart)"}
_VERBS = {Action.WARN: "warn of", Action.DENY: "deny"}


def render_proposals(
    proposals: "Iterable[Proposal]", evidence: "Evidence", ladder: "Ladder", *, show_all: bool
) -> str:
    """A block for each step, the rules with most findings first."""
    steps: dict[tuple[Action, Action], list[Proposal]] = {}
    for one in proposals:
        steps.setdefault((one.before, one.after), []).append(one)
    lines = [_tell_evidence(evidence, ladder)]
    for (before, after), found in sorted(steps.items(), key=lambda item: item[0][1] is Action.DENY):
        lines += ["", f"{before} -> {after}:"]
        lines += _tell_step(sorted(found, key=_order), after, ladder, show_all=show_all)
    lines += [] if steps else ["", f"every rule is where the profile {ladder.towards} has it"]
    lines += ["", *_LIMITS] if ladder.reviews else []
    return "".join(f"{line}\n" for line in lines)


def _tell_evidence(evidence: "Evidence", ladder: "Ladder") -> str:
    spaces = evidence.namespaces
    if ladder.namespace is not None:
        objects = spaces[ladder.namespace]["objects"]
        return f"{count(objects, 'object')} of namespace {escape(ladder.namespace)}, {evidence.at}"
    objects = sum(row["objects"] for row in spaces.values())
    named = sum(1 for name in spaces if name)
    return f"{count(objects, 'object')} of {count(named, 'namespace')}, {evidence.at}"


def _order(one: "Proposal") -> tuple[bool, int, str]:
    return one.may, -len(one.hits), one.key


def _tell_step(
    found: "list[Proposal]", after: Action, ladder: "Ladder", *, show_all: bool
) -> Iterator[str]:
    quiet = [one for one in found if one.may and not one.hits]
    shown = found if show_all else [one for one in found if one not in quiet]
    width = max((len(one.key) for one in shown), default=0)
    for one in shown:
        yield f"  {one.key:<{width}}  {_tell_hits(one)}; {_tell_whether(one, ladder)}"
    if quiet and not show_all:
        more = "more " if shown else ""
        forms = count(len(quiet), f"{more}form")
        yield f"  {forms} would {_VERBS[after]} nothing and may go (--show-all lists them)"


def _tell_hits(one: "Proposal") -> str:
    told = f"would {_VERBS[one.after]} {len(one.hits):,} of {count(one.objects, 'object')}"
    if one.hits:
        spaces = count(len(one.by_namespace), "namespace")
        told += f" in {spaces} ({_rank(one.by_namespace)})"
        told += f", owners {_rank(one.by_owner)}"
    if one.reviews:
        found = count(sum(one.reviews.values()), "review")
        told += f"; the webhook found {one.rule.code} in {found} ({_rank(one.reviews)})"
    return told


def _tell_whether(one: "Proposal", ladder: "Ladder") -> str:
    return "may go" if one.may else f"not yet: {ladder.most_denied:,} at most"


def _rank(counts: "Mapping[str, int]") -> str:
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    named = [f"{escape(_NAMES.get(name, name))} {number:,}" for name, number in ranked]
    more = [f"{len(named) - _MOST_NAMED:,} more"] if len(named) > _MOST_NAMED else []
    return ", ".join([*named[:_MOST_NAMED], *more])
