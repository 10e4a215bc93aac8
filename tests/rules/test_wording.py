"""How a rule tells a value, and how it writes one."""

from typing import Any

import pytest

from rules.model import Fix, Presence, Problem, Related, Remove, Set, Value
from rules.wording import (
    join_problems,
    list_names,
    move_value,
    show_value,
    tell_value,
    write_value,
    write_values,
)

PATH = ("spec", "backoffLimit")


def value(presence: Presence, found: Any = 6, path: tuple[str, ...] = PATH) -> Value:
    return Value(path, found, presence)


@pytest.mark.parametrize(
    ("presence", "told"),
    [
        (Presence.WRITTEN, "spec.backoffLimit is 6"),
        (Presence.DEFAULTED, "spec.backoffLimit is unset or left at the default 6"),
        (Presence.ABSENT, "spec.backoffLimit is not set, which means 6"),
    ],
)
def test_it_tells_where_a_value_comes_from(presence: Presence, told: str) -> None:
    assert tell_value(value(presence), ", which means 6") == told


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        ("OnFailure", "OnFailure"),
        (3, "3"),
        (0.5, "0.5"),
        (True, "true"),
        (False, "false"),
        (None, "nothing"),
        ({"a": 1}, "a mapping"),
        ([1], "a list"),
    ],
)
def test_it_shows_a_value_as_yaml_would(found: Any, shown: str) -> None:
    assert show_value(found) == shown


def test_it_cuts_a_value_that_nobody_would_read() -> None:
    assert len(tell_value(value(Presence.WRITTEN, "x" * 1_000_000))) < 400


def test_a_fix_says_what_it_writes() -> None:
    fix = write_value(value(Presence.ABSENT), 3, safe=True)

    assert fix.title == "set spec.backoffLimit to 3"
    assert fix.edits == (Set(PATH, 3),)
    assert fix.safe


@pytest.mark.parametrize(
    ("presences", "known"),
    [
        ((Presence.ABSENT,), {"absent", "unwritten"}),
        ((Presence.DEFAULTED,), {"unwritten"}),
        ((Presence.WRITTEN,), set()),
        ((Presence.UNKNOWN,), set()),
        ((Presence.ABSENT, Presence.ABSENT), {"absent", "unwritten"}),
        ((Presence.ABSENT, Presence.DEFAULTED), {"unwritten"}),
        ((Presence.ABSENT, Presence.WRITTEN), set()),
        ((Presence.DEFAULTED, Presence.UNKNOWN), set()),
    ],
)
def test_a_fix_knows_from_its_values_who_wrote_there(
    presences: tuple[Presence, ...], known: set[str]
) -> None:
    changes = [(value(one, path=("spec", str(at))), 1) for at, one in enumerate(presences)]
    fix = write_values("set them", changes, safe=False)

    assert [edit.path for edit in fix.edits] == [one.path for one, _ in changes]
    assert {name for name in ("absent", "unwritten") if getattr(fix, name)} == known
    assert not fix.safe


def test_a_fix_cannot_forget_who_wrote_there() -> None:
    with pytest.raises(TypeError, match="presence"):
        Fix("set it", (), safe=True)  # type: ignore[call-arg]


def test_problems_join_at_the_place_of_the_first() -> None:
    first = Problem("hard", ("a",), "is a", related=(Related(("x",), "is x"),))
    joined = join_problems(
        [first, Problem("soft", ("b",), "is b"), Problem("soft", ("c",), "is c")]
    )

    places = (Related(("x",), "is x"), Related(("b",), "is b"), Related(("c",), "is c"))
    assert joined == first._replace(related=places, degree=3.0)


HOME = ("spec", "runPolicy")


@pytest.mark.parametrize(
    ("there", "added"),
    [
        ({}, [Set(HOME, {"backoffLimit": 6, "suspend": "yes"})]),
        (
            {"ttl": 5},
            [Set((*HOME, "backoffLimit"), 6), Set((*HOME, "suspend"), "yes")],
        ),
        ({"backoffLimit": 6}, [Set((*HOME, "suspend"), "yes")]),
    ],
)
def test_a_mapping_moves_key_by_key_into_one_that_is_there(
    there: dict[str, Any], added: list[Set]
) -> None:
    moved = value(Presence.WRITTEN, {"backoffLimit": 6, "suspend": "yes"}, ("runPolicy",))
    tree = {"spec": {"runPolicy": there} if there else {}}
    fix = move_value(moved, HOME, tree, safe=True)

    assert fix is not None
    assert fix.title == "move runPolicy to spec.runPolicy"
    assert fix.edits == (Remove(("runPolicy",)), *added)
    assert not fix.unwritten


def test_nothing_moves_to_where_something_else_stands() -> None:
    moved = value(Presence.WRITTEN, {"backoffLimit": 6}, ("runPolicy",))
    assert move_value(moved, HOME, {"spec": {"runPolicy": {"backoffLimit": 1}}}, safe=True) is None


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a or b"),
        (["a", "b", "c"], "a, b or c"),
        ([*"abcdefgh"], "a, b, c, d, e, f or 2 more"),
    ],
)
def test_a_sentence_lists_the_first_few_names(names: list[str], told: str) -> None:
    assert list_names(names) == told
