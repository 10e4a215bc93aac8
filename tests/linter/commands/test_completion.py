"""The scripts, each in its own shell."""

import shutil
import subprocess

import pytest

from linter.commands.completion import SHELLS
from linter.subcommands import SUBCOMMANDS
from tests.linter.test_cli import call


def script(shell: str) -> str:
    answer = call("completion", shell)
    assert (answer.code, answer.err) == (0, "")
    return answer.out


def run(shell: str, text: str) -> str:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"no {shell} here")
    flags = {"zsh": ["-f"], "fish": ["--no-config"], "bash": ["--norc"]}[shell]
    done = subprocess.run(
        [program, *flags, "-c", text], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def complete_bash(*words: str) -> list[str]:
    quoted = " ".join(f"'{word}'" for word in words)
    ask = f"COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _mlgate"
    return run("bash", f"{script('bash')}\n{ask}; printf '%s\\n' \"${{COMPREPLY[@]}}\"").split()


def test_bash_completes_commands_options_and_values() -> None:
    assert complete_bash("mlgate", "sc") == ["scan"]
    assert complete_bash("mlgate", "lint", "--fi") == ["--fix", "--fix-only"]
    assert complete_bash("mlgate", "lint", "--profile", "st") == ["standard", "strict"]
    assert complete_bash("mlgate", "completion", "--h") == ["--help"]


def test_bash_completes_files_where_no_option_is_meant(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(str(tmp_path))
    with open("train.yaml", "w", encoding="utf-8"):  # noqa: PTH123 - a name, here
        pass
    assert complete_bash("mlgate", "lint", "tr") == ["train.yaml"]
    assert complete_bash("mlgate", "lint", "--policy", "tr") == ["train.yaml"]


def test_zsh_takes_its_script() -> None:
    loaded = f"autoload -Uz compinit && compinit -D\n{script('zsh')}\nwhich _mlgate"
    assert "_describe command commands" in run("zsh", loaded)


def test_fish_completes() -> None:
    asked = f"{script('fish')}\ncomplete -C 'mlgate lint --profile st'"
    assert [line.split("\t")[0] for line in run("fish", asked).splitlines()] == [
        "standard",
        "strict",
    ]


@pytest.mark.parametrize("shell", SHELLS)
def test_every_command_is_known(shell: str) -> None:
    text = script(shell)
    assert all(name in text for name in SUBCOMMANDS)
