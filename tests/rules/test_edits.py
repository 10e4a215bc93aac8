"""Laws of edits: both readings agree, and say no more than they must."""

import copy
from typing import Any

import jsonpatch
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.edits import Inapplicable, apply, conflict, json_patch, resolve, same
from rules.model import Edit, Remove, Set
from rules.paths import Path, dig, items

KEYS = st.sampled_from(["a", "b", "limits", "nvidia.com/gpu", "x~y", "é"])
SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "1", "Never"])
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=10,
)
OBJECTS = st.dictionaries(KEYS, TREES, max_size=4)


def places(value: Any, path: Path = ()) -> list[Path]:
    found = [path]
    for key, item in items(value):
        found += places(item, (*path, key))
    return found


@st.composite
def edits_of(draw: st.DrawFn, tree: Any) -> list[Edit]:
    """Edits that fit the tree as it is after those before them."""
    edits: list[Edit] = []
    for _ in range(draw(st.integers(0, 4))):
        path = draw(st.sampled_from(places(tree)))
        found = dig(tree, path)
        edit: Edit
        if path and draw(st.integers(0, 2)) == 0:
            edit = Remove(path)
        elif path and draw(st.integers(0, 2)) == 0:
            edit = Set(path, draw(TREES))
        elif isinstance(found, list):
            edit = Set((*path, len(found)), draw(TREES))
        elif isinstance(found, dict) or (found is None and path):
            rest = draw(st.lists(KEYS, min_size=1, max_size=3))
            edit = Set((*path, *rest), draw(TREES))
        else:
            edit = Set(path, draw(TREES))
        try:
            tree = apply(tree, [edit])
        except Inapplicable:
            continue
        edits.append(edit)
    return edits


CASES = OBJECTS.flatmap(lambda tree: st.tuples(st.just(tree), edits_of(tree)))


@given(CASES)
def test_patch_applied_equals_edits_applied(case: tuple[Any, list[Edit]]) -> None:
    tree, edits = case
    patched = jsonpatch.apply_patch(copy.deepcopy(tree), json_patch(tree, edits))
    assert same(patched, apply(tree, edits))


@given(CASES)
def test_input_is_never_changed(case: tuple[Any, list[Edit]]) -> None:
    tree, edits = case
    before = copy.deepcopy((tree, edits))
    apply(tree, edits)
    json_patch(tree, edits)
    assert (tree, edits) == before


@given(CASES)
def test_what_is_made_already_gives_no_patch(case: tuple[Any, list[Edit]]) -> None:
    tree, edits = case
    for edit in edits:
        made = apply(tree, [edit])
        if isinstance(edit, Set):
            assert json_patch(made, [edit]) == []
            assert apply(made, [edit]) is made
        tree = made


@given(CASES)
def test_no_operation_replaces_a_list_or_repeats_what_stands(
    case: tuple[Any, list[Edit]],
) -> None:
    tree, edits = case
    for operation in json_patch(tree, edits):
        if operation["op"] == "replace":
            old = dig(tree, _path(tree, operation["path"]))
            assert not (isinstance(old, list) and isinstance(operation["value"], list))
            assert not same(old, operation["value"])
        tree = jsonpatch.apply_patch(tree, [operation])


def _path(tree: Any, pointer: str) -> Path:
    path: list[str | int] = []
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        path.append(int(key) if isinstance(dig(tree, tuple(path)), list) else key)
    return tuple(path)


def test_missing_parents_are_made_in_one_operation() -> None:
    tree = {"spec": {"resources": None}}
    edits = [
        Set(("spec", "resources", "limits", "nvidia.com/gpu"), 1),
        Set(("spec", "resources", "limits", "cpu"), "1"),
        Set(("spec", "env", 0, "name"), "A"),
    ]
    assert json_patch(tree, edits) == [
        {"op": "replace", "path": "/spec/resources", "value": {"limits": {"nvidia.com/gpu": 1}}},
        {"op": "add", "path": "/spec/resources/limits/cpu", "value": "1"},
        {"op": "add", "path": "/spec/env", "value": [{"name": "A"}]},
    ]


def test_keys_are_escaped() -> None:
    assert json_patch({"limits": {}}, [Set(("limits", "nvidia.com/gpu~x"), 1)]) == [
        {"op": "add", "path": "/limits/nvidia.com~1gpu~0x", "value": 1}
    ]


def test_set_at_the_length_of_a_list_appends() -> None:
    assert apply({"env": [1]}, [Set(("env", 1), 2)]) == {"env": [1, 2]}
    assert json_patch({"env": [1]}, [Set(("env", 1), 2)]) == [
        {"op": "add", "path": "/env/1", "value": 2}
    ]


def test_only_differing_leaves_are_named() -> None:
    tree = {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}, "args": [1, 2]}
    edits = [Set(("strategy",), {"type": "Recreate"}), Set(("args",), [1, 3, 4])]
    assert json_patch(tree, edits) == [
        {"op": "remove", "path": "/strategy/rollingUpdate"},
        {"op": "replace", "path": "/strategy/type", "value": "Recreate"},
        {"op": "replace", "path": "/args/1", "value": 3},
        {"op": "add", "path": "/args/2", "value": 4},
    ]


def test_truth_values_are_no_numbers() -> None:
    assert json_patch({"a": 1}, [Set(("a",), True)]) == [  # noqa: FBT003
        {"op": "replace", "path": "/a", "value": True}
    ]


def test_removing_what_is_not_there_changes_nothing() -> None:
    assert resolve({"a": 1}, Remove(("b",))) is None
    assert apply({"a": 1}, [Remove(("a",))]) == {}


@pytest.mark.parametrize(
    ("tree", "path"),
    [
        ({"resources": "none"}, ("resources", "limits", "cpu")),
        ({"env": [1]}, ("env", 3)),
        ({"env": [1]}, ("env", "name")),
        ({"env": {}}, ("env", 0)),
    ],
)
def test_a_path_through_another_type_is_refused(tree: Any, path: Path) -> None:
    with pytest.raises(Inapplicable, match="has no place"):
        apply(tree, [Set(path, 1)])


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (Set(("a",), 1), Set(("a",), 1), False),
        (Set(("a",), 1), Set(("a",), True), True),  # noqa: FBT003
        (Set(("a",), 1), Set(("b",), 2), False),
        (Set(("a",), 1), Remove(("a",)), True),
        (Remove(("a",)), Remove(("a",)), False),
        (Remove(("a",)), Set(("a", "b"), 1), True),
        (Set(("a",), {"b": 1}), Set(("a", "c"), 2), False),
        (Set(("a",), {"b": 1}), Set(("a", "b"), 2), True),
        (Set(("a",), {"b": 1}), Set(("a", "b"), 1), False),
        (Set(("a",), 1), Set(("a", "b"), 1), True),
        (Set(("a", "c"), 2), Set(("a",), {"b": 1}), True),
        (Set(("a", "c"), 2), Set(("a",), {"b": 1, "c": 2}), False),
        (Set(("e", 1), "x"), Set(("e", 1), "y"), True),
        (Remove(("e", 0)), Set(("e", 1, "x"), "y"), True),
        (Set(("e", 1, "x"), "y"), Remove(("e", 0)), True),
        (Remove(("e", 1)), Set(("e", 0, "x"), "y"), False),
        (Set(("a", "b"), 1), Remove(("a",)), True),
    ],
)
def test_conflicts(first: Edit, second: Edit, expected: bool) -> None:  # noqa: FBT001
    assert conflict([first], [second]) is expected
