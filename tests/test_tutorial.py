"""docs/tutorial.md, line by line: on a repository that is made here, with the real pre-commit."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_documented_commands import (
    ROOT,
    is_as_shown,
    list_blocks,
    put_command,
    read_session,
    run_command,
)

PAGE = ROOT / "docs/tutorial.md"
TEAMS = ("ads", "fraud", "language", "maps", "ranking", "search", "speech", "vision")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The bad examples, once for each team: 200 findings."""
    pytest.importorskip("pre_commit")
    folder = tmp_path / "models"
    for team in TEAMS:
        (folder / "manifests" / team).mkdir(parents=True)
        for example in (ROOT / "examples/bad").glob("*.yaml"):
            text = example.read_text()
            for namespace in ("research", "serving"):
                text = text.replace(f"namespace: {namespace}", f"namespace: {team}")
            (folder / "manifests" / team / example.name).write_text(text)
    place = tmp_path / "bin"
    put_command(place)
    (place / "pre-commit").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pre_commit "$@"\n')
    (place / "pre-commit").chmod(0o755)
    for name, value in {
        "PATH": f"{place}:{os.environ['PATH']}",
        "PRE_COMMIT_HOME": str(tmp_path / "pre-commit"),
        "PRE_COMMIT_COLOR": "never",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_NAME": "mlgate",
        "GIT_AUTHOR_EMAIL": "mlgate@example.com",
        "GIT_COMMITTER_NAME": "mlgate",
        "GIT_COMMITTER_EMAIL": "mlgate@example.com",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(folder)
    for words in (
        ("init", "--quiet", "--initial-branch", "main"),
        ("remote", "add", "origin", "git@github.com:example/models.git"),
        ("add", "."),
        ("commit", "--quiet", "--message", "all there is"),
    ):
        subprocess.run(["git", *words], check=True)
    return folder


def test_every_line_does_what_the_tutorial_shows(repository: Path) -> None:
    commands = 0
    for block in list_blocks(PAGE):
        if block.language == "yaml":
            name = block.lines[0].removeprefix("# ")
            (repository / name).write_text(block.text)
        if block.language == "console":
            for command in read_session(PAGE.name, block, "$ "):
                code, output = run_command(command)
                told = f"{command}: {command.text}\nexit code {code}\n{output}"
                assert is_as_shown(command, code, output), told
                commands += 1
    assert commands > 10
    assert (
        "mlgate: ignore[TRN003]" in (repository / "manifests/vision/segmentation.yaml").read_text()
    )
