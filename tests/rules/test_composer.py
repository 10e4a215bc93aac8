"""What documents mean; the right-hand sides are what sigs.k8s.io/yaml 1.6 answered."""

import json
from typing import Any, TypeAlias

import pytest

from rules import composition, events
from rules.reader import Document, Limits, Unreadable, read


@pytest.fixture(autouse=True, params=["compiled", "native", "pure"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every way to read: the compiled reader, and the pure one with libyaml's parser and with the
    one that PyYAML falls back on. The first two complain alike."""
    reader = "compiled" if request.param == "compiled" else "pure"
    if reader not in composition.READERS:
        pytest.skip("the compiled reader is not built")
    monkeypatch.setattr(composition, "reader", reader)
    if request.param == "pure":
        monkeypatch.setattr(events, "Native", events.PureParser)
        return "pure"
    return "native"


def document(text: str, limits: Limits = Limits()) -> Document:  # noqa: B008
    (found,) = read(text, limits)
    assert isinstance(found, Document), found
    return found


def unreadable(text: str, limits: Limits = Limits()) -> Unreadable:  # noqa: B008
    (found,) = read(text, limits)
    assert isinstance(found, Unreadable), found
    return found


MEANINGS: list[tuple[str, Any]] = [
    ("", None), ("# nothing\n", None), ("--- # nothing\n", None), ("---\n", None),
    ("a", "a"), ("--- 1", 1), ("--- {a: b}", {"a": "b"}), ("- y\n- 08", [True, 8]),
    ("a:\n- b\n-\n- c", {"a": ["b", None, "c"]}), ("- - a\n  - b\n- {}", [["a", "b"], {}]),
    ("on: off", {"true": False}), ("1.50: 1.50", {"1.5": 1.5}),
    ("{a, y: 1,}", {"a": None, "true": 1}),
    ("[a, [b], {c: d},]", ["a", ["b"], {"c": "d"}]), ("? a\n: b", {"a": "b"}),
    ("a: 'yes'\nb: \"1\"", {"a": "yes", "b": "1"}), ("a: !!str 1", {"a": "1"}),
    ("a: ! 12", {"a": "12"}), ("a: &x ! 12", {"a": "12"}), ("a: ! |\n  1\n", {"a": "1\n"}),
    ("a: !foo {b: 1}", {"a": {"b": 1}}), ("!!python/object:os.system {a: 1}", {"a": 1}),
    ("a: !!set {b, c}", {"a": {"b": None, "c": None}}), ("!!int 7: x", {"7": "x"}),
    ("a: |\n  x\n   y\n", {"a": "x\n y\n"}), ("a: >-\n  x\n  y\n", {"a": "x y"}),
    ('a: "x\\\n  y\\u263a\\0"', {"a": "xy\u263a\0"}), ('a: "\\ud7ff"', {"a": "\ud7ff"}),
    ("a: x#y #z", {"a": "x#y"}), ("a: 1\n...\nb: 2", {"a": 1}), ("a: 1\n...\n@", {"a": 1}),
    ("%YAML 1.1\n---\na: 1", {"a": 1}), ("# c\n%TAG !e! tag:e,1:\n---\n!e!x a: 1", {"a": 1}),
    ("\ufeffa: 1", {"a": 1}), ("a: 1\r\nb: 2\r\n", {"a": 1, "b": 2}),
    ("a: 1\rb: 2", {"a": 1, "b": 2}),
    ("a: &x 1\nb: &x 2\nc: *x", {"a": 1, "b": 2, "c": 2}),
    ("- &x {a: 1}\n- *x", [{"a": 1}, {"a": 1}]),
    ("a: &x 08\n*x : 2", {"a": 8, "8": 2}), ("a: &x [1]\nb: [*x, *x]", {"a": [1], "b": [[1], [1]]}),
    ("&k a: 1\nb: *k", {"a": 1, "b": "a"}), ("&m <<: {a: 1}\nb: *m", {"a": 1, "b": "<<"}),
    ("<<: {a: 1}\nb: 2", {"a": 1, "b": 2}), ('"<<": {a: 1}', {"<<": {"a": 1}}),
    ('!!merge "<<": {a: 1}', {"a": 1}), ("a: <<", {"a": "<<"}), ("- <<", ["<<"]),
    ("a: &x {b: 1}\nc: {<<: *x, d: 2}", {"a": {"b": 1}, "c": {"b": 1, "d": 2}}),
    ("a: &x {b: 1}\nc: {<<: [*x, {e: 3}]}", {"a": {"b": 1}, "c": {"b": 1, "e": 3}}),
    ("a: &x {b: {c: 1}}\nd: &y {<<: *x}\ne: {<<: *y}",
     {"a": {"b": {"c": 1}}, "d": {"b": {"c": 1}}, "e": {"b": {"c": 1}}}),
    (".inf: 1\n.nan: 2", {".inf": 1, ".nan": 2}), ("- ? a\n", [{"a": None}]),
]  # fmt: skip

Key: TypeAlias = tuple[tuple[str | int, ...], int, int]
"""A path with the line and column of what stands there again."""

DUPLICATES: list[tuple[str, Any, list[Key]]] = [
    ("a: 1\na: 2", {"a": 2}, [(("a",), 2, 1)]),
    ("a: {b: 1, b: 2}", {"a": {"b": 2}}, [(("a", "b"), 1, 11)]),
    ("- a: 1\n- b:\n  - c: 1\n    c: {}", [{"a": 1}, {"b": [{"c": {}}]}],
     [((1, "b", 0, "c"), 4, 5)]),
    ("a: 1\na: [x]\na: 3", {"a": 3}, [(("a",), 2, 1), (("a",), 3, 1)]),
    ("yes: 1\ntrue: 2", {"true": 2}, [(("true",), 2, 1)]),
    ("1: a\n0x1: b", {"1": "b"}, [(("1",), 2, 1)]),
    ("1.0: a\n1.00: b", {"1": "b"}, [(("1",), 2, 1)]),
    ("1: a\n'1': b", {"1": "b"}, []),
    ("'1': a\n1: b", {"1": "b"}, []),
    ("1: a\n1.0: b\n'1': c\n1: d", {"1": "d"}, [(("1",), 4, 1)]),
    ("a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  c: 3\n  c: 4",
     {"a": {"b": 1, "c": 2}, "d": {"b": 1, "c": 4}}, [(("d", "c"), 5, 3)]),
    ("<<: {a: 1, a: 2}", {"a": 2}, [(("a",), 1, 12)]),
    ("<<: [{a: {c: 1, c: 2}}]", {"a": {"c": 2}}, [(("a", "c"), 1, 17)]),
    ("a: &x 1\nb: {c: 1, c: *x}", {"a": 1, "b": {"c": 1}}, [(("b", "c"), 2, 11)]),
]  # fmt: skip

ERRORS = [
    ("a: {[x]: 1}", 1, 5, "a mapping key cannot be a mapping or list"),
    ("a: 1\nb: *u", 2, 4, "unknown anchor 'u'"),
    ("a: &x [*x]", 1, 8, "anchor 'x' contains itself"),
    ("a: &x 1\nb: &x [*x]", 2, 8, "anchor 'x' contains itself"),
    ("~: 1", 1, 1, "a mapping key cannot be null"),
    ("a: {18446744073709551615: 1}", 1, 5, "a mapping key cannot be 18446744073709551615"),
    ("? [1]\n: 2", 1, 3, "a mapping key cannot be a mapping or list"),
    ("a: &x {b: 1}\n*x : 2", 2, 1, "a mapping key cannot be a mapping or list"),
    ("a:\n  - .inf", 2, 5, "JSON has no .inf"),
    ("a: -.INF", 1, 4, "JSON has no -.INF"),
    ("a: !!float .nan", 1, 4, "JSON has no .nan"),
    ("&x .inf: 1\nb: *x", 1, 1, "JSON has no infinity"),
    ("<<: 3", 1, 1, "<< takes a mapping"),
    ("a:\n  <<:", 2, 3, "<< takes a mapping"),
    ("<<: [1]", 1, 1, "<< takes a mapping"),
    ("a: &x [{b: 1}]\nc:\n  <<: *x", 3, 3, "<< takes a mapping"),
    ("a: &x 1\nc:\n  <<: *x", 3, 3, "<< takes a mapping"),
    ("a: !!int x", 1, 4, "'x' is no !!int"),
    ("a: !!binary '@@'", 1, 4, "no base64"),
    ("%YAML 1.2\n---\na: 1", 1, 1, "%YAML 1.2 is announced"),
    ('a: "x\\/"', 1, 6, "unknown escape \\/"),
    ('b: "\\\\/"\na: "x\\\\\\/"', 2, 8, "unknown escape \\/"),
    ("a: b\nc: \x01", 2, 4, "control characters are not allowed"),
    ("a: b\nc: \0", 2, 4, "control characters are not allowed"),
    ("a: b\nc: \ud800", 2, 4, "control characters are not allowed"),
]

REFUSED = ['a: "\\ud83d\\ude00"', 'a: "\\ud800"', 'a: "\\U00110000"', "a: x\u2028y", "a: x\x85y"]


@pytest.mark.parametrize(("text", "value"), MEANINGS)
def test_meaning(text: str, value: Any) -> None:
    found = document(text)
    assert json.dumps(found.value, sort_keys=True) == json.dumps(value, sort_keys=True)
    assert found.duplicates == ()


@pytest.mark.parametrize(("text", "value", "keys"), DUPLICATES)
def test_duplicate_keys(text: str, value: Any, keys: list[tuple[Any, int, int]]) -> None:
    found = document(text)
    assert found.value == value
    assert [(path, *span[:2]) for path, span, _ in found.duplicates] == keys
    assert not any(one.merged for one in found.duplicates)


MERGES: list[tuple[str, Any, list[Key]]] = [
    ("a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  c: 3",
     {"a": {"b": 1, "c": 2}, "d": {"b": 1, "c": 3}}, []),
    ("a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  c: {e: 3}",
     {"a": {"b": 1, "c": 2}, "d": {"b": 1, "c": {"e": 3}}}, []),
    ("a: &x {b: 1}\ne: &y {b: 2}\nd:\n  <<: [*x, *y]",
     {"a": {"b": 1}, "e": {"b": 2}, "d": {"b": 1}}, []),
    ("a: &x {b: 1, c: 2}\nd:\n  c: 3\n  <<: *x",
     {"a": {"b": 1, "c": 2}, "d": {"b": 1, "c": 2}}, [(("d", "c"), 4, 3)]),
    ("<<: {a: 1}\nb: 2\n<<: {a: 2, b: 3}", {"a": 2, "b": 3},
     [(("<<",), 3, 1), (("b",), 3, 1)]),
    ("<<: {a: 1}\na: 2\n<<: {a: 3}", {"a": 3}, [(("<<",), 3, 1), (("a",), 3, 1)]),
    ("- <<: {a: 1}\n- {a: 1, b: {<<: {c: 1}, c: 2}}", [{"a": 1}, {"a": 1, "b": {"c": 2}}], []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value", "keys"), MERGES)
def test_what_a_merge_brings_in_may_be_set_after_it(text: str, value: Any, keys: list[Key]) -> None:
    found = document(text)
    assert found.value == value
    assert [(path, *span[:2]) for path, span, _ in found.duplicates] == keys
    assert all(one.merged for one in found.duplicates)


@pytest.mark.parametrize(("text", "line", "column", "reason"), ERRORS)
def test_error(text: str, line: int, column: int, reason: str) -> None:
    found = unreadable(text)
    assert found[:3] == (0, line, column)
    assert reason in found.reason


@pytest.mark.parametrize("text", REFUSED)
def test_refused(text: str) -> None:
    assert unreadable(text).line >= 1


def test_aliases_share_and_merges_do_not_change_the_anchor() -> None:
    value = document("a: &x {b: 1}\nc: *x\nd: {<<: *x, b: 2}").value
    assert value["c"] is value["a"]
    assert value == {"a": {"b": 1}, "c": {"b": 1}, "d": {"b": 2}}


@pytest.mark.parametrize("opening", ["[", '{"a":', "- ", "? "])
def test_nesting_has_an_end(opening: str) -> None:
    assert unreadable(opening * 100_000).line == 1


def test_nested_keys_have_an_end() -> None:
    text = "".join(" " * depth + "a:\n" for depth in range(1000))
    assert unreadable(text) == (0, 201, 201, "nested deeper than 200 levels")


def test_depth_is_exact() -> None:
    assert document("[" * 200 + "]" * 200).value
    assert unreadable("[" * 201 + "]" * 201).column == 201


def test_laughs_have_an_end() -> None:
    levels = ["a0: &a0 {k: x}"]
    for level in range(1, 40):
        items = ", ".join([f"*a{level - 1}"] * 9)
        levels.append(f"a{level}: &a{level} [{items}]")
    found = unreadable("\n".join(levels))
    assert found.reason == "aliases stand for more than 100000 values"
    assert found.line == 6


def test_a_long_text_that_aliases_repeat_has_an_end() -> None:
    text = "a: &a " + "x" * 64_000
    value = document(text + "\nb: [" + "*a, " * 90 + "]").value
    assert value["b"] == [value["a"]] * 90
    found = unreadable(text + "\nb: [" + "*a, " * 110 + "]")
    assert found.reason == "aliases stand for more than 100000 values"


def test_merges_of_merges_have_an_end() -> None:
    lines = ["m0: &m0 {a: 1}"]
    lines += [f"m{i}: &m{i} {{<<: [*m{i - 1}, *m{i - 1}], k{i}: 1}}" for i in range(1, 600)]
    assert "aliases stand for" in unreadable("\n".join(lines)).reason


def test_duplicates_have_an_end() -> None:
    found = document("{a: " * 100 + "{" + "b: 1," * 3000 + "}" + "}" * 100)
    assert len(found.duplicates) == 1000


def test_events_have_an_end() -> None:
    limits = Limits(events=20)
    assert document("[1, 2, 3]", limits).value == [1, 2, 3]
    found = unreadable("[" + "1," * 30 + "]", limits)
    assert found.reason == "the document holds more than 20 values"


@pytest.mark.parametrize("text", ['a: "' + "x" * 100_000, "a: '" + "x\n" * 50_000])
def test_unterminated_scalar(text: str) -> None:
    found = unreadable(text)
    assert found[1:] == (1, 4, f"the {text[3]} opened here is never closed")


def test_long_key() -> None:
    assert unreadable("x" * 2000 + ": 1").line == 1


def test_many_keys() -> None:
    value = document("".join(f"k{i}: {i}\n" for i in range(5000))).value
    assert len(value) == 5000
