"""What the table of options reads of a command line is what argparse reads of it."""

import io
import random
from types import SimpleNamespace
from typing import Any

import pytest

from linter.errors import UserError
from linter.option_table import OptionRow, OptionTable
from linter.subcommands import load_subcommand, make_parser, read_arguments


@pytest.fixture(scope="module")
def table() -> OptionTable:
    filled = OptionTable()
    load_subcommand("lint").add_arguments(filled)
    return filled


PARSER = make_parser("lint")


def by_argparse(words: list[str]) -> dict[str, Any]:
    return vars(PARSER.parse_args(words, SimpleNamespace()))


def spell(option: OptionRow) -> list[list[str]]:
    """The ways to write an option with a value that it takes."""
    if option.action not in {"store", "append"}:
        return [[name] for name in option.names]
    text = {"jobs": "7", "reports": "json"}.get(option.dest, "some")
    text = option.keywords.get("choices", [text])[-1]
    ways = [[name, text] for name in option.names]
    return [*ways, *([f"{name}={text}"] for name in option.names if name.startswith("--"))]


def test_without_words_every_option_has_its_default(table: OptionTable) -> None:
    assert table.read([]) == by_argparse([])


def test_each_option_in_each_spelling(table: OptionTable) -> None:
    ways = [way for one in table.options if one.names[0] != "paths" for way in spell(one)]
    assert len(ways) > 50
    for way in ways:
        found = table.read([*way, "a.yaml", "b.yaml"])
        assert found is not None, way
        assert found == by_argparse([*way, "a.yaml", "b.yaml"]), way


def test_random_command_lines(table: OptionTable) -> None:
    dice = random.Random(13)  # noqa: S311 - which is not what it is for
    ways = [way for one in table.options if one.names[0] != "paths" for way in spell(one)]
    odd = [["-"], ["a.yaml"], ["--"], ["-qo"], ["-ox"], ["--jobs", "many"], ["--fail-on"], ["--x"]]
    odd += [
        ["--quiet=no"],
        ["--policy="],
        ["--profil", "strict"],
        ["-o=x"],
        ["--format", "-"],
        [""],
    ]
    plain = 0
    for _ in range(1_000):
        chosen = dice.choices(ways, k=dice.randrange(4)) + dice.choices(odd, k=dice.randrange(3))
        dice.shuffle(chosen)
        words = [word for way in chosen for word in way]
        found = table.read(words)
        if found is not None:
            plain += 1
            assert found == by_argparse(words), words
    assert plain > 300


@pytest.mark.parametrize(
    "words", ["--jobs many", "--format text --format", "--fail-on nothing", "--fix=yes", "-z", "-h"]
)
def test_what_is_not_plain_is_left_to_argparse(words: str, table: OptionTable) -> None:
    assert table.read(words.split()) is None


def test_defaults_are_not_shared(table: OptionTable) -> None:
    first = table.read(["--select", "TRN"])
    assert first is not None
    first["exclude"].append("x")
    assert table.read([]) == by_argparse([])


def test_mistakes_are_told_as_argparse_tells_them() -> None:
    with pytest.raises(UserError, match="argument --jobs: expected a number from 1 to 64 or auto"):
        read_arguments("lint", ["--jobs", "many"], {}, io.StringIO())


def test_the_environment_states_options_that_are_not_given() -> None:
    environ = {"MLGATE_FAIL_ON": "never", "MLGATE_JOBS": "2"}
    found = read_arguments("lint", ["--jobs=3", "a.yaml"], environ, io.StringIO())
    assert (found.fail_on, found.jobs, found.paths) == ("never", 3, ["a.yaml"])
