"""What a container runs: its words, flags, environment and mounted scripts, each with its place."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.commands import LONGEST_PLACE, CommandLine
from rules.commands.scripts import BETWEEN, LONGEST
from rules.kinds.podspec import make_container

PATH = ("spec", "containers", 0)
SHELL = ["bash", "-lc"]


def read(mounted: dict[str, str] | None = None, **body: Any) -> CommandLine:
    return CommandLine(make_container(body, PATH), mounted)


def flags(**body: Any) -> list[tuple[str, str]]:
    return [(flag.name, flag.value) for flag in read(**body).flags]


def words(*arguments: Any) -> list[str]:
    return [word for word, _ in read(args=list(arguments)).words]


def test_texts_stand_in_the_order_in_which_they_run_each_with_its_path() -> None:
    found = read(source="print(1)", args=["--lr", 3, True, None, ["x"]], command="python t.py")

    assert found.texts == (
        ("python t.py", (*PATH, "command")),
        ("--lr", (*PATH, "args", 0)),
        ("3", (*PATH, "args", 1)),
        ("True", (*PATH, "args", 2)),
        ("print(1)", (*PATH, "source")),
    )


@pytest.mark.parametrize("value", [None, 7, {"a": 1}, [[]], []])
def test_what_is_no_command_says_nothing(value: Any) -> None:
    found = read(command=value, env=value, image=value)

    assert (found.words, found.flags, found.environment) == ((), (), {})
    assert list(found.variables) == []
    assert found.image.path == ""


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["python", "t.py"], ["python", "t.py"]),
        (["a b'c", "'d e'"], ["a", "b", "c", "d e"]),
        (["python t.py --name 'a b' --k=\"v w\""], "python|t.py|--name|a b|--k=|v w".split("|")),
        (["cd /w && python t.py | tee l; ls"], "cd|/w|;|python|t.py|;|tee|l|;|ls".split("|")),
        (["a;b"], ["a;b"]),
        (["x {{ .Values.a }} y"], ["x", "{{ .Values.a }}", "y"]),
        (["--out=$(OUT)/x ${A:-b c}d $e"], ["--out=$(OUT)/x", "${A:-b c}d", "$e"]),
        (["python \\\n  t.py \\\n --lr 1"], ["python", "t.py", "--lr", "1"]),
        (["sh", "-c", "# python a.py\n  # b\nls"], ["sh", "-c", ";", "ls"]),
        (["echo python a.py; ls -l"], ["echo", ";", "ls", "-l"]),
        (["echo", "--out", "/x"], ["echo"]),
        (["python -c print(1) ; ls"], ["python", "-c", "echo", ";", "ls"]),
        (["--empty '' x"], ["--empty", "", "x"]),
    ],
)
def test_words(arguments: list[str], found: list[str]) -> None:
    spoken = words(*arguments)

    assert spoken[spoken[:1] == [";"] :] == found


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--k=v"], [("k", "v")]),
        (["--k", "v", "w"], [("k", "v")]),
        (["-k", "-1"], [("k", "-1")]),
        (["--a", "--b"], [("a", ""), ("b", "")]),
        (["k=v"], [("k", "v")]),
        (["++trainer.k=v"], [("trainer.k", "v")]),
        (["k: v"], [("k", "v")]),
        (["k:", "v"], [("k", "v")]),
        (["--multirun", "k=v"], [("multirun", "k=v"), ("k", "v")]),
        (["python t.py --k 'a b' --l"], [("k", "a b"), ("l", "")]),
        (["python t.py --k; ls"], [("k", "")]),
        (["--k='v',"], [("k", "v")]),
        (["--", "-", "7=8", "=", "/a=b"], []),
        (["-----k=v", "+++k=v", "k/l=v", "é=v", f"{'k' * 257}=v"], []),
        (["k=a:b", "k:a=b", "k_.-1=v"], [("k", "a:b"), ("k", "a=b"), ("k_.-1", "v")]),
    ],
)
def test_flags(arguments: list[str], found: list[tuple[str, str]]) -> None:
    assert flags(args=arguments) == found


def test_a_flag_stands_where_its_value_does() -> None:
    found = read(command=[*SHELL, "cd /w && t --k v"], args=["--a", "b", "--c=d"])
    one, two, three = found.flags[1:]

    assert found.flags[0].name == "lc"
    assert (one.path, one.folder) == ((*PATH, "command", 2), "/w")
    assert two.path == (*PATH, "args", 1)
    assert three.path == (*PATH, "args", 2)


def test_a_flag_is_found_in_either_spelling_and_of_two_the_last() -> None:
    found = read(
        command=["torchrun", "--nproc_per_node=2", "--nproc-per-node", "8", "--standalone"]
    )

    assert found.value("nproc-per-node") == "8"
    assert found.value("tp", "standalone") == ""
    assert found.value("nnodes") is None
    assert found.flag("nnodes") is None


def test_the_environment_is_the_last_literal_value_of_each_name() -> None:
    env = [
        {"name": "A", "value": "1"},
        {"name": "A", "value": 2},
        {"name": "B", "valueFrom": {"secretKeyRef": {}}},
        "C",
        {"name": 7, "value": "x"},
        {"name": "D", "value": ""},
    ]
    found = read(env=env)

    assert found.environment == {
        "A": ("2", (*PATH, "env", 1, "value")),
        "7": ("x", (*PATH, "env", 4, "value")),
        "D": ("", (*PATH, "env", 5, "value")),
    }
    assert list(found.variables) == ["A", "A", "B", "D"]


def test_variables_are_replaced_where_their_values_are_known() -> None:
    found = read(env=[{"name": "A", "value": "/a"}, {"name": "LONG", "value": "x" * 10_000}])

    assert found.expand("${A}/$(A)/$A/$B/$(B)") == "/a//a//a/$B/$(B)"
    assert len(found.expand("$LONG" * 1000)) == LONGEST_PLACE


def test_a_setting_is_a_flag_or_a_variable_whichever_is_asked_first() -> None:
    env = [{"name": "PORT", "value": "80"}, {"name": "EMPTY", "value": ""}]
    found = read(args=["--port", "$PORT", "--quiet"], env=env)

    assert found.setting("--port", "PORT") == "80"
    assert found.setting("--http-port", "EMPTY", "PORT") == ""
    assert found.setting("--quiet") == ""
    assert found.setting("--host", "HOST") is None
    assert found.setting() is None


def test_a_mounted_script_that_is_named_is_read_as_if_it_stood_there() -> None:
    mounted = {"/scripts/run.sh": "set -e\ntorchrun t.py --out /x", "/scripts/no.sh": "ls"}
    found = read(mounted, command=["bash", "/scripts/run.sh"], args=["'/scripts/run'"])
    flag = found.flag("out")

    assert flag is not None
    assert (flag.value, flag.path) == ("/x", (*PATH, "command", 1))
    assert "ls" not in found.script
    assert read(mounted, command=["ls"]).texts == (("ls", (*PATH, "command", 0)),)


def test_a_long_text_is_read_at_both_ends() -> None:
    script = "first " + "x" * LONGEST + " last"
    found = read(command=[script])

    assert [len(text) for text, _ in found.texts] == [LONGEST // 2, LONGEST // 2]
    assert {path for _, path in found.texts} == {(*PATH, "command", 0)}
    assert [found.words[0][0], found.words[-1][0]] == ["first", "last"]


def test_of_many_texts_the_first_and_the_last_are_read() -> None:
    found = read(args=[f"--a{at}={'x' * 1000}" for at in range(1000)])

    assert sum(len(text) for text, _ in found.texts) == LONGEST
    assert found.texts[0][1] == (*PATH, "args", 0)
    assert found.texts[-1][1] == (*PATH, "args", 999)
    assert found.value("a5") is not None
    assert found.value("a500") is None


PIECES = st.sampled_from(
    [
        *("echo ", "print(", "# ", "\n", " ", "'", '"', ";", "&&", "|", BETWEEN, "\\\n", "$", "{{"),
        *("}}", "${", "}", "$(", ")", "--k", "=", ":", "train", "cd", "-e", "/x", "\u00e9", "\r"),
    ]
)


@given(st.lists(st.lists(PIECES, max_size=12).map("".join), max_size=6))
def test_arguments_stay_apart_whatever_stands_in_them(arguments: list[str]) -> None:
    found = read(args=arguments)

    assert found.script.count(BETWEEN) == max(0, len(arguments) - 1)
    paths = {path for _, path in found.texts}
    assert {path for _, path in found.words} <= paths
    assert {flag.path for flag in found.flags} <= paths


@pytest.mark.parametrize(
    ("arguments", "name", "value"),
    [
        (["--num_workers", "4"], "num-workers", "4"),
        (["--Num-Workers=4"], "num-workers", "4"),
        (["train.py", "lr=0.1"], "lr", "0.1"),
        (["sh", "-c", "python t.py 'lr: 3'"], "lr", "3"),
        (["--models", "a", "--served-model-name", "b", "--model", "c"], "model", "c"),
        (["--models", "a", "--served-model-name", "b", "x.model=3"], "model", None),
        (["--trust-remote-code"], "trust-remote-code", ""),
    ],
)
def test_a_flag_is_found_by_its_whole_name(
    arguments: list[str], name: str, value: str | None
) -> None:
    assert read(command=arguments).value(name) == value


def test_a_reading_of_a_container_is_made_once() -> None:
    made = []

    def count(command: CommandLine) -> int:
        made.append(command)
        return len(made)

    command = read(command=["python"])
    assert [command.once(count), command.once(count)] == [1, 1]
