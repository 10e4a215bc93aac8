"""Label selectors mean what they mean to Kubernetes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.policy.decisions import fits
from rules.selectors import Requirement, Selector, read_selector


@pytest.mark.parametrize(
    ("operator", "values", "here", "elsewhere", "absent"),
    [
        ("In", ("a", "b"), True, False, False),
        ("NotIn", ("a", "b"), False, True, True),
        ("Exists", (), True, True, False),
        ("DoesNotExist", (), False, False, True),
    ],
)
def test_operators(
    operator: str, values: tuple[str, ...], *, here: bool, elsewhere: bool, absent: bool
) -> None:
    requirement = Requirement("key", operator, values)

    assert requirement.accepts({"key": "a"}) is here
    assert requirement.accepts({"key": "z"}) is elsewhere
    assert requirement.accepts({}) is absent


@pytest.mark.parametrize("labels", [None, [], "text", 3])
def test_labels_that_are_none_are_like_no_labels(labels: Any) -> None:
    assert not read_selector({"a": "b"}).accepts(labels)
    assert read_selector({"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}).accepts(
        labels
    )


LABELS = st.dictionaries(st.sampled_from("abc"), st.sampled_from("xyz"))


@given(wanted=LABELS, labels=LABELS)
def test_plain_labels_and_match_labels_are_one(
    wanted: dict[str, str], labels: dict[str, str]
) -> None:
    held = wanted.items() <= labels.items()

    assert read_selector(wanted).accepts(labels) is held
    assert read_selector({"matchLabels": wanted}).accepts(labels) is held


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        (None, None, True),
        ("*", None, True),
        ("a*", None, False),
        ("sweep-*", "sweep-1", True),
        ("Sweep-*", "sweep-1", False),
        ("a.c", "abc", False),
    ],
)
def test_globs(pattern: str | None, name: str | None, *, expected: bool) -> None:
    assert fits(pattern, name) is expected


REQUIREMENTS = st.builds(
    Requirement,
    st.sampled_from("abc"),
    st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist"]),
    st.lists(st.sampled_from(["x", "y", 1]), max_size=2).map(tuple),
)


@given(st.lists(REQUIREMENTS, max_size=3).map(tuple), LABELS)
def test_what_is_selected_has_the_key_of_the_selector(
    requirements: tuple[Requirement, ...], labels: dict[str, str]
) -> None:
    selector = Selector(requirements)
    assert selector.key is None or selector.key in labels.items() or not selector.accepts(labels)


def test_the_key_is_the_first_label_of_one_value() -> None:
    expressions = [{"key": "a", "operator": "In", "values": ["x", "y"]}]
    assert read_selector({"matchExpressions": expressions, "matchLabels": {"b": "z"}}).key == (
        "b",
        "z",
    )
    assert read_selector({"matchExpressions": expressions}).key is None
