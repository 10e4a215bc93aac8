"""The rules as they are shipped go with the policy's words."""

import pytest

from rules.checks import ALL
from rules.model import Parameter, Rule
from rules.policy.keys import parameter_shape
from rules.policy.parameters import SHARED
from rules.policy.shapes import complain
from rules.policy.values import DEFAULT

OWN = [(rule, parameter) for rule in ALL for parameter in rule.parameters]


OF_ANOTHER_MEANING = {"ORG003": {"annotations"}}
"""Parameters that are called as a shared one is and mean something else: of objects, here."""


def as_yaml_has_it(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.code)
def test_no_value_stands_both_in_a_rule_and_in_the_shared_block(rule: Rule) -> None:
    names = {parameter.name for parameter in rule.parameters}
    shared = {parameter.name for block in SHARED.values() for parameter in block}

    assert names.isdisjoint(SHARED)
    assert (names - OF_ANOTHER_MEANING.get(rule.code, set())).isdisjoint(shared)
    assert DEFAULT.rule_parameters(rule).keys() == names | SHARED.keys()


@pytest.mark.parametrize(
    "parameter",
    [*(one for _, one in OWN), *(one for block in SHARED.values() for one in block)],
    ids=lambda one: one.name,
)
def test_a_default_is_what_its_parameter_takes(parameter: Parameter) -> None:
    default = as_yaml_has_it(parameter.default)

    assert list(complain(parameter_shape(parameter), default)) == []
