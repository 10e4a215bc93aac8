"""The rules as the API tells of them: what they say, what holds now, what was found."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from linter.dashboard.answers import ActionCounts, RuleEntry, RuleForm, RulePage
from linter.judging.task import Task
from linter.reports.rule_pages import describe_rule
from rules.checks import ALL
from rules.model import Rule
from rules.policy.decisions import weigh
from rules.policy.values import DEFAULT, Policy
from rules.record import NamedTuple

_RULES = TypeAdapter(list[RuleEntry])


@cache
def _describe_all() -> dict[str, dict[str, Any]]:
    return {rule.code: describe_rule(rule) for rule in ALL}


class RuleAnswers(NamedTuple):
    """JSON: all rules, and the page of each by its code."""

    every: bytes
    pages: Mapping[str, bytes]


def answer_rules(task: Task | None, counts: Mapping[str, ActionCounts]) -> RuleAnswers:
    """The rules with what was found, by code; ``task`` is what it was judged by, None where nothing
    was yet."""
    policy, flag = (DEFAULT, None) if task is None else (task.policy, task.flag_profile)
    described = {rule.code: _describe_now(rule, policy, flag) for rule in ALL}
    for code, one in described.items():
        one["counts"] = counts.get(code, ActionCounts())
    every = _RULES.dump_json([RuleEntry(**one) for one in described.values()])
    pages = {code: RulePage(**one).model_dump_json().encode() for code, one in described.items()}
    return RuleAnswers(every, pages)


def _describe_now(rule: Rule, policy: Policy, flag: str | None) -> dict[str, Any]:
    described = _describe_all()[rule.code]
    forms = [_describe_form_now(rule, form, policy, flag) for form in described["forms"]]
    return {**described, "forms": forms}


def _describe_form_now(
    rule: Rule, form: dict[str, Any], policy: Policy, flag: str | None
) -> RuleForm:
    weighed = weigh(policy, rule, rule.form(form["name"]), flag_profile=flag)
    return RuleForm(**{**form, "action": weighed.action.value, "source": weighed.source})
