"""What ``--select`` and ``--ignore`` mean: rules, and forms of rules, to run."""

from collections.abc import Iterable

from linter.errors import UserError
from rules.checks import INDEX
from rules.declaration import Declaration
from rules.model import Action
from rules.policy.values import Policy
from rules.record import NamedTuple


class Selection(NamedTuple):
    """The rules to run, and the forms (``CODE/form``) of theirs that are not wanted."""

    rules: tuple[Declaration, ...]
    unwanted: frozenset[str] = frozenset()


def select_rules(select: Iterable[str], ignore: Iterable[str]) -> Selection:
    """``select`` and ``ignore`` hold codes, prefixes of codes, names, and ``CODE/form`` of any of
    them, in any case, several to a text with commas between. Without ``select`` every rule runs.

    Raises UserError for a name that means no rule, and where no rule is left.
    """
    every = {form for rule in INDEX for form in rule.forms}
    # --ignore wins over --select, so that a group can be run but for one of its rules.
    chosen = _expand(select, "--select") or every
    kept = chosen - _expand(ignore, "--ignore")
    rules = tuple(rule for rule in INDEX if not kept.isdisjoint(rule.forms))
    if not rules:
        raise UserError("mlgate: --select and --ignore leave no rule to run")
    return Selection(rules, frozenset(every - kept))


def is_off(selection: Selection, policy: Policy) -> bool:
    """Whether a policy switches off all that is asked for, wherever it stands."""
    return not (policy.namespaces or policy.paths) and all(
        policy.rules.get(form, policy.rules.get(rule.code)) is Action.OFF
        for rule in selection.rules
        for form in rule.forms
        if form not in selection.unwanted
    )


def _expand(texts: Iterable[str], flag: str) -> set[str]:
    names = [name.strip() for text in texts for name in text.split(",")]
    return {form for name in names if name for form in _find(name, flag)}


def _find(name: str, flag: str) -> list[str]:
    head, slash, form = name.lower().partition("/")
    found = [
        one
        for rule in INDEX
        if head and (rule.name == head or rule.code.lower().startswith(head))
        for one in rule.forms
        if not slash or one.endswith(f"/{form}")
    ]
    if not found:
        from rules.wording import suggestion

        known = [text for rule in INDEX for text in (rule.code, rule.name, *rule.forms)]
        advice = suggestion(name, tuple(known)) or "; `mlgate rules` lists them"
        raise UserError(f"mlgate: {flag} {name}: no such rule{advice}")
    return found
