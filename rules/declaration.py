"""What a rule declares of the objects that it looks at: as much of it as a run needs to know before
it meets one of these, and imports the rule."""

from rules import import_module
from rules.model import Action, Form, Harm, Rule, Severity
from rules.record import NamedTuple
from rules.type_names import TypeAlias


class Declaration(NamedTuple):
    """A rule by its code, its name and its forms (``TRN001/batch``).

    ``module`` is where it stands below ``rules.checks``. ``judges`` is False where it is no check
    of objects but tells of the input. ``reads``, ``roles``, ``accelerated`` and ``fix`` are those
    of ``Rule``; ``needs_values``: it finds nothing until a policy gives it some, as a rule of an
    organisation's own. ``rule`` is the rule itself, where somebody has it.
    """

    code: str
    name: str
    forms: tuple[str, ...]
    module: str
    judges: bool
    reads: tuple[str, ...]
    roles: tuple[str, ...] | None
    accelerated: bool
    needs_values: bool = False
    fix: str = "none"
    rule: Rule | None = None

    def load(self) -> Rule:
        """The rule itself: its module is imported for it."""
        if self.rule is not None:
            return self.rule
        found: Rule = import_module(f"rules.checks.{self.module}").RULE
        return found

    def outline(self) -> Rule:
        """As much of the rule as is known without it: its names, and those of its forms."""
        names = (form.partition("/")[2] for form in self.forms)
        forms = tuple(Form(name, Severity.INFO, Action.OFF, Action.OFF, "") for name in names)
        return Rule(self.code, self.name, Harm.UNJUDGED, forms, None, self.name, self.fix)


Rules: TypeAlias = tuple[Declaration | Rule, ...]


def load_named(rules: Rules, text: str) -> tuple[Rule, ...]:
    """The rules whose codes stand in a text, and outlines of the others."""
    declared = (declare(one) if isinstance(one, Rule) else one for one in rules)
    return tuple(one.load() if one.code in text else one.outline() for one in declared)


def declare(rule: Rule, module: str = "") -> Declaration:
    """The declaration of a rule."""
    return Declaration(
        rule.code,
        rule.name,
        tuple(f"{rule.code}/{form.name}" for form in rule.forms),
        module,
        judges=rule.check is not None,
        reads=rule.reads,
        roles=None if rule.roles is None else tuple(sorted(rule.roles)),
        accelerated=rule.accelerated,
        needs_values=rule.harm is Harm.UNWANTED,
        fix=rule.fix,
        rule=rule,
    )
