from typing import cast

import pytest

from linter.row_types import FindingRow
from linter.suppression.comments import read_comments
from linter.suppression.scopes import CommentIgnores, read_comment_ignores
from rules.paths import Path
from rules.policy import Ignore
from rules.reader import Document, Span, read

KNOWN = ("TRN001", "TRN001/batch", "TRN003", "GPU001", "MLG005")


def document(text: str) -> Document:
    found = next(read(text))
    assert isinstance(found, Document)
    return found


def hear(
    text: str, objects: tuple[Path, ...] = ((),), strings: tuple[Path, ...] = ()
) -> CommentIgnores:
    found = read_comment_ignores(document(text), objects, strings, KNOWN)
    assert found is not None
    return found


def row(text: str, *path: str | int, rule: str = "TRN001", form: str = "batch") -> FindingRow:
    return make_row(document(text).span(path), path, rule, form)


def make_row(span: Span, path: Path, rule: str = "TRN001", form: str = "batch") -> FindingRow:
    """A row with what ignores look at."""
    row = {**span._asdict(), "rule": rule, "form": form, "path": path, "embedded": None}
    return cast("FindingRow", row)


def problems(ignores: CommentIgnores) -> list[tuple[str, int, str]]:
    found = ignores.problems(KNOWN)
    return [(one.code, one.span.line, one.message) for one in found]


def test_a_text_without_the_marker_has_no_comments() -> None:
    assert read_comment_ignores(document("a: 1 # ignore[TRN001] x"), ((),), (), KNOWN) is None
    assert read_comments("a: 1 # ignore[TRN001] x", KNOWN) == []


@pytest.mark.parametrize(
    "text",
    [
        "# mlgate: disable[TRN001] x",
        "# mlgate ignore[TRN001] x",
        "#mlgate:ignore-next[TRN001]",
        "# mlgate-ignore: TRN001",
        "# mlgate: skip TRN001",
        "# mlgate:ignore(TRN001)",
    ],
)
def test_what_looks_like_an_ignore_is_told(text: str) -> None:
    ignores = hear(f"a: 1 {text}\n")
    assert not ignores.covers(row("a: 1", "a"))
    (problem,) = problems(ignores)
    assert problem[:2] == ("MLG003", 1)
    assert problem[2].endswith("expected # mlgate: ignore[CODE] reason")


@pytest.mark.parametrize(
    "text",
    [
        "# mlgate ignores this",
        "# mlgate skips [x]",
        "# see mlgate: ignored",
        "# mlgate: a",
        "# mlgate.dev/ignore: TRN001",
    ],
)
def test_words_about_mlgate_are_words(text: str) -> None:
    assert read_comment_ignores(document(f"a: 1 {text}\n"), ((),), (), KNOWN) is None


@pytest.mark.parametrize(
    ("text", "codes", "reason"),
    [
        ("a: 1 # mlgate: ignore[TRN001] because", ("TRN001",), "because"),
        ("a: 1 #mlgate:ignore[TRN001]", ("TRN001",), ""),
        ("a: 1 # mlgate: ignore [ TRN001 , GPU001 ]  two words  ", ("TRN001", "GPU001"),
         "two words"),
        ("a: 1 # other # mlgate: ignore[TRN001/batch] why", ("TRN001/batch",), "why"),
        ("a: |  # mlgate: ignore[TRN001] on a block\n  x\n", ("TRN001",), "on a block"),
    ],
)  # fmt: skip
def test_codes_and_reason(text: str, codes: tuple[str, ...], reason: str) -> None:
    (comment,) = read_comments(text, KNOWN)
    assert comment.ignore == Ignore(codes, reason)
    assert (comment.span.line, comment.target) == (1, 1)


def test_a_comment_has_a_place() -> None:
    (comment,) = read_comments("a: 1\nb: é # mlgate: ignore[TRN001] why \r\nc: 1", KNOWN)
    assert comment[:2] == ((2, 6, 2, 34), 2)


def test_two_comments_on_a_line() -> None:
    first, second = read_comments(
        "a: 1 # mlgate: ignore[TRN001] one # mlgate: ignore[GPU001] two", KNOWN
    )
    assert first.ignore == Ignore(("TRN001",), "one")
    assert second.ignore == Ignore(("GPU001",), "two")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("ignore", "an ignore without a rule's code"),
        ("ignore[] x", "an ignore without a rule's code"),
        ("ignore TRN001", "an ignore without a rule's code"),
        ("ignore[*] x", "* is none"),
        ("ignore[TRN*] x", "* is none"),
        ("ignore[TRN01] x", "there is no rule 'TRN01'; did you mean 'TRN001'?"),
        ("ignore[trn001] x", "there is no rule 'trn001'; did you mean 'TRN001'?"),
        ("ignore[TRN001, XYZ999] x", "there is no rule 'XYZ999'"),
    ],
)
def test_what_is_no_ignore_is_reported_and_ignores_nothing(words: str, problem: str) -> None:
    text = f"a: 1 # mlgate: {words}\n"
    ignores = hear(text)
    assert not ignores.covers(row(text, "a"))
    ((code, line, message),) = problems(ignores)
    assert (code, line) == ("MLG003", 1)
    assert problem in message


@pytest.mark.parametrize(
    "text",
    [
        'a: "x # mlgate: ignore[TRN001] y"\n',
        "a: 'x\n  # mlgate: ignore[TRN001] y'\n",
        "a: |\n  echo\n  # mlgate: ignore[TRN001] y\n",
        "a: >-\n  echo # mlgate: ignore[TRN001] y\nb: 1\n",
        '{"a": "# mlgate: ignore[TRN001] y"}',
        "a: 1 # mlgate: something else\n",
        "a: 1 # mlgate: ignored things\n",
    ],
)
def test_text_is_no_comment(text: str) -> None:
    assert read_comment_ignores(document(text), ((),), (), KNOWN) is None


def test_after_a_block_there_are_comments_again() -> None:
    text = "a: |\n  echo\n# mlgate: ignore[TRN001] y\nb: 1\n"
    assert [one.target for one in read_comments(text, KNOWN)] == [4]


@pytest.mark.parametrize(
    ("text", "covered"),
    [
        ("k: 1\na: 1 # mlgate: ignore[TRN001] x\n", True),
        ("k: 1\n# mlgate: ignore[TRN001] x\na: 1\n", True),
        ("k: 1\n# mlgate: ignore[TRN001] x\n# more\na: 1\n", True),
        ("k: 1\n# mlgate: ignore[TRN001] x\n\na: 1\n", False),
        ("k: 1\na: 1\n# mlgate: ignore[TRN001] x\n", False),
        ("k: 1\nb: 1 # mlgate: ignore[TRN001] x\na: 1\n", False),
        ("k: 1\na: 1 # mlgate: ignore[GPU001] x\n", False),
        ("k: 1\na: 1 # mlgate: ignore[TRN001/batch] x\n", True),
        ('k: 1\na: "one\n  two" # mlgate: ignore[TRN001] x\n', True),
        ("k: 1 # mlgate: ignore[TRN001] x\na: 1\n", True),
        ("# mlgate: ignore[TRN001] x\nk: 1\na: 1\n", True),
        ("# top\n---\n# mlgate: ignore[TRN001] x\n# and\nk: 1\na: 1\n", True),
        ("---  # mlgate: ignore[TRN001] x\nk: 1\na: 1\n", True),
    ],
)
def test_where_a_comment_counts(text: str, covered: bool) -> None:  # noqa: FBT001
    documents = [one for one in read(text) if isinstance(one, Document)]
    ignores = read_comment_ignores(documents[-1], ((),), (), KNOWN)
    assert ignores is not None
    found = make_row(documents[-1].span(("a",)), ("a",))
    assert ignores.covers(found) is covered
    assert (problems(ignores) == []) is covered


def test_the_first_line_of_a_lists_item_covers_the_item_alone() -> None:
    text = (
        "kind: List\nitems:\n- kind: A  # mlgate: ignore[TRN001] x\n  a: 1\n"
        "# mlgate: ignore[GPU001] y\n- kind: B\n  a: 1\n"
    )
    ignores = hear(text, (("items", 0), ("items", 1)))

    assert ignores.covers(row(text, "items", 0, "a"))
    assert not ignores.covers(row(text, "items", 1, "a"))
    assert ignores.covers(row(text, "items", 1, "a", rule="GPU001"))
    assert not ignores.covers(row(text, "items", 0, "a", rule="GPU001"))


def test_ten_items_are_not_one() -> None:
    text = "items:\n" + "".join(f"- k: {n}\n  a: 1\n" for n in range(11))
    text = text.replace("k: 1\n", "k: 1  # mlgate: ignore[TRN001] x\n")
    ignores = hear(text, tuple(("items", n) for n in range(11)))
    covered = [n for n in range(11) if ignores.covers(row(text, "items", n, "a"))]
    assert covered == [1]


EMBEDDED = """\
kind: Workflow
spec:
  manifest: |
    kind: Job
    spec:
      a: 1  # mlgate: ignore[TRN001] inner
      b: 1
  script: |
    a: 1  # mlgate: ignore[TRN001] no comment
"""


def inner_row(text: str, *path: str, rule: str = "TRN001") -> FindingRow:
    (inner,) = document(text).embedded(("spec", "manifest"))
    assert isinstance(inner, Document)
    found = make_row(inner.span(path), ("spec", "manifest"), rule)
    return cast("FindingRow", {**found, "embedded": {"path": path, "text": True, "number": 0}})


def test_a_comment_in_an_embedded_manifest_speaks_of_it() -> None:
    ignores = hear(EMBEDDED, strings=(("spec", "manifest"),))

    assert ignores.covers(inner_row(EMBEDDED, "spec", "a"))
    assert not ignores.covers(inner_row(EMBEDDED, "spec", "b"))
    assert not ignores.covers(row(EMBEDDED, "spec", "manifest"))
    assert problems(ignores) == []


def test_an_unused_comment_in_an_embedded_manifest_has_its_place_in_the_file() -> None:
    ignores = hear(EMBEDDED, strings=(("spec", "manifest"),))

    (problem,) = ignores.problems(KNOWN)
    assert problem.span == (6, 13, 6, 43)
    line = EMBEDDED.splitlines()[5]
    assert line[12:42] == "# mlgate: ignore[TRN001] inner"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    kind: Job", "    # mlgate: ignore[GPU001] whole\n    kind: Job"),
        ("    kind: Job", "    kind: Job  # mlgate: ignore[GPU001] whole"),
        ("manifest: |", "manifest: |  # mlgate: ignore[GPU001] whole"),
        ("  manifest: |", "  # mlgate: ignore[GPU001] whole\n  manifest: |"),
        ("kind: Workflow", "kind: Workflow  # mlgate: ignore[GPU001] whole"),
    ],
)
def test_comments_that_cover_an_embedded_manifest(old: str, new: str) -> None:
    text = EMBEDDED.replace(old, new, 1)
    ignores = hear(text, strings=(("spec", "manifest"),))
    for key in "ab":
        assert ignores.covers(inner_row(text, "spec", key, rule="GPU001"))


def test_comments_in_a_quoted_manifest_are_none() -> None:
    text = 'spec: {manifest: "kind: Job\\na: 1 # mlgate: ignore[TRN001] x\\n"}\n'
    assert read_comment_ignores(document(text), ((),), (("spec", "manifest"),), KNOWN) is None


def test_what_is_used_is_told_code_by_code() -> None:
    text = "k: 1\na: 1 # mlgate: ignore[TRN001, GPU001] x\n"
    ignores = hear(text)
    assert ignores.covers(row(text, "a"))
    assert problems(ignores) == [("MLG003", 2, "the ignore of GPU001 suppresses nothing")]


def test_an_ignore_of_a_rule_that_did_not_run_is_not_called_unused() -> None:
    assert list(hear("k: 1 # mlgate: ignore[TRN001/batch] x\n").problems({"GPU001"})) == []


def test_a_missing_reason_is_told() -> None:
    text = "k: 1 # mlgate: ignore[TRN001]\n"
    ignores = hear(text)
    assert ignores.covers(row(text, "k"))
    assert problems(ignores) == [
        (
            "MLG004",
            1,
            "the ignore of TRN001 gives no reason; expected # mlgate: ignore[CODE] reason",
        )
    ]


def test_a_problem_names_the_object_that_the_comment_stands_in() -> None:
    text = "items:\n- k: 1\n# mlgate: ignore[TRN001] x\n- k: 2\n"
    (problem,) = hear(text, (("items", 0), ("items", 1))).problems(KNOWN)
    assert problem.prefix == ("items", 1)


def test_nothing_ignores_a_crash() -> None:
    text = "k: 1 # mlgate: ignore[MLG005] x\n"
    ignores = hear(text)
    assert not ignores.covers(row(text, "k", rule="MLG005", form="crashed"))
    assert problems(ignores) == [("MLG003", 1, "the ignore of MLG005 suppresses nothing")]


def test_many_comments_take_time_in_proportion() -> None:
    line = "- a # mlgate: ignore[TRN001] x\n"
    assert len(read_comments(line * 20_000, KNOWN)) == 20_000
    assert len(read_comments("a: 1 " + "# mlgate: ignore[TRN001] " * 20_000, KNOWN)) == 20_000
