"""``--watch``: what is told first, and after each change."""

import io
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from linter.cli import main
from linter.commands.lint import judge_input
from linter.commands.watching import watch
from linter.errors import UserError
from linter.subcommands import make_parser

JOB = """\
apiVersion: batch/v1
kind: Job
metadata: {name: train}
spec:
  backoffLimit: 2
  activeDeadlineSeconds: 3600
  template:
    spec:
      restartPolicy: Never
      containers:
      - {name: train, image: "a:1", command: [torchrun, train.py]}
"""
BAD = JOB.replace("Never", "OnFailure")


class Screen(io.StringIO):
    """What was written since somebody last looked."""

    def look(self) -> str:
        text = self.getvalue()
        self.seek(0)
        self.truncate()
        return text


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.yaml").write_text(BAD)
    (tmp_path / "b.yaml").write_text(JOB)
    return tmp_path


def see(*changes: Callable[[], object], flags: tuple[str, ...] = ()) -> list[str]:
    """What is written at first, and after each change."""
    screen, seen, left = Screen(), [], list(changes)

    def pause(_seconds: float) -> None:
        seen.append(screen.look())
        if not left:
            raise KeyboardInterrupt
        left.pop(0)()

    words = ["--select", "TRN001", "--format", "concise", *flags]
    arguments = make_parser("lint").parse_args([*words, "."], SimpleNamespace())
    with pytest.raises(KeyboardInterrupt):
        watch(arguments, judge_input, screen, screen, pause)
    return seen


def test_everything_is_told_once() -> None:
    first, then = see(lambda: None)
    assert "a.yaml:9:22: deny[TRN001/batch]" in first
    assert first.endswith("watching 2 files\n")
    assert then == ""


def test_what_changes_is_told_and_the_rest_counted(here: Path) -> None:
    _, then = see(lambda: (here / "b.yaml").write_text(BAD))
    assert "changed: b.yaml\n" in then
    assert "b.yaml:9:22: deny[TRN001/batch]" in then
    assert "a.yaml" not in then
    assert then.endswith("watching 2 files; 1 finding as before\n")


def test_files_come_and_go(here: Path) -> None:
    _, came, went = see(lambda: (here / "c.yaml").write_text(BAD), (here / "c.yaml").unlink)
    assert "c.yaml:9:22: deny[TRN001/batch]" in came
    assert "changed: c.yaml\n" in went
    assert went.endswith("watching 2 files; 1 finding as before\n")


def test_a_policy_that_changes_counts_for_all(here: Path) -> None:
    policy = "apiVersion: mlgate.dev/v1\nkind: Policy\n"
    _, broken, mended = see(
        lambda: (here / "mlgate.yaml").write_text(f"{policy}profil: strict\n"),
        lambda: (here / "mlgate.yaml").write_text(f"{policy}rules: {{TRN001: warn}}\n"),
    )
    assert "mlgate.yaml:3:1: there is no key 'profil'" in broken
    assert "changed: mlgate.yaml\n" in mended
    assert "a.yaml:9:22: warn[TRN001/batch]" in mended
    assert mended.endswith("watching 3 files\n")


def test_a_policy_further_up_counts_too(here: Path) -> None:
    policy = "apiVersion: mlgate.dev/v1\nkind: Policy\n"
    (here / "shared").write_text(f"{policy}rules: {{TRN001: warn}}\n")
    (here / "mlgate.yaml").write_text(f"{policy}extends: [shared]\n")
    first, broken, mended = see(
        (here / "shared").unlink,
        lambda: (here / "shared").write_text(f"{policy}rules: {{TRN001: deny}}\n"),
    )
    assert "a.yaml:9:22: warn[TRN001/batch]" in first
    assert "mlgate.yaml:3:11: extends[0]: shared: No such file or directory" in broken
    assert "changed: shared\n" in mended
    assert "a.yaml:9:22: deny[TRN001/batch]" in mended


def test_it_ends_where_the_working_directory_is_gone(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "gone").mkdir()
    monkeypatch.chdir(here / "gone")
    with pytest.raises(UserError, match="the working directory cannot be read"):
        see((here / "gone").rmdir)


def test_a_link_that_leads_nowhere_is_told(here: Path) -> None:
    _, came, went = see(lambda: (here / "c.yaml").symlink_to("nowhere"), (here / "c.yaml").unlink)
    assert "c.yaml: error no such file or folder" in came
    assert "changed: c.yaml\n" in went
    assert "error" not in went


@pytest.mark.parametrize(
    "flags", [("--fix", "."), ("--add-ignore", "why", "."), ("--kustomize", "a"), ("-",)]
)
def test_what_is_done_once_is_refused(flags: tuple[str, ...]) -> None:
    err = io.StringIO()
    assert main(["lint", "--watch", *flags], stderr=err) == 2
    assert "--watch" in err.getvalue()
