"""The values that rules are made of."""

import pytest

from rules.model import Action, Form, Severity, Value, form_table


def test_a_form_is_a_line() -> None:
    assert form_table("""
        hard  error    deny  deny  it is  bad: always
        soft  warning  off   warn  it may be
    """) == (
        Form("hard", Severity.ERROR, Action.DENY, Action.DENY, "it is  bad: always"),
        Form("soft", Severity.WARNING, Action.OFF, Action.WARN, "it may be"),
    )


def test_a_form_that_does_not_hang_on_the_role_says_so() -> None:
    (form,) = form_table("only  info  audit  warn  it is so", role_gated=False)

    assert form.summary == "it is so"
    assert not form.role_gated


@pytest.mark.parametrize(
    "row", ["a  error  deny  deny", "a  bad  deny  deny  so", "a  error  no  deny  so"]
)
def test_a_line_that_is_no_form_is_refused(row: str) -> None:
    with pytest.raises(ValueError, match=r"unpack|not a valid"):
        form_table(row)


@pytest.mark.parametrize(
    ("found", "number"), [(3, 3), (0.5, 0.5), (True, None), ("3", None), (None, None)]
)
def test_a_value_knows_whether_it_is_a_number(found: object, number: object) -> None:
    assert Value(("a",), found).number is number
