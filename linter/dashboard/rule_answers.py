"""The rules as the API tells of them: what they say of themselves, and what holds now."""

from functools import cache
from typing import Any

from linter.dashboard.answers import ActionCounts, RuleEntry, RuleForm, RulePage
from linter.dashboard.view import ScanView
from linter.reports.rule_pages import describe_rule
from rules.checks import ALL
from rules.model import Rule
from rules.policy.decisions import weigh
from rules.policy.values import DEFAULT, Policy


@cache
def _describe_all() -> dict[str, dict[str, Any]]:
    return {rule.code: describe_rule(rule) for rule in ALL}


def list_rules(view: ScanView | None) -> list[RuleEntry]:
    """All rules. ``view`` is what was found, None where nothing was yet."""
    return [RuleEntry(**_describe_now(rule, view)) for rule in ALL]


def describe_page(view: ScanView | None, code: str) -> RulePage | None:
    """A rule with its page; None where there is none of that code."""
    rule = next((rule for rule in ALL if rule.code == code), None)
    return None if rule is None else RulePage(**_describe_now(rule, view))


def _describe_now(rule: Rule, view: ScanView | None) -> dict[str, Any]:
    policy, flag = DEFAULT, None
    counts = ActionCounts()
    if view is not None:
        policy, flag = view.source.task.policy, view.source.task.flag_profile
        found = (one.counts for one in view.groups["rule"] if one.name == rule.code)
        counts = next(found, counts)
    described = _describe_all()[rule.code]
    forms = [_describe_form_now(rule, form, policy, flag) for form in described["forms"]]
    return {**described, "forms": forms, "counts": counts}


def _describe_form_now(
    rule: Rule, form: dict[str, Any], policy: Policy, flag: str | None
) -> RuleForm:
    weighed = weigh(policy, rule, rule.form(form["name"]), flag_profile=flag)
    return RuleForm(**{**form, "action": weighed.action.value, "source": weighed.source})
