"""Every command that README.md and docs/ show runs, and prints what is shown below it."""

import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from shutil import copy, copytree
from typing import Any, NamedTuple

import pytest
import yaml

from linter.cli import main
from linter.subcommands import SUBCOMMANDS, make_parser
from rules.checks import ALL
from rules.kinds.roles import Role
from rules.policy.file import read_policy

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

ELSEWHERE = {
    ".venv/bin/": "installed from the index of packages: tests/test_distribution.py builds it",
    "docker": "needs an image builder",
    "helm": "needs Helm and a cluster: tests/deploy/test_chart.py renders the chart",
    "kubectl": "needs a cluster: tests/e2e",
    "mlgate dashboard": "asks a cluster: tests/linter/commands/test_dashboard.py",
    "mlgate lint --helm": "calls Helm: tests/linter/rendering/test_rendered.py",
    "mlgate lint --kustomize": "calls kubectl, which a bare machine lacks: the same tests",
    "mlgate promote": "reads a scan: tests/linter/commands/test_promote.py has one",
    "mlgate scan": "asks a cluster: tests/linter/scanning/test_scan.py has one",
    "mlgate serve": "serves until it is ended: tests/webhook/commands/test_serve.py",
    "mlgate webhook-check": "asks a cluster: tests/webhook/commands/test_webhook_check.py",
    "pip install": "fetches packages",
}
"""Beginnings of commands that are not run here, and why. Their options are read all the same."""

ALONE = {"tutorial.md", "tutorial-cluster.md", "operations.md"}
"""Those that are followed as a whole: tests/test_tutorial.py and tests/e2e/test_pages.py."""

POLICY = "apiVersion: mlgate.dev/v1\nkind: Policy\nprofile: standard\nrules:\n"
MISSPELT = f"{POLICY}  TRN002: {{max: 5}}\n  TRN03: deny\n"
STRICTER = f"{POLICY}  TRN003: deny\n  ORG001: {{per_pod: 4}}\n"
BEFORE: dict[tuple[str, str], dict[str, str | None]] = {
    ("README.md", "mlgate lint examples/bad/train-job.yaml"): {"mlgate.yaml": None},
    ("README.md", "mlgate policy check"): {"mlgate.yaml": f"{POLICY}  TRN003: deny\n"},
    ("policy.md", "mlgate policy check"): {"mlgate.yaml": MISSPELT},
    ("policy.md", "mlgate policy show"): {"mlgate.yaml": f"{POLICY}  TRN002: deny\n"},
    ("policy.md", "mlgate policy init manifests/"): {"mlgate.yaml": None},
    ("policy.md", "mlgate policy show --diff stricter.yaml manifests/train-job.yaml"): {
        "mlgate.yaml": f"{POLICY}  TRN002: warn\n",
        "stricter.yaml": f"{STRICTER}  TRN002: warn\n",
    },
}
"""Files as a command of a page finds them; None where there is none."""


class Command(NamedTuple):
    """A command as it is typed, the line of its page, and what is shown below it."""

    page: str
    line: int
    text: str
    shown: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def parts(self) -> list[str]:
        """The programs with their arguments that a shell would start."""
        parts = [one.strip() for one in re.split(r"\|\||&&|[|;]", self.text)]
        return [re.sub(r"^(?:[A-Z_]+=\S* )+", "", one) for one in parts]

    def why_elsewhere(self) -> str | None:
        """The entry of ELSEWHERE that speaks of it."""
        begins = (key for key in ELSEWHERE for one in self.parts if one.startswith(key))
        return next(begins, None)


class Block(NamedTuple):
    """A fenced block: its language, its first line's number, its lines."""

    language: str
    line: int
    lines: list[str]

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in self.lines)


def list_blocks(page: Path) -> Iterator[Block]:
    lines = iter(enumerate(page.read_text(encoding="utf-8").splitlines(), 1))
    for number, line in lines:
        if line.startswith("```"):
            inside = []
            for _, one in lines:
                if one.startswith("```"):
                    break
                inside.append(one)
            yield Block(line.removeprefix("```").strip(), number + 1, inside)


def list_commands(page: Path) -> Iterator[Command]:
    for block in list_blocks(page):
        if block.language in ("sh", "console"):
            prompt = "$ " if block.language == "console" else ""
            yield from read_session(page.name, block, prompt)
        elif block.language == "yaml" and "mlgate lint" in block.text:
            for script in list_scripts(list(yaml.safe_load_all(block.text))):
                yield Command(page.name, block.line, script)


def read_session(page: str, block: Block, prompt: str) -> Iterator[Command]:
    """The commands of a block; what follows one that has a prompt is what it prints."""
    command = Command(page, 0, "")
    for number, line in enumerate(block.lines, block.line):
        if command.text.endswith("\\"):
            command = command._replace(text=command.text[:-1] + line.strip())
        elif line.startswith(prompt):
            if command.text:
                yield drop_comment(command)
            command = Command(page, number, line.removeprefix(prompt))
        else:
            command = command._replace(shown=(*command.shown, line))
    if command.text:
        yield drop_comment(command)


def drop_comment(command: Command) -> Command:
    """Without what follows a ``#`` that stands in no quotes."""
    ends = [one.start() for one in re.finditer(r"(^|\s+)# ", command.text)]
    commands = (command.text[:end] for end in ends)
    whole = (text for text in commands if not (text.count("'") % 2 or text.count('"') % 2))
    return command._replace(text=next(whole, command.text))


def list_scripts(tree: Any) -> Iterator[str]:
    """What a workflow's ``run`` and a pipeline's ``script`` have, line by line."""
    match tree:
        case list():
            for one in tree:
                yield from list_scripts(one)
        case dict():
            for key, one in tree.items():
                if key in ("run", "script"):
                    lines = one if isinstance(one, list) else one.splitlines()
                    yield from (line for line in lines if "mlgate " in line)
                else:
                    yield from list_scripts(one)


COMMANDS = [command for page in PAGES for command in list_commands(page) if command.text]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's repository, with mlgate's own examples."""
    folder = tmp_path_factory.mktemp("documented")
    copytree(ROOT / "examples", folder / "examples")
    for name in ("manifests", "rendered"):
        copytree(ROOT / "examples/bad", folder / name)
    (folder / "docs").mkdir()
    copy(ROOT / "docs/review.json", folder / "docs")
    copy(ROOT / "docs/review.json", folder / "review.json")
    copy(ROOT / "examples/bad/train-job.yaml", folder / "train.yaml")
    (folder / "mlgate.yaml").write_text("apiVersion: mlgate.dev/v1\nkind: Policy\n")
    identity = ("-c", "user.name=mlgate", "-c", "user.email=mlgate@example.com")
    for words in (
        ("init", "--quiet"),
        ("add", "manifests", "rendered", "mlgate.yaml"),
        (*identity, "commit", "--quiet", "--message", "manifests"),
        ("update-ref", "refs/remotes/origin/main", "HEAD"),
        ("add", "examples"),
    ):
        subprocess.run(["git", *words], cwd=folder, check=True)
    return folder


def put_command(folder: Path) -> None:
    """``mlgate`` as an installation would put it into a folder of PATH."""
    folder.mkdir()
    run = f'PYTHONPATH="{ROOT}" exec "{sys.executable}" -m linter "$@"'
    (folder / "mlgate").write_text(f"#!/bin/sh\n{run}\n")
    (folder / "mlgate").chmod(0o755)


def run_command(command: Command) -> tuple[int, str]:
    """The exit code, and what a terminal would show."""
    words = shlex.split(command.text)
    if words[0] == "mlgate" and not set("|><&;") & set(command.text):
        terminal = io.StringIO()
        given = io.TextIOWrapper(io.BytesIO())
        code = main(words[1:], stdin=given, stdout=terminal, stderr=terminal)
        return code, terminal.getvalue()
    done = subprocess.run(
        ["bash", "-c", command.text],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def match_lines(shown: Sequence[str], lines: list[str]) -> bool:
    """Whether a page shows what was printed: a line ``...`` stands for any lines, ``...`` in one
    for any text."""
    parts: list[list[str]] = [[]]
    for line in shown:
        if line == "...":
            parts.append([])
        else:
            texts = re.split(r"(?<!\.)\.\.\.(?!\.)", line)
            parts[-1].append(".*".join(map(re.escape, texts)))
    first, *others = parts
    if not match_part(first, lines[: len(first)]):
        return False
    if not others:
        return len(lines) == len(first)
    lines = lines[len(first) :]
    for part in others[:-1]:
        starts = range(len(lines) - len(part) + 1)
        start = next((at for at in starts if match_part(part, lines[at : at + len(part)])), None)
        if start is None:
            return False
        lines = lines[start + len(part) :]
    last = others[-1]
    return len(lines) >= len(last) and match_part(last, lines[len(lines) - len(last) :])


def match_part(patterns: list[str], lines: list[str]) -> bool:
    return len(patterns) == len(lines) and all(map(re.fullmatch, patterns, lines))


@pytest.mark.parametrize("page", sorted({one.page for one in COMMANDS} - ALONE))
def test_commands_do_what_the_page_shows(
    page: str, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "repository"
    copytree(repository, folder)
    put_command(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    monkeypatch.chdir(folder)
    wrong = []
    for command in COMMANDS:
        if command.page == page and not command.why_elsewhere():
            write_files(folder, BEFORE.get((page, command.text), {}))
            code, output = run_command(command)
            if not is_as_shown(command, code, output):
                wrong.append(f"{command}: {command.text}\nexit code {code}\n{output}")
    assert not wrong, "\n".join(wrong)


def write_files(folder: Path, texts: dict[str, str | None]) -> None:
    for name, text in texts.items():
        (folder / name).unlink(missing_ok=True)
        if text is not None:
            (folder / name).write_text(text)


def is_as_shown(command: Command, code: int, output: str) -> bool:
    if not command.shown:
        return code in (0, 1)
    return match_lines(command.shown, output.splitlines())


def test_what_is_made_ready_is_for_commands_that_there_are() -> None:
    assert BEFORE.keys() <= {(command.page, command.text) for command in COMMANDS}


@pytest.mark.parametrize("entry", ELSEWHERE)
def test_what_is_not_run_is_shown_somewhere(entry: str) -> None:
    assert entry in {command.why_elsewhere() for command in COMMANDS}


def test_lines_are_matched_and_not_only_sought() -> None:
    printed = ["a", "b", "c", "d"]
    for right in ("a b c d", "a ... d", "... c d", "a b ...", "a ... c ...", "..."):
        assert match_lines(right.split(), printed), right
    for wrong in ("a b c", "b c d", "a ... c", "a ... e ...", "... d d", "a ... c b ... d"):
        assert not match_lines(wrong.split(), printed), wrong


INLINE = re.compile(r"(?<!`)`((?:MLGATE_\w+=\S+ )?mlgate [^`\n]+)`(?!`)")


def mentioned() -> Iterator[tuple[str, list[str]]]:
    """Every call of mlgate on a page, shown in a block or spoken of, and its words."""
    for command in COMMANDS:
        for part in command.parts:
            if part.startswith("mlgate "):
                yield str(command), shlex.split(part.split(" >")[0])[1:]
    for page in PAGES:
        for text in INLINE.findall(page.read_text(encoding="utf-8")):
            yield page.name, text.split()[1:]


def test_pages_speak_of_commands_and_options_that_there_are() -> None:
    wrong = []
    for where, words in mentioned():
        if words[0].startswith("-") or words[0].isupper():
            continue
        known = SUBCOMMANDS.get(words[0])
        flags = {word.partition("=")[0] for word in words[1:] if word.startswith("--")}
        if known is None or not flags <= list_flags(words[0]):
            wrong.append((where, " ".join(words)))
    assert wrong == []


def list_flags(name: str) -> set[str]:
    """The options of a subcommand, and of what is below it."""
    flags: set[str] = set()
    parsers = [make_parser(name)]
    while parsers:
        for action in parsers.pop()._actions:
            flags.update(action.option_strings)
            if isinstance(action.choices, dict):
                parsers += action.choices.values()
    return flags


PYTHON = [
    pytest.param(block, id=f"{page.name}:{block.line}")
    for page in PAGES
    for block in list_blocks(page)
    if block.language == "python"
]


@pytest.mark.parametrize("block", PYTHON)
def test_python_on_a_page_runs(
    block: Block, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository)
    server, *_ = yaml.safe_load_all((ROOT / "examples/good/model-server.yaml").read_text())
    names: dict[str, Any] = {"make_server": lambda _size: server}
    exec(compile(block.text, str(block.line), "exec"), names)  # noqa: S102 - the page's own lines
    for name, value in names.items():
        if name.startswith("test_"):
            value("1b")


def test_every_role_is_told_of() -> None:
    page = (ROOT / "docs/roles.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([\w-]+)` \|", page, re.MULTILINE)) == set(Role)


POLICIES = [
    pytest.param(block.text, id=f"{page.name}:{block.line}")
    for page in PAGES
    for block in list_blocks(page)
    if block.language == "yaml" and "kind: Policy\n" in block.text and "extends:" not in block.text
]


@pytest.mark.parametrize("text", POLICIES)
def test_a_policy_on_a_page_is_valid(text: str) -> None:
    assert read_policy(text, ALL)
