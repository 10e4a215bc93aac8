"""Two small rules for a policy to speak of, and a policy made from text."""

from collections.abc import Callable

import pytest

from rules.model import Action, Form, Harm, Parameter, Rule, Severity
from rules.policy.file import parse_policy
from rules.policy.values import Policy
from rules.reader import Document, read

FIRST = Rule(
    code="AAA001",
    name="first-rule",
    harm=Harm.LEAKS,
    forms=(
        Form("hard", Severity.ERROR, Action.DENY, Action.DENY, "hard"),
        Form("soft", Severity.WARNING, Action.WARN, Action.DENY, "soft"),
        Form("quiet", Severity.INFO, Action.OFF, Action.WARN, "quiet"),
        Form("plain", Severity.ERROR, Action.DENY, Action.DENY, "no role", role_gated=False),
    ),
    check=None,
    docs="First.",
    parameters=(
        Parameter("min", "least", default=1),
        Parameter("default", "what a fix writes", default=5),
        Parameter("max", "most", default=10),
        Parameter("pattern", "which", default="a+", regex=True),
        Parameter("scope", "where", default="some", choices=("some", "all")),
        Parameter("allowed", "what", default={"batch": ["Never"], "other": ["Never", "Always"]}),
        Parameter("per_role", "other numbers", default={}, like={"training": {"max": 1}}),
    ),
)
SECOND = Rule(
    code="BBB002",
    name="second-rule",
    harm=Harm.LEAKS,
    forms=(Form("only", Severity.ERROR, Action.WARN, Action.DENY, "only"),),
    check=None,
    docs="Second.",
)


@pytest.fixture
def rules() -> tuple[Rule, ...]:
    return (FIRST, SECOND)


@pytest.fixture
def make_policy(rules: tuple[Rule, ...]) -> Callable[[str], Policy]:
    """Read the text of a policy; its apiVersion and kind are added."""

    def make(text: str) -> Policy:
        (document,) = read(f"apiVersion: mlgate.dev/v1\nkind: Policy\n{text}")
        assert isinstance(document, Document)
        return parse_policy(document, rules)

    return make
