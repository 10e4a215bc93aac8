"""What --select and --ignore mean, and what they say of a name that means nothing."""

import pytest

from linter.errors import UserError
from linter.judging.selection import select_rules
from rules.checks import ALL, INDEX


def codes(select: list[str], ignore: list[str]) -> list[str]:
    return [rule.code for rule in select_rules(select, ignore).rules]


def test_without_a_word_every_rule_runs() -> None:
    assert select_rules([], []) == (INDEX, frozenset())


def test_codes_prefixes_and_names_select() -> None:
    assert codes(["TRN001"], []) == ["TRN001"]
    training = [rule.code for rule in ALL if rule.code.startswith("TRN")]
    assert codes(["TRN,GPU001"], []) == ["GPU001", *training]
    assert codes(["hpa-metrics-defined"], []) == ["HPA001"]
    left = [code for code in training if code not in ("TRN002", "TRN003")]
    assert codes(["TRN"], ["TRN002", "training-active-deadline-set"]) == left


def test_one_form_can_be_selected_or_left_out() -> None:
    selection = select_rules(["TRN001/operator"], [])
    assert [rule.code for rule in selection.rules] == ["TRN001"]
    assert "TRN001/batch" in selection.unwanted
    assert "TRN001/operator" not in selection.unwanted
    assert select_rules([], ["TRN001/operator"]).unwanted == {"TRN001/operator"}


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("TRN0O1", "did you mean 'TRN001'?"),
        ("TRN0l2", "did you mean 'TRN012'?"),
        ("hpa-metric-defined", "did you mean 'hpa-metrics-defined'?"),
        ("TRN001/opertor", "did you mean 'TRN001/operator'?"),
        ("zzzzzzz", "`mlgate rules` lists them"),
    ],
)
def test_a_name_that_means_nothing_is_an_error(name: str, advice: str) -> None:
    with pytest.raises(UserError) as error:
        select_rules([], [name])
    assert str(error.value).startswith(f"mlgate: --ignore {name}: no such rule; {advice}")


def test_nothing_left_is_an_error() -> None:
    with pytest.raises(UserError, match="leave no rule"):
        select_rules(["TRN"], ["TRN"])


def test_codes_and_forms_are_taken_in_any_case() -> None:
    assert select_rules(["trn001/Batch"], []) == select_rules(["TRN001/batch"], [])
    assert select_rules(["trn"], []) == select_rules(["TRN"], [])
