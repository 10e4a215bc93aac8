"""Texts as they are read: cut, cleaned and folded."""

import pytest

from rules.commands.scripts import BETWEEN, LONGEST, cut, fold, split_commands, split_terms


def test_a_text_is_cut_to_its_two_ends() -> None:
    assert cut("a" * LONGEST) == "a" * LONGEST
    assert cut("a" * LONGEST + "b" * LONGEST) == f"{'a' * 10_000}\n{'b' * 10_000}"


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Python TRAIN.py", "python train.py"),
        (f"a{BETWEEN}B", "a b"),
        ("run ${MODEL:-x} $(Y) {{ z }} <NAME>", "run  *   *   *   * "),
        ("pip install -q axolotl && ls", " pip && ls"),
        ("apk add curl; ls", " pip ; ls"),
        ("git add -A; make install", "git add -a; make install"),
    ],
)
def test_a_folded_text_has_no_capitals_placeholders_or_packages(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_terms_are_parted_at_every_mark_that_joins_words() -> None:
    assert split_terms("a=b,c:d [e](f){g} <h> 'i' \"j\" `k` l|m;n&o\tp\nq \\ r/s-t_u") == [
        *"abcdefghijklmnopq",
        "r/s-t_u",
    ]


def test_simple_commands_end_where_the_shell_ends_them() -> None:
    assert split_commands("a && b | c; d\ne & f") == ["a ", " b ", " c", " d", "e ", " f"]
    assert split_commands("a; b; c", 1) == ["a", " b; c"]
