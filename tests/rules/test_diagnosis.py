"""What a person did, and where, is what a syntax error says; whichever parser complained."""

import pytest

from rules import events
from rules.reader import Unreadable, read


@pytest.fixture(autouse=True, params=["native", "pure"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both parsers: libyaml's, and the one that PyYAML falls back on."""
    if request.param == "pure":
        monkeypatch.setattr(events, "Native", events.PureParser)
    return str(request.param)


MISTAKES = [
    # tabs
    ("a:\n\tb: 1\n", 2, 1, "a tab indents this line"),
    ("a:\n  b:\n  \tc: 1\n", 3, 3, "a tab indents this line"),
    ("a:\n\t- 1\n", 2, 1, "a tab indents this line"),
    ("a: b\n\tc: 1\n", 2, 1, "a tab indents this line"),
    ("a: |\n\tb\n", 2, 1, "a tab indents this line"),
    ("a:\n-\tb: 1\n\tc: 2\n", 2, 2, "a tab stands here"),
    # spaces that are none
    ("a:\n  b:\n\u00a0\u00a0c: 1\n    d: 2\n", 3, 1, "a non-breaking space (U+00A0) stands here"),
    ("a:\n  b:\u00a0x\n  c: {}\n", 2, 5, "a non-breaking space (U+00A0)"),
    ("a:\n  -\u00a0b: 1\n    c: 2\n", 2, 4, "a non-breaking space (U+00A0)"),
    ("a:\n  b:\n\u2003\u2003c: 1\n    d: 2\n", 3, 1, "a space of another kind (U+2003)"),
    # brackets
    ("x: 1\na: [1, 2", 2, 4, "the [ opened here is never closed"),
    ("a: [\n", 1, 4, "the [ opened here is never closed"),
    ("a:\n  b: [c, d\n  e: f\n  g: {h: 1}\n", 2, 6, "the [ opened here is never closed"),
    ("a:\n  b: {c: {d: 1}\n  e: f\n", 2, 6, "the { opened here is never closed"),
    ("a: [it's, x\nb: 1\n", 1, 4, "the [ opened here is never closed"),
    ('a: ["]", # ]\n', 1, 4, "the [ opened here is never closed"),
    ('{"a": [{"b": 1},\n {"c": 1}\n', 1, 7, "the [ opened here is never closed"),
    ("a: [1, {b: 2]\n", 1, 13, "found ] where } is expected"),
    ("a: &x [1, 2", 1, 7, "the [ opened here is never closed"),
    ("a: !x {b: [c: d}", 1, 16, "found } where ] is expected"),
    ("[a: b, c: d: e", 1, 1, "the [ opened here is never closed"),
    ("a: &x [1, *!!int y]", 1, 12, "expected , or ] before this (the [ stands on line 1)"),
    ("a: [1]]\nb: 1\n", 1, 7, "nothing is open that this ] closes"),
    ('a: ["x" "y"]\n', 1, 9, "expected , or ] before this (the [ stands on line 1)"),
    ('{"a": 1\n  "b": 2}', 2, 3, "expected , or } before this (the { stands on line 1)"),
    ("a: {b: 1 c: 2}\n", 1, 8, "expected , or } before this"),
    ("a: [1,,2]\n", 1, 7, "a value is missing before this ,"),
    ('{\n  // c\n  "a": "b"\n}\n', 2, 3, "JSON has no comments"),
    # quotes
    ("a: 'x\nb: 1\n", 1, 4, "the ' opened here is never closed"),
    ('a: "x\nb: "y"\nc: 1\n', 1, 4, 'the " opened here ends on line 2, and text follows it'),
    ('a: ["b", "c]\nd: "x"\n', 1, 10, 'the " opened here ends on line 2, and text follows it'),
    ('a: "x" y\n', 1, 8, 'text follows the closing "'),
    ("a: 'it's'\nb: 1\n", 1, 8, "text follows the closing '"),
    ('a: "C:\\dir"\n', 1, 7, "unknown escape \\d"),
    # values that must be quoted
    ("a:\n- image: {user}/x:1\n  name: a\n", 2, 10, "a value that begins with { must be quoted"),
    ("image: [repo]/x\n", 1, 8, "a value that begins with [ must be quoted"),
    ("a: {{ x }}\n", 1, 4, "a value that begins with {{ must be quoted"),
    ("a: {{ x }}:latest\n", 1, 4, "a value that begins with {{ must be quoted"),
    ("a:\n- {{x}}\n- b\n", 2, 3, "a value that begins with {{ must be quoted"),
    ("a: @x", 1, 4, "a value that begins with @ must be quoted"),
    ("a: `x`", 1, 4, "a value that begins with ` must be quoted"),
    ("a: *.example.com\n", 1, 4, "a value that begins with * must be quoted"),
    ("a: & b\n", 1, 4, "a value that begins with & must be quoted"),
    ("a: |x\n", 1, 4, "a value that begins with | must be quoted"),
    ("a: !@#b\n", 1, 4, "a value that begins with ! must be quoted"),
    ("a: !x!y\n", 1, 4, "a value that begins with ! must be quoted"),
    ("a: b: c", 1, 5, "a value that holds a colon and a space must be quoted"),
    # lines that stand where they cannot
    ("a: 1\n  b: 2\n", 2, 3, "this line is indented deeper than line 1"),
    ("a:\n- b: 1\n    c: 2\n", 3, 5, "this line is indented deeper than line 2"),
    ("a:\n  b:\n c: d", 3, 2, "this line is indented by 1 space; expected 0 or 2"),
    ("a:\n    b: 1\n  c: d\n", 3, 3, "this line is indented by 2 spaces; expected 0 or 4"),
    ("a: |\n  x\n y\nb: 1\n", 3, 2, "this line is indented by 1 space; expected 0"),
    ("a:\n  b: 1\n  - c\n", 3, 3, "a list item stands among the keys of the mapping of line 2"),
    ("a:\n  - b\n  c: 1\n", 3, 3, "a key stands among the items of the list of line 2"),
    ("a: 1\nb: - c", 2, 4, "a list item cannot stand on the line of its key"),
    ("metadata\n  name: x\n", 1, 1, "this line is no key: its colon is missing"),
    ("a: 1\nfoo\nb: 2\n", 2, 1, "this line is no key: its colon is missing"),
    ("a:\n  b: |\n    x\n  y z\n  c: 1\n", 4, 3, "or it belongs deeper, to the text above"),
    ("name:x\nkind: y\n", 1, 5, "a space is missing after this colon"),
    ("kind: y\nname:x\nz: 1\n", 2, 5, "a space is missing after this colon"),
    ("a:\n  -b\n  -c: 1\n", 2, 3, "a space is missing after this dash"),
    ("a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> x\n", 2, 1, "a merge conflict"),
]


@pytest.mark.parametrize(("text", "line", "column", "reason"), MISTAKES)
def test_a_mistake_is_told_where_it_was_made(
    text: str, line: int, column: int, reason: str
) -> None:
    (found,) = read(text)
    assert isinstance(found, Unreadable)
    assert (found.line, found.column) == (line, column), found
    assert reason in found.reason
    assert "\n" not in found.reason


def test_a_backslash_may_end_the_text() -> None:
    (found,) = read('a: "b\\')
    assert isinstance(found, Unreadable)
    assert "escape" in found.reason


def test_lines_are_those_of_the_file() -> None:
    _, second = read('a: 1\n---\nb:\n  c: [1 2\n  d: "x" "y"]\n')
    assert isinstance(second, Unreadable)
    assert second[1:3] == (5, 3)
    assert second.reason == "expected , or ] before this (the [ stands on line 4)"


@pytest.mark.parametrize(
    "text",
    [
        "a: |\n  x\n  \tb: [\n",
        "a: '\u00a0'\nb: \u00a0x\n",
        "a: [1, 2] # ]\n",
        '{"a": "// no comment"}\n',
        "a: >\n  <<<<<<< HEAD\n",
    ],
)
def test_what_only_looks_like_a_mistake_is_read(text: str) -> None:
    assert not any(isinstance(found, Unreadable) for found in read(text))


LONG = [
    ("a: [" + "x, " * 100_000, 1, 4),
    ('a: ["' + "x'" * 100_000, 1, 5),
    ("a: '" + "x]" * 100_000, 1, 4),
    ("- " * 150 + "[" + '"x" ' * 50_000, 1, 301),
    ("a: b\n" * 20_000 + "c: [d\ne: f", 20_001, 4),
]


@pytest.mark.parametrize(("text", "line", "column"), LONG)
def test_a_mistake_in_a_long_text_is_found(text: str, line: int, column: int) -> None:
    """Within time: what is looked for twice in each of them would take minutes."""
    (found,) = read(text)
    assert isinstance(found, Unreadable)
    assert (found.line, found.column) == (line, column), found
