"""Splitting, decoding, and where things stand."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.reader import Document, Duplicate, ReadError, Span, Unreadable, decode, read

MANIFEST = """\
# a comment
---
apiVersion: batch/v1
kind: Job
metadata: {name: "train", labels: {}}
spec:
  template:
    spec:
      restartPolicy:
      containers:
        - name: a
          args: [--epochs, '5']
          command:
            - sh
            - |
              echo  # done
        - image: x
"""


def documents(text: str) -> list[Document]:
    found = list(read(text))
    assert all(isinstance(document, Document) for document in found), found
    return [document for document in found if isinstance(document, Document)]


def values(text: str) -> list[Any]:
    return [document.value for document in documents(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [(0, 0, None)]),
        ("\n\n", [(0, 0, None)]),
        ("---\n", [(0, 0, None)]),
        ("# c\n", [(0, 0, None)]),
        ("a", [(0, 0, "a")]),
        ("---\na\n", [(0, 0, "a")]),
        ("a\n---\nb", [(0, 0, "a"), (1, 1, "b")]),
        ("a\r\n---\r\nb\r\n", [(0, 0, "a"), (1, 1, "b")]),
        ("\n---\na\n---\nb", [(0, 1, "a"), (1, 3, "b")]),
        ("# c\n---\na\n---\n# d\n---\nb\n", [(0, 0, None), (1, 1, "a"), (2, 3, None), (3, 5, "b")]),
        ("a\n---\n---\n \n---\t\nb\n---", [(0, 0, "a"), (1, 4, "b")]),
        ("--- ---\n---\r\n\r\n---\nb", [(0, 0, "---"), (1, 3, "b")]),
        ("--- a\n--- # c\nb\n--- {c: 1}", [(0, 0, "a"), (1, 1, "b"), (2, 3, {"c": 1})]),
        ("a: |\n  ---\n  b\n---\nc", [(0, 0, {"a": "---\nb\n"}), (1, 3, "c")]),
        ("---x: 1\n---y: 2", [(0, 0, {"---x": 1, "---y": 2})]),
        ("%YAML 1.1\n---\na\n---\nb", [(0, 0, "a"), (1, 3, "b")]),
        ("a\n...\n---\nb", [(0, 0, "a"), (1, 2, "b")]),
        ("\ufeffa\n---\nb", [(0, 0, "a"), (1, 1, "b")]),
    ],
)
def test_split(text: str, expected: list[tuple[int, int, Any]]) -> None:
    found = documents(text)
    assert [(one.number, one.line, one.value) for one in found] == expected


def test_texts_start_at_their_lines() -> None:
    lines = MANIFEST.splitlines(keepends=True)
    for document in read(MANIFEST):
        assert isinstance(document, Document)
        assert "".join(lines[document.line :]).startswith(document.text)


def test_an_error_stays_in_its_document() -> None:
    first, second, third = read("a: 1\n---\nb: [\n---\ne: 1")
    assert isinstance(first, Document)
    assert second == Unreadable(1, 3, 4, "the [ opened here is never closed")
    assert isinstance(third, Document)
    assert third.value == {"e": 1}


def test_an_anchor_stays_in_its_document() -> None:
    _, second = read("a: &x 1\n---\nb: *x\n")
    assert second == Unreadable(1, 3, 4, "unknown anchor 'x'")


def test_many_documents() -> None:
    assert len(documents("---\na: 1\n" * 2000)) == 2000
    assert values("---\n" * 100_000) == [None]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": "\\/"}', [{"a": "/"}]),
        ('{"a!": "\\ud83d\\ude00 \\\\ud800 \\u0041"}', [{"a!": "\U0001f600 \\ud800 A"}]),
        ('{"\\ud83d\\ude00": "\\ud800", "b": "\\udc00x"}',
         [{"\U0001f600": "\ufffd", "b": "\ufffdx"}]),
        ('{"a":1}\n{"b":\n2}\n', [{"a": 1}, {"b": 2}]),
        ('{"a":1}{"b":2} {}', [{"a": 1}, {"b": 2}, {}]),
        ('{\n\t"a": [1.0, true, null]\n}', [{"a": [1, True, None]}]),
    ],
)  # fmt: skip
def test_json(text: str, expected: list[Any]) -> None:
    assert values(text) == expected


def test_no_lone_surrogate_comes_out() -> None:
    for value in values('{"a": ["\\ud800", "\\udfff\\ud800", "\\uD83D"]}'):
        str(value).encode()


def test_json_positions() -> None:
    one, two = documents('{"a": 1}  {"b": "\\ud83d\\ude00", "c": 2}\n')
    assert one.span(("a",)) == Span(1, 7, 1, 8)
    assert two.span(("b",)) == Span(1, 17, 1, 31)
    assert two.key_span(("c",)) == Span(1, 33, 1, 36)
    assert two.number == 1


def test_json_stream_that_breaks_off() -> None:
    first, second = read('{"a": 1}\n{"b": [}\n')
    assert isinstance(first, Document)
    assert isinstance(second, Unreadable)
    assert (second.number, second.line) == (1, 2)
    assert len(list(read("{}{" * 1000))) == 2
    assert values('{a: "x"}\n{b: 1}') == [{"a": "x"}]


POD = ("spec", "template", "spec")
CONTAINERS = (*POD, "containers")


@pytest.mark.parametrize(
    ("path", "span", "key_span"),
    [
        (("kind",), (4, 7, 4, 10), (4, 1, 4, 5)),
        (("metadata",), (5, 1, 5, 9), (5, 1, 5, 9)),
        (("metadata", "name"), (5, 18, 5, 25), (5, 12, 5, 16)),
        (("metadata", "labels"), (5, 27, 5, 33), (5, 27, 5, 33)),
        (("metadata", "labels", "app"), (5, 27, 5, 33), (5, 27, 5, 33)),
        (("metadata", "namespace"), (5, 1, 5, 9), (5, 1, 5, 9)),
        (POD, (8, 5, 8, 9), (8, 5, 8, 9)),
        ((*POD, "restartPolicy"), (9, 7, 9, 20), (9, 7, 9, 20)),
        ((*POD, "volumes", 0, "name"), (8, 5, 8, 9), (8, 5, 8, 9)),
        (CONTAINERS, (10, 7, 10, 17), (10, 7, 10, 17)),
        ((*CONTAINERS, 0), (11, 11, 11, 15), (11, 11, 11, 15)),
        ((*CONTAINERS, 1), (17, 11, 17, 16), (17, 11, 17, 16)),
        ((*CONTAINERS, 1, "env"), (17, 11, 17, 16), (17, 11, 17, 16)),
        ((*CONTAINERS, 2), (10, 7, 10, 17), (10, 7, 10, 17)),
        ((*CONTAINERS, -1), (10, 7, 10, 17), (10, 7, 10, 17)),
        ((*CONTAINERS, 0, "args", 1), (12, 28, 12, 31), (12, 28, 12, 31)),
        ((*CONTAINERS, 0, "args", 1, "x"), (12, 28, 12, 31), (12, 28, 12, 31)),
        ((*CONTAINERS, 0, "command", 1), (15, 15, 16, 27), (15, 15, 16, 27)),
        (("status", "x"), (3, 1, 3, 11), (3, 1, 3, 11)),
        ((), (3, 1, 3, 11), (3, 1, 3, 11)),
    ],
)
def test_position(path: Any, span: tuple[int, ...], key_span: tuple[int, ...]) -> None:
    _, document = documents(MANIFEST)
    assert document.span(path) == span
    assert document.key_span(path) == key_span


@pytest.mark.parametrize(
    ("text", "path", "span"),
    [
        ("# c\n\n", (), (1, 1, 1, 2)),
        ("\n\n# c\n", ("a",), (3, 1, 3, 2)),
        ("--- # c\n", (), (1, 5, 1, 6)),
        ("\n\n  x\n", (), (3, 3, 3, 4)),
        ("\n- a\n", (), (2, 1, 2, 2)),
        ("\n- - a\n", (0,), (2, 3, 2, 4)),
        ("- {}\n- a", (0,), (1, 3, 1, 4)),
        ("- a\n-\n", (1,), (2, 2, 2, 2)),
        ("a: [\n", ("x",), (0, 0, 0, 0)),
        ("a: &x {b: 1}\nc: *x", ("c", "b"), (1, 11, 1, 12)),
        ("a: &x {b: 1}\nc: *x", ("c",), (2, 1, 2, 2)),
        ("a: &x 1\nc: *x", ("c",), (1, 4, 1, 8)),
        ("a: &x {b: 1}\nc:\n  <<: *x\n  d: 2", ("c", "b"), (1, 11, 1, 12)),
        ("a: &x {b: 1}\nc:\n- <<: *x\n  d: 2", ("c", 0), (4, 3, 4, 4)),
        ("a: &x {b: 1}\nc:\n- <<: *x\n", ("c", 0), (3, 3, 3, 4)),
        ("a: 1\na:\n  2", ("a",), (3, 3, 3, 4)),
        ("a: é😀\r\nb: x", ("b",), (2, 4, 2, 5)),
        ("a: é😀 #\nb: x", ("a",), (1, 4, 1, 6)),
        ("a: x\u2028 y\nb: z", ("b",), (2, 4, 2, 5)),
        ("a: x\rb: y", ("b",), (2, 4, 2, 5)),
        ("a: 'x\n\n  y'\nb: z", ("a",), (1, 4, 3, 5)),
        ("a: >\n  x\n\n\nb: z", ("a",), (1, 4, 2, 4)),
        ("007: x", ("7",), (1, 6, 1, 7)),
    ],
)
def test_position_of_rare_things(text: str, path: Any, span: tuple[int, ...]) -> None:
    (document,) = read(text)
    if isinstance(document, Unreadable):
        assert span == (0, 0, 0, 0)
        return
    assert document.span(path) == span


def test_duplicate_in_a_later_document() -> None:
    _, second = documents("a: 1\n---\nb: 1\nb: 2\n")
    assert second.duplicates == (Duplicate(("b",), Span(4, 1, 4, 2)),)


LITERAL = """\
spec:
  manifest: |-  # a Job

    kind: Job
    spec:
      k: 1
    ---
    kind: Pod
    x: 1
    x: |2
        kind: Deep
    ---
    a: [b
"""


def test_embedded_in_a_literal_block() -> None:
    (document,) = documents(LITERAL)
    job, pod, broken = document.embedded(("spec", "manifest"))
    assert isinstance(job, Document)
    assert isinstance(pod, Document)
    assert (job.number, job.line, job.value) == (0, 2, {"kind": "Job", "spec": {"k": 1}})
    assert job.span(("spec", "k")) == Span(6, 10, 6, 11)
    assert job.key_span(("kind",)) == Span(4, 5, 4, 9)
    assert (pod.number, pod.line) == (1, 6)
    assert pod.duplicates == (Duplicate(("x",), Span(10, 5, 10, 6)),)
    assert broken == Unreadable(2, 13, 8, "the [ opened here is never closed")
    (deep,) = pod.embedded(("x",))
    assert isinstance(deep, Document)
    assert deep.span(("kind",)) == Span(11, 15, 11, 19)


@pytest.mark.parametrize(
    ("header", "indent"), [("|", 4), ("|2", 4), ("&x |", 4), ("!!str\n  |", 4), ("|+", 9)]
)
def test_embedded_headers(header: str, indent: int) -> None:
    (document,) = documents(f"a:\n  b: {header}\n{' ' * indent}k: 1\n")
    (inner,) = document.embedded(("a", "b"))
    assert isinstance(inner, Document)
    line = 4 if "\n" in header else 3
    assert inner.span(("k",)) == Span(line, indent + 4, line, indent + 5)


@pytest.mark.parametrize(
    "text",
    [
        'a: "k: 1\\n---\\nk: [\\n"',
        "a: >\n  k: 1\n\n  ---\n\n  k: [\n",
        "a: 'k: 1\n\n  ---\n\n  k: ['",
    ],
)
def test_embedded_elsewhere_stands_where_the_string_stands(text: str) -> None:
    (document,) = documents(text)
    inner, broken = document.embedded(("a",))
    assert isinstance(inner, Document)
    assert inner.value == {"k": 1}
    assert inner.span(("k",)) == inner.key_span(("x",)) == document.span(("a",))
    assert inner.line == 0
    assert isinstance(broken, Unreadable)
    assert (broken.number, broken.line, broken.column) == (1, 1, 4)


def test_embedded_needs_a_string() -> None:
    (document,) = documents("a: {b: 1}\nc: ''")
    assert document.embedded(("a",)) == []
    assert document.embedded(("a", "b")) == []
    assert document.embedded(("x",)) == []
    (empty,) = document.embedded(("c",))
    assert isinstance(empty, Document)
    assert empty.value is None


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"a: 1\n", "a: 1\n"),
        (b"\xef\xbb\xbfa", "a"),
        ("a: é".encode("utf-16"), "a: é"),
        (b"\xfe\xff\x00a", "a"),
        (b"", ""),
    ],
)
def test_decode(raw: bytes, text: str) -> None:
    assert decode(raw) == text


@pytest.mark.parametrize(
    ("raw", "line", "column", "reason"),
    [
        (b"a: 1\nb: \xff", 2, 4, "not UTF-8: invalid start byte"),
        (b"\xef\xbb\xbfa\xc3\xa9: \xe9", 1, 5, "not UTF-8: unexpected end of data"),
        (b"a: \xed\xa0\x80", 1, 4, "not UTF-8: invalid continuation byte"),
        (b"a: 1\r\nb\0", 2, 2, "NUL character"),
        (b"\xff\xfea\x00\n\x00\x00\xd8", 2, 1, "not UTF-16: unexpected end of data"),
        ("a".encode("utf-32"), 1, 1, "NUL character"),
        (b"\x00\x00\xfe\xff\x00\x00\x00a", 1, 3, "not UTF-8: invalid start byte"),
        (b"a\0:\0", 1, 2, "NUL character"),
    ],
)
def test_no_text(raw: bytes, line: int, column: int, reason: str) -> None:
    with pytest.raises(ReadError) as caught:
        decode(raw)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert caught.value.reason.startswith(reason)


YAML_PIECES = st.sampled_from(
    ["a", "b: ", "- ", "{", "}", "[", "]", ",", "&x ", "*x", "<<: ", "|\n  ", "\n", "\n---\n", "! ",
     "'", '"', "\\ud800", "\\/", "# c", "1e9", "!!int ", "\t", "\r", "\u2028", "%YAML 1.1\n",
     "...", "? "]
)  # fmt: skip


@given(st.lists(YAML_PIECES, max_size=12).map("".join))
def test_whatever_is_read_has_a_place(text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, found in enumerate(read(text)):
        assert found.number == number
        places = [(found.line, found.column)] if isinstance(found, Unreadable) else []
        if isinstance(found, Document):
            str(found.value).encode()
            paths: list[Any] = [(), ("a",), (0,), ("a", "b"), (0, "a")]
            spans = [found.span(path) for path in paths]
            spans += [duplicate.span for duplicate in found.duplicates]
            places = [(span.line, span.column) for span in spans]
            places += [(span.end_line, span.end_column) for span in spans]
        for line, column in places:
            assert 1 <= line <= len(lines)
            assert 1 <= column <= len(lines[line - 1]) + 2


KEYS = st.text(max_size=20)  # libyaml looks for the colon within 1,024 characters
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
)


@given(st.dictionaries(KEYS, JSON, max_size=3))
def test_json_means_itself(value: Any) -> None:
    assert values(json.dumps(value)) == [value]
