"""Edits of text: only what must change does, in every style."""

import json
import textwrap
from collections import Counter
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linter.mending.splice import Unspliceable, splice, splice_embedded
from linter.mending.splice.difference import replace_spans
from linter.mending.splice.nodes import Change
from linter.mending.splice.placement import place_key
from rules.edits import Inapplicable, apply, same
from rules.model import Edit, Remove, Set
from rules.paths import Path, dig, items
from rules.reader import Document, read
from tests.linter.mending.yaml_writer import KEYS, Writer, root, tree


def only(text: str) -> Document:
    (document,) = read(text)
    assert isinstance(document, Document), document
    return document


def edited(text: str, *edits: Edit) -> str:
    """The spliced text, after the check that it reads as the edited object."""
    document = only(text)
    after = splice(document.text, document.value, edits)
    assert same(only(after).value, apply(document.value, edits))
    return after


def check(before: str, edits: list[Edit], after: str) -> None:
    assert edited(textwrap.dedent(before), *edits) == textwrap.dedent(after)


def test_job() -> None:
    check(
        """\
        apiVersion: batch/v1
        kind: Job
        metadata: {name: train}
        spec:
          parallelism: 1   # one
          # the pods
          template:
            spec:
              # main
              containers:
              - name: main
                image: 'a:1'
                resources:
                  requests:
                    nvidia.com/gpu: '1'
                    # memory: 2Gi
                # mounts
                volumeMounts: []
                readinessProbe: {httpGet: {path: /}}
        # the end
        """,
        [
            Set(("spec", "activeDeadlineSeconds"), 86400),
            Set(("spec", "backoffLimit"), 3),
            Set(("spec", "template", "spec", "restartPolicy"), "Never"),
            Set(
                ("spec", "template", "spec", "containers", 0, "resources", "limits"),
                {"nvidia.com/gpu": "1"},
            ),
            Set(
                ("spec", "template", "spec", "containers", 0, "startupProbe"),
                {"httpGet": {"path": "/"}, "periodSeconds": 10},
            ),
            Set(("metadata", "labels", "mlgate.dev/role"), "training"),
        ],
        """\
        apiVersion: batch/v1
        kind: Job
        metadata: {name: train, labels: {mlgate.dev/role: training}}
        spec:
          parallelism: 1   # one
          backoffLimit: 3
          activeDeadlineSeconds: 86400
          # the pods
          template:
            spec:
              restartPolicy: Never
              # main
              containers:
              - name: main
                image: 'a:1'
                resources:
                  requests:
                    nvidia.com/gpu: '1'
                    # memory: 2Gi
                  limits:
                    nvidia.com/gpu: '1'
                # mounts
                volumeMounts: []
                startupProbe:
                  httpGet:
                    path: /
                  periodSeconds: 10
                readinessProbe: {httpGet: {path: /}}
        # the end
        """,
    )


@pytest.mark.parametrize(
    ("before", "edit", "after"),
    [
        ("a: OnFailure  # c\n", Set(("a",), "Never"), "a: Never  # c\n"),
        ('a: "OnFailure"\n', Set(("a",), "Never"), 'a: "Never"\n'),
        ("a: 'x'\n", Set(("a",), "it's"), "a: 'it''s'\n"),
        ("a:\n", Set(("a",), 1), "a: 1\n"),
        ("a:   # c\nb: 1\n", Set(("a",), 1), "a: 1   # c\nb: 1\n"),
        ("a: ~\n", Set(("a",), 1), "a: 1\n"),
        ("a:  # c\n  # d\nb: 1\n", Set(("a", "x"), 1), "a:  # c\n  x: 1\n  # d\nb: 1\n"),
        ("a: {}  # c\n", Set(("a", "x"), 1), "a:  # c\n  x: 1\n"),
        ("a: null\n", Set(("a", "x", "z"), 1), "a:\n  x:\n    z: 1\n"),
        ("a: []\nb:\n  - 1\n", Set(("a", 0), {"x": 1, "z": [1]}),
         "a:\n  - x: 1\n    z:\n      - 1\nb:\n  - 1\n"),
        ("a:\n- 1\n# c\nb: 1\n", Set(("a", 1), 2), "a:\n- 1\n- 2\n# c\nb: 1\n"),
        ("a:\n  -   x: 1\n", Set(("a", 1), {"x": 2, "z": 3}),
         "a:\n  -   x: 1\n  -   x: 2\n      z: 3\n"),
        ("a: [1, 2]\n", Set(("a", 2), "x"), "a: [1, 2, x]\n"),
        ("a: {b: 1, c: 2}\n", Set(("a", "d"), 3), "a: {b: 1, c: 2, d: 3}\n"),
        ("a: { b: 1, }\n", Set(("a", "d"), 3), "a: { b: 1, d: 3, }\n"),
        ("a: {\n  b: 1, # b\n  c: 2 # X\n}\n", Set(("a", "d"), 3),
         "a: {\n  b: 1, # b\n  c: 2, # X\n  d: 3\n}\n"),
        ("a: {\n  b: 1,\n  c: 2\n}\n", Set(("a", "d"), {"e": 1}),
         "a: {\n  b: 1,\n  c: 2,\n  d: {e: 1}\n}\n"),
        ("a: {b: , c}\n", Set(("a", "b"), 1), "a: {b: 1 , c}\n"),
        ("a: 1", Set(("b",), 2), "a: 1\nb: 2"),
        ("a: 1\r\nb:\r\n  c: 1\r\n", Set(("b", "d"), {"e": 1}),
         "a: 1\r\nb:\r\n  c: 1\r\n  d:\r\n    e: 1\r\n"),
        ("%YAML 1.1\n---\na: 1\n...\n", Set(("b",), 2), "%YAML 1.1\n---\na: 1\nb: 2\n...\n"),
        ("--- # c\na: 1\t# tab\n", Set(("a",), 2), "--- # c\na: 2\t# tab\n"),
        ("a: >-\n  folded\n  text\nb: 1\n", Set(("a",), "x"), "a: x\nb: 1\n"),
        ("a: |  # c\n  text\n\nb: 1\n", Set(("a",), "x"), "a: x  # c\n\nb: 1\n"),
        ("a: |\n  text\n\n# c\nb: 1\n", Set(("c",), 1), "a: |\n  text\n\n# c\nb: 1\nc: 1\n"),
        ("a:\n    b:\n        c: 1\n", Set(("a", "d", "e"), 1),
         "a:\n    b:\n        c: 1\n    d:\n        e: 1\n"),
        ("a: &x 1\n", Set(("a",), 2), "a: &x 2\n"),
        ('a: !!str "1"\n', Set(("a",), 2), "a: 2\n"),
        ("a: &x {b: 1}\nc: *x\n", Set(("c",), 2), "a: &x {b: 1}\nc: 2\n"),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", Set(("c", "b"), 2),
         "a: &x {b: 1}\nc:\n  <<: *x\n  b: 2\n"),
        ("a: # c\n  # d\n  1\nb: 1\n", Set(("a",), 2), "a: # c\n  # d\n  2\nb: 1\n"),
        ('"a b": 1\n', Set(("a b",), 2), '"a b": 2\n'),
        ("? a\n: 1\n", Set(("a",), 2), "? a\n: 2\n"),
        ("a: plain\n  text\nb: 1\n", Set(("a",), "x"), "a: x\nb: 1\n"),
        ("yes: 1\nb: 2\n", Set(("true",), 3), "yes: 3\nb: 2\n"),
        ("a: 1\n", Set(("b",), "yes"), 'a: 1\nb: "yes"\n'),
        ("a: 'q'\n", Set(("b",), "0777"), "a: 'q'\nb: '0777'\n"),
        ("- {}\n", Set((0, "b"), {"c": 1}), "- b:\n    c: 1\n"),
        ("a:\n  - []  # c\n", Set(("a", 0, 0), {"b": 1, "c": 2}),
         "a:\n  - - b: 1  # c\n      c: 2\n"),
        ("spec:\n  # over all\n\n  template: {}\n", Set(("spec", "backoffLimit"), 3),
         "spec:\n  # over all\n\n  backoffLimit: 3\n  template: {}\n"),
    ],
)  # fmt: skip
def test_set(before: str, edit: Edit, after: str) -> None:
    assert edited(before, edit) == after


@pytest.mark.parametrize(
    ("before", "path", "after"),
    [
        ("a: 1  # a\nb: 2\n", ("a",), "b: 2\n"),
        ("# a\na: 1\n\n# b\nb: 2\n", ("b",), "# a\na: 1\n\n# b\n"),
        ("a:\n  b: 1\n  c:\n  - 1\n# d\nd: 1\n", ("a", "c"), "a:\n  b: 1\n# d\nd: 1\n"),
        ("a:  # c\n  b: 1\nd: 1\n", ("a", "b"), "a: {}  # c\nd: 1\n"),
        ("a:\n- 1\nd: 1\n", ("a", 0), "a: []\nd: 1\n"),
        ("a:\n- b: 1  # b\n  c: 2\n", ("a", 0, "b"), "a:\n- c: 2\n"),
        ("a:\n- b: 1\n", ("a", 0, "b"), "a:\n- {}\n"),
        ("a:\n- 1\n# two\n- 2\n- 3\n", ("a", 1), "a:\n- 1\n# two\n- 3\n"),
        ("a: {b: 1, c: 2}\n", ("a", "b"), "a: {c: 2}\n"),
        ("a: {b: 1, c: 2}\n", ("a", "c"), "a: {b: 1}\n"),
        ("a: {b: 1}\n", ("a", "b"), "a: {}\n"),
        ("a: [1, 2, 3]\n", ("a", 1), "a: [1, 3]\n"),
        ('{\n  "a": 1,\n  "b": 2\n}\n', ("b",), '{\n  "a": 1\n}\n'),
        ("a: |\n  text\nb: 1\n", ("a",), "b: 1\n"),
        ("a: |\n  text\n\nb: 1\n", ("a",), "\nb: 1\n"),
        ("a: |+\n  text\n\nb: 1\n", ("a",), "b: 1\n"),
        ("a: |  # + b\n  text\n\nb: 1\n", ("a",), "\nb: 1\n"),
    ],
)
def test_remove(before: str, path: Path, after: str) -> None:
    assert edited(before, Remove(path)) == after


@pytest.mark.parametrize(
    ("before", "path", "name", "after"),
    [
        ("# a\na: 'x'  # of a\nb: 2\n", ("a",), "c", "# a\nc: 'x'  # of a\nb: 2\n"),
        ("a:  # c\n  # in\n  b: 1\nd: 1\n", ("a",), "e/f", "e/f:  # c\n  # in\n  b: 1\nd: 1\n"),
        ("a:\n- {b: 1}\n- {b: 2, 'c':3}\n", ("a", 1, "c"), "d", "a:\n- {b: 1}\n- {b: 2, 'd':3}\n"),
        ('{"a":1,"b":2}\n', ("a",), "c", '{"c":1,"b":2}\n'),
        ("a: &x {b: 1}\nc: *x\n", ("a",), "d", "d: &x {b: 1}\nc: *x\n"),
        ("a: &x 1\nb: *x\n", ("b",), "c", "a: &x 1\nc: *x\n"),
        ("yes: 1\nb: 2\n", ("true",), "c", "c: 1\nb: 2\n"),
    ],
)
def test_a_key_is_renamed_where_it_stands(before: str, path: Path, name: str, after: str) -> None:
    value = dig(only(before).value, path)
    assert edited(before, Remove(path), Set((*path[:-1], name), value)) == after


def test_what_stays_of_a_renamed_mapping_is_not_written_anew() -> None:
    assert (
        edited(
            "a:\n  b: '1'  # one\n  c: 2\nd: 1\n",
            *((Remove(("a",)), Set(("e",), {"b": "1", "f": 3}))),
        )
        == "e:\n  b: '1'  # one\n  f: 3\nd: 1\n"
    )


def test_what_is_not_put_back_as_it_was_goes() -> None:
    assert edited("# a\na: 1  # one\nb: 2\n", Remove(("a",)), Set(("c",), 3)) == (
        "# a\nb: 2\nc: 3\n"
    )
    assert edited("a: 1\nb:\nc: 3\n", Remove(("a",)), Set(("b",), 1)) == "b: 1\nc: 3\n"


_SHARED = "&x is used elsewhere in the document (*x)"
_ALIAS = "an alias stands here: the edit would change another place"
_TYPE = "a value of another type, or with a tag, is replaced"
_BETWEEN = "an anchor or a line end stands between a key and its value"


@pytest.mark.parametrize(
    ("text", "edit", "reason"),
    [
        ("a: &x {b: 1}\nc: *x\n", Set(("a", "b"), 2), f"a: {_SHARED}"),
        ("a: &x {b: 1}\nc: *x\n", Remove(("a",)), f"the document: {_SHARED}"),
        ("a: {b: &x 1}\nc: *x\n", Set(("a",), 2), f"a: {_SHARED}"),
        ("a: {b: &x 1}\nc: *x\n", Remove(("a", "b")), f"a: {_SHARED}"),
        ("a:\n  b: &x 1\nc: *x\n", Remove(("a", "b")), f"a: {_SHARED}"),
        ("a:\n- &x 1\n- 2\nc: *x\n", Remove(("a", 0)), f"a: {_SHARED}"),
        ("a: &x {b: 1}\nc: *x\n", Set(("c", "b"), 2), f"c: {_ALIAS}"),
        ("a: &x [1]\nc: *x\n", Set(("c", 1), 2), f"c: {_ALIAS}"),
        ("a: &x {b: {d: 1}}\nc: {<<: *x}\n", Set(("c", "b", "d"), 2),
         "c: b comes from a merge key (<<)"),
        ("a: &x {b: 1}\nc: {<<: *x, d: 1}\n", Remove(("c", "b")),
         "c: what is removed comes from a merge key (<<)"),
        ("a: 1\nb: 1\na: 2\n", Set(("a",), 3), "the document: a is written twice"),
        ("? a\n? b\n", Set(("a",), 1), "a: a key stands without a value"),
        ("a:\n  # c\n  b: 1\n  # d\n  c: 1\n", Set(("a",), 1),
         "a: comments stand in what is replaced"),
        ("- b: 1  # c\n  d: 1\n", Set((0,), 2), "[0]: comments stand in what is replaced"),
        ("a: {  # c\n}\n", Set(("a", "b"), 1), "a: comments stand in what is replaced"),
        ("{a: {  # c\n}}\n", Set(("a", "b"), 1), "a: comments stand in what is filled"),
        ("a: {b: 1, # c\n  d: 2}\n", Remove(("a", "b")), "a: comments stand in what is removed"),
        ("- b: 1\n  # c\n  d: 2\n", Remove((0, "b")),
         "[0]: comments stand after what is removed"),
        ("? a\n: 1\n? b\n: 2\n", Remove(("b",)), "the document: what is removed shares its line"),
        ("a: &x\n  b: 1\n", Remove(("a", "b")), "a: what is emptied has a tag or an anchor"),
        ("a: !!map\n  b: 1\n", Remove(("a", "b")), "a: what is emptied has a tag or an anchor"),
        ("a: &x\n  b: 1\n", Set(("a",), 2), "a: what is replaced has a tag or an anchor"),
        ("a: !!map\n  b: 1\n", Set(("a",), 2), "a: what is replaced has a tag or an anchor"),
        ("a: &x |\n  b\n", Set(("a",), 2), "a: what is replaced has a tag or an anchor"),
        ("a: !!str |\n  b\n", Set(("a",), 2), "a: what is replaced has a tag or an anchor"),
        ("a:\n  b: 1\n", Set(("a",), [1]), f"a: {_TYPE}"),
        ("a: |\n  b\n", Set(("a",), [1]), f"a: {_TYPE}"),
        ("a: !!str b\n", Set(("a",), [1]), f"a: {_TYPE}"),
        ("a: &x {}\n", Set(("a", "b"), 2), f"a: {_BETWEEN}"),
        ("a:\n  {}\n", Set(("a", "b"), 2), f"a: {_BETWEEN}"),
    ],
)  # fmt: skip
def test_refused(text: str, edit: Edit, reason: str) -> None:
    document = only(text)
    with pytest.raises(Unspliceable) as refusal:
        splice(document.text, document.value, [edit])
    assert str(refusal.value) == reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("# nothing\n", "there is no document in the text"),
        ("a: [\n", "the text does not parse: "),
    ],
)
def test_what_is_no_document_is_refused(text: str, reason: str) -> None:
    with pytest.raises(Unspliceable) as refusal:
        splice(text, {}, [Set(("a",), 1)])
    assert str(refusal.value).startswith(reason)


def test_changes_may_touch_and_must_not_overlap() -> None:
    changes = [Change(2, 4, "x"), Change(0, 2, "y")]
    assert replace_spans("abcdef", changes) == "yxef"
    with pytest.raises(Unspliceable) as refusal:
        replace_spans("abcdef", [*changes, Change(1, 3, "z")])
    assert str(refusal.value) == "two edits meet in one place"


@pytest.mark.parametrize(
    ("before", "edit", "after"),
    [
        (f"a:\n{' ' * 16}b: 1\n", Set(("a", "c", "d"), 1),
         f"a:\n{' ' * 16}b: 1\n{' ' * 16}c:\n{' ' * 32}d: 1\n"),
        (f"a:\n{' ' * 17}b: 1\n", Set(("a", "c", "d"), 1),
         f"a:\n{' ' * 17}b: 1\n{' ' * 17}c:\n{' ' * 19}d: 1\n"),
        (f"a:\n{' ' * 17}b: 1\n", Set(("c", "d"), 1),
         f"a:\n{' ' * 17}b: 1\nc:\n  d: 1\n"),
        (f"a:\n{' ' * 16}- 1\nb:\n", Set(("b", 0), 2),
         f"a:\n{' ' * 16}- 1\nb:\n{' ' * 16}- 2\n"),
        (f"a:\n{' ' * 17}- 1\nb:\n", Set(("b", 0), 2), f"a:\n{' ' * 17}- 1\nb:\n- 2\n"),
        (f"- {' ' * 14}a\n", Set((1,), "b"), f"- {' ' * 14}a\n- {' ' * 14}b\n"),
        (f"- {' ' * 15}a\n", Set((1,), "b"), f"- {' ' * 15}a\n- b\n"),
        ("a:\n-   b\nc:\n", Set(("c", 0), "d"), "a:\n-   b\nc:\n-   d\n"),
        (f"a:\n- {' ' * 15}b\nc:\n", Set(("c", 0), "d"), f"a:\n- {' ' * 15}b\nc:\n- d\n"),
    ],
)  # fmt: skip
def test_habits_are_taken_over_up_to_16_columns(before: str, edit: Edit, after: str) -> None:
    assert edited(before, edit) == after


def test_json_keeps_its_indentation() -> None:
    check(
        """\
        {
            "spec": {
                "template": {
                    "limits": {}
                }
            }
        }
        """,
        [Set(("spec", "backoffLimit"), 3), Set(("spec", "template", "limits", "gpu"), {"n": 1})],
        """\
        {
            "spec": {
                "backoffLimit": 3,
                "template": {
                    "limits": {
                        "gpu": {
                            "n": 1
                        }
                    }
                }
            }
        }
        """,
    )


def test_json_on_one_line() -> None:
    assert edited('{"a": {"b": []}}', Set(("a", "c"), "x"), Set(("a", "b", 0), "y")) == (
        '{"a": {"b": ["y"], "c": "x"}}'
    )


FILL = (Set(("a", "c"), {"d": 1, "e": ["z"]}), Set(("a", "b", 0), "y"), Set(("a", "f"), "no"))


@pytest.mark.parametrize(
    ("indent", "separators"),
    [(None, None), (None, (",", ":")), ("\t", None), (2, None), ("\t\t", (",", ":"))],
)
def test_json_keeps_the_style_of_who_wrote_it(
    indent: str | int | None, separators: tuple[str, str] | None
) -> None:
    def write(value: Any) -> str:
        return json.dumps(value, indent=indent, separators=separators)

    before = write({"a": {"b": [], "f": "yes"}, "k": "v"})
    after = write({"a": {"b": ["y"], "f": "no", "c": {"d": 1, "e": ["z"]}}, "k": "v"})
    assert edited(before, *FILL) == after


def test_commas_of_yaml_are_followed_by_a_space() -> None:
    check(
        "command: [a,b]\nlimits: {cpu: 1}\n",
        [Set(("limits", "gpu"), 1)],
        "command: [a,b]\nlimits: {cpu: 1, gpu: 1}\n",
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a: 1\r\nb:\n  c: 1\nd: 2\r\n", "a: 1\r\nb:\n  c: 1\n  e: 5\nd: 2\r\n"),
        ("a: 1\nb:\r\n  c: 1\r\nd: 2\n", "a: 1\nb:\r\n  c: 1\r\n  e: 5\r\nd: 2\n"),
        ("b:\r\n  c: 1", "b:\r\n  c: 1\r\n  e: 5"),
        ('{\r\n "b": {\r\n  "c": 1\n }\n}', '{\r\n "b": {\r\n  "c": 1,\r\n  "e": 5\n }\n}'),
    ],
)
def test_a_new_line_ends_as_the_one_above_it(before: str, after: str) -> None:
    assert edited(before, Set(("b", "e"), 5)) == after


WORKFLOW = """\
kind: Workflow
spec:
  templates:
  - resource:
      manifest: |   # inner

        kind: Job
        spec:
          # pods
          template: {}
          text: "x"  \t

    name: a
"""


def test_manifest_inside() -> None:
    document = only(WORKFLOW)
    path = ("spec", "templates", 0, "resource", "manifest")
    edits = [Set(("spec", "backoffLimit"), 3), Set(("spec", "template", "restartPolicy"), "Never")]
    after = splice_embedded(document.text, document.value, path, 0, edits)
    assert after == WORKFLOW.replace(
        "          # pods\n          template: {}\n",
        "          backoffLimit: 3\n          # pods\n          template:\n"
        "            restartPolicy: Never\n",
    )


def test_blank_lines_inside_may_hold_spaces() -> None:
    text = "m: |\n  a: 1\n      \n \n\n  b: 1\n     \nn: 1\n"
    after = splice_embedded(text, only(text).value, ("m",), 0, [Set(("b",), 2)])
    assert after == text.replace("b: 1", "b: 2")


_NO_BLOCK = "manifest: the manifest inside is not a literal block (|)"


@pytest.mark.parametrize(
    ("text", "path", "reason"),
    [
        ("manifest: 'kind: Job'", ("manifest",), _NO_BLOCK),
        ("manifest: >\n  kind: Job\n", ("manifest",), _NO_BLOCK),
        ("manifest: kind\n", ("manifest",), _NO_BLOCK),
        ("manifest: |\n  kind: Job\r  spec: {}\n", ("manifest",),
         "manifest: the lines of the manifest inside were not understood"),
        ("a: &x\n  m: |\n    kind: Job\nb: *x\n", ("b", "m"), "b: an alias stands here"),
        ("a: &x\n  m: |\n    kind: Job\nb: *x\n", ("a", "m"), _SHARED),
        ("a: &x\n  m: |\n    kind: Job\nb:\n  <<: *x\n", ("b", "m"),
         "m comes from a merge key (<<)"),
    ],
)  # fmt: skip
def test_manifest_inside_that_is_refused(text: str, path: Path, reason: str) -> None:
    document = only(text)
    with pytest.raises(Unspliceable) as refusal:
        splice_embedded(document.text, document.value, path, 0, [])
    assert str(refusal.value) == reason


@pytest.mark.parametrize(
    ("key", "siblings", "expected"),
    [
        ("restartPolicy", ["nodeSelector", "containers"], (1, True)),
        ("restartPolicy", ["replicas", "template"], (1, False)),
        ("concurrencyPolicy", ["schedule", "jobTemplate"], (1, False)),
        ("runPolicy", ["pytorchReplicaSpecs"], (0, True)),
        ("limits", ["requests"], (1, False)),
        ("unheard", ["a", "b"], (2, False)),
    ],
)
def test_place(key: str, siblings: list[str], expected: tuple[int, bool]) -> None:
    assert place_key(key, siblings) == expected


def places(value: Any, path: Path = ()) -> list[Path]:
    found = [path]
    for key, item in items(value):
        found += places(item, (*path, key))
    return found


def random_edit(random: Random, value: Any) -> Edit:
    path = random.choice(places(value))
    found = dig(value, path)
    odds = random.random()
    if odds < 0.25 and path:
        return Remove(path)
    if isinstance(found, dict) and odds < 0.8:
        key = random.choice(KEYS)
        rest = (key, random.choice([0, "name"])) if found.get(key) is None else (key,)
        return Set((*path, *rest), tree(random, 2))
    if isinstance(found, list):
        return Set((*path, len(found)), tree(random, 2))
    return Set(path, tree(random, 2)) if path else Set(("new",), 1)


def random_edits(random: Random, value: Any) -> list[Edit]:
    edits: list[Edit] = []
    for _ in range(random.choice([1, 1, 2, 3, 5])):
        steps = [random_edit(random, value)]
        if isinstance(steps[0], Remove) and random.random() < 0.5:
            path = steps[0].path
            steps.append(Set((*path[:-1], "renamed"), dig(value, path)))
        try:
            value = apply(value, steps)
        except Inapplicable:
            continue
        edits += steps
    return edits


RANDOMS = st.builds(Random, st.integers(0, 2**32))


@settings(max_examples=200, deadline=None)
@given(RANDOMS, st.booleans())
def test_any_text_and_any_edits(random: Random, sharing: bool) -> None:  # noqa: FBT001
    text = Writer(random).document(root(random, sharing=sharing))
    document = only(text)
    edits = random_edits(random, document.value)
    try:
        after = splice(document.text, document.value, edits)
    except Unspliceable:
        return
    if text.rstrip(" \r\n") == text and "|" in text:
        return  # a block that ends the file without a line end cannot keep its value
    assert same(only(after).value, apply(document.value, edits))


@settings(max_examples=100, deadline=None)
@given(RANDOMS)
def test_additions_touch_one_line_each_and_lose_no_comment(random: Random) -> None:
    text = Writer(random).document(root(random))
    document = only(text)
    free = [path for path in places(document.value) if isinstance(dig(document.value, path), dict)]
    edits = [Set((*random.choice(free), f"new{number}"), number) for number in range(3)]
    try:
        after = splice(document.text, document.value, edits)
    except Unspliceable:
        return
    lost = Counter(text.splitlines()) - Counter(after.splitlines())
    assert lost.total() <= len(edits)
    assert text.count("# c") <= after.count("# c")


def test_few_edits_are_refused() -> None:
    refused = 0
    for random in map(Random, range(150)):
        document = only(Writer(random).document(root(random)))
        edits = random_edits(random, document.value)
        try:
            splice(document.text, document.value, edits)
        except Unspliceable:
            refused += 1
    assert refused <= 15
