"""Rules as plain data, found by code or name."""

from linter.errors import UserError
from linter.judging.rows import URL
from linter.reports import read_page
from rules.checks import INDEX
from rules.model import Form, Parameter, Rule
from rules.policy.decisions import profile_action
from rules.policy.values import PROFILES
from rules.type_names import Any


def find_rule(word: str) -> Rule:
    """The rule with this code or name, or of this ``CODE/form``, in any case. Raises UserError."""
    head, slash, form = word.lower().partition("/")
    for rule in INDEX:
        named = head in {rule.code.lower(), rule.name}
        if named and (not slash or f"{rule.code}/{form}" in rule.forms):
            return rule.load()
    raise UserError(f"there is no rule '{word}'{_hint(word)}")


def _hint(word: str) -> str:
    """What may have been meant: the rules of an area (``TRN``), or a similar name."""
    from rules.wording import suggestion

    codes = [rule.code for rule in INDEX if word and rule.code.startswith(word.upper())]
    if codes:
        return f"; there are {', '.join(codes)}"
    names = tuple(name for rule in INDEX for name in (rule.code, rule.name, *rule.forms))
    return suggestion(word, names) or "; `mlgate rules` lists them"


def describe_rule(rule: Rule) -> dict[str, Any]:
    """All of a rule as plain data. ``docs`` is Markdown."""
    return {
        "code": rule.code,
        "name": rule.name,
        "summary": rule.summary,
        "status": rule.status,
        "harm": rule.harm.value,
        "scope": rule.scope,
        "fix": rule.fix,
        "url": URL + rule.code,
        "forms": [_describe_form(form) for form in rule.forms],
        "parameters": [_describe_parameter(one) for one in rule.parameters],
        "docs": read_page(rule),
    }


def _describe_form(form: Form) -> dict[str, Any]:
    actions = {profile: profile_action(profile, form).value for profile in PROFILES}
    return {
        "name": form.name,
        "summary": form.summary,
        "severity": form.severity.value,
        "role_gated": form.role_gated,
        **actions,
    }


def _describe_parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "summary": parameter.summary,
        "default": parameter.default,
        "choices": list(parameter.choices),
    }
