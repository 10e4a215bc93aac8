"""Findings on what changed, in a real repository."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.linter.test_cli import BAD, FIXABLE, Answer, call

WEEKLY = FIXABLE.replace("nightly-retrain", "weekly-retrain")


def git(*arguments: str, folder: Path | None = None) -> str:
    author = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", *author, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with an old fault in each of two files, one of two documents."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("MLGATE_SELECT", "CRN001,HPA001,STO001,MLG")
    git("init", "--quiet", "--initial-branch=main")
    (work / "train.yaml").write_text(FIXABLE)
    (work / "two.yaml").write_text(f"{BAD}---\n{WEEKLY}")
    git("add", ".")
    git("commit", "--quiet", "-m", "old")
    return work


def found(answer: Answer) -> list[tuple[str, str]]:
    report = json.loads(answer.out)
    return [(row["file"], row["rule"]) for row in report["findings"] if row["action"] == "deny"]


def lint(*flags: str) -> list[tuple[str, str]]:
    return found(call("lint", "--format", "json", *flags))


def test_only_the_object_that_changed_is_reported(here: Path) -> None:
    assert lint("--since", "HEAD") == []
    (here / "two.yaml").write_text(f"{BAD}---\n{WEEKLY.replace('0 2', '0 3')}")
    assert lint("--since", "HEAD") == [("two.yaml", "CRN001")]
    answer = call("lint", "--since", "HEAD")
    assert ", 3 on unchanged objects\n" in answer.err


def test_a_moved_document_has_not_changed(here: Path) -> None:
    (here / "two.yaml").write_text(f"# first\n---\n{WEEKLY}\n---\n{BAD}")
    assert lint("--since", "HEAD") == []


def test_a_file_that_git_does_not_know_has_changed(here: Path) -> None:
    (here / "new.yaml").write_text(BAD)
    assert lint("--since", "HEAD") == [("new.yaml", "HPA001")]


def test_an_ignore_that_went_is_a_change(here: Path) -> None:
    ignored = BAD.replace("spec:", "# mlgate: ignore[HPA001] set elsewhere\nspec:")
    (here / "web.yaml").write_text(ignored)
    git("add", ".")
    git("commit", "--quiet", "-m", "ignored")
    assert lint("--since", "HEAD") == []
    (here / "web.yaml").write_text(BAD)
    assert lint("--since", "HEAD") == [("web.yaml", "HPA001")]


def test_since_a_branch_means_since_the_two_parted(here: Path) -> None:
    git("checkout", "--quiet", "-b", "work")
    (here / "new.yaml").write_text(BAD)
    git("add", ".")
    git("commit", "--quiet", "-m", "new")
    git("checkout", "--quiet", "main")
    (here / "train.yaml").write_text(FIXABLE.replace("0 2", "0 4"))
    git("commit", "--quiet", "-am", "main goes on")
    git("checkout", "--quiet", "work")
    assert lint("--since", "main") == [("new.yaml", "HPA001")]


def test_staged_is_judged_as_it_is_staged(here: Path) -> None:
    (here / "train.yaml").write_text(FIXABLE.replace("0 2", "0 4"))
    assert lint("--staged") == []
    git("add", "train.yaml")
    # Mended in the work tree, and not in what the commit will hold.
    mended = FIXABLE.replace("jobTemplate:", "concurrencyPolicy: Forbid\n  jobTemplate:")
    (here / "train.yaml").write_text(mended)
    assert lint("--staged") == [("train.yaml", "CRN001")]
    git("add", "train.yaml")
    assert lint("--staged") == []


def test_what_is_staged_and_no_manifest_is_passed_over(here: Path) -> None:
    (here / "package.json").write_text('{"name": "a"}\n')
    (here / "values.yaml").write_text("image: a\n")
    git("add", "package.json", "values.yaml")
    walked = call("lint", "--staged")
    assert (walked.code, walked.out) == (0, "")
    assert "skipped 2 documents (2 not a Kubernetes manifest)" in walked.err
    assert call("lint", "--staged", "package.json").code == 4


def test_before_the_first_commit_everything_staged_is_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    git("init", "--quiet")
    Path("web.yaml").write_text(BAD)
    assert lint("--staged") == []
    git("add", ".")
    assert lint("--staged") == [("web.yaml", "HPA001")]


def test_from_a_folder_below(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "deep").mkdir()
    (here / "deep/é web.yaml").write_text(BAD)
    monkeypatch.chdir(here / "deep")
    assert lint("--since", "HEAD") == [("é web.yaml", "HPA001")]
    assert lint("--since", "HEAD", "..") == [("../deep/é web.yaml", "HPA001")]


def test_a_related_change_counts(here: Path) -> None:
    scaled = BAD.replace("kind: Deployment", "kind: StatefulSet")
    (here / "two.yaml").write_text(scaled)
    git("commit", "--quiet", "-am", "scaled")
    assert lint("--since", "HEAD") == []


def test_a_shallow_clone_says_what_is_missing(here: Path, tmp_path: Path) -> None:
    (here / "new.yaml").write_text(BAD)
    git("add", ".")
    git("commit", "--quiet", "-m", "new")
    old = git("rev-parse", "HEAD~1").strip()
    git("clone", "--quiet", "--depth=1", f"file://{here}", str(tmp_path / "shallow"))
    answer = call("lint", str(tmp_path / "shallow"), "--since", old)
    assert answer.code == 2
    assert "git knows no such revision in " in answer.err
    assert "; this clone is shallow: fetch more of it" in answer.err


@pytest.mark.parametrize("revision", ["nowhere", "--output=x", "HEAD:train.yaml", ""])
def test_what_is_no_revision_is_refused(here: Path, revision: str) -> None:
    answer = call("lint", f"--since={revision}")
    assert answer.code == 2
    assert "git knows no such revision" in answer.err
    assert sorted(path.name for path in here.glob("*.yaml")) == ["train.yaml", "two.yaml"]
    assert not (here / "x").exists()


def test_outside_a_repository_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("web.yaml").write_text(BAD)
    answer = call("lint", "--staged")
    assert (answer.code, "is in no git repository" in answer.err) == (2, True)


@pytest.mark.parametrize("flags", [("--since", "HEAD"), ("--staged",)])
def test_what_git_cannot_list_is_not_unchanged(here: Path, flags: tuple[str, ...]) -> None:
    (here / "two.yaml").write_text(BAD)
    git("add", ".")
    (here / ".git" / "index").write_bytes(b"broken")
    answer = call("lint", *flags)
    assert answer.code == 2
    assert "mlgate lint: `git diff` failed in " in answer.err


@pytest.mark.parametrize(
    "flags",
    [
        ("--since", "HEAD", "--staged"),
        ("--fix", "--staged"),
        ("--diff", "--write-baseline", "b"),
        ("--baseline", "a", "--write-baseline", "b"),
        ("--since", "HEAD", "--write-baseline", "b"),
    ],
)
def test_flags_that_contradict_each_other(here: Path, flags: tuple[str, ...]) -> None:
    answer = call("lint", *flags)
    assert answer.code == 2
    assert "do not go together" in answer.err


def test_a_submodule_is_compared_with_what_it_was_then(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    git("init", "--quiet", folder=inner)
    (inner / "a.yaml").write_text(BAD)
    git("add", ".", folder=inner)
    git("commit", "--quiet", "-m", "inner", folder=inner)
    allowed = ("-c", "protocol.file.allow=always")
    git(*allowed, "submodule", "--quiet", "add", str(inner), "inner")
    assert lint("--since", "HEAD") == [("inner/a.yaml", "HPA001")]
    git("commit", "--quiet", "-m", "with a submodule")
    assert lint("--since", "HEAD") == []
    (here / "inner/b.yaml").write_text(FIXABLE)
    git("add", ".", folder=here / "inner")
    git("commit", "--quiet", "-m", "more", folder=here / "inner")
    assert [file for file, _ in lint("--since", "HEAD")] == ["inner/b.yaml"]
    # As in the hook of a further work tree.
    monkeypatch.setenv("GIT_DIR", str(here / ".git"))
    assert [file for file, _ in lint("--since", "HEAD")] == ["inner/b.yaml"]


def test_a_name_that_git_could_read_as_a_stage_is_a_name(here: Path) -> None:
    (here / "2:a.yaml").write_text(BAD)
    git("add", ".")
    (here / "2:a.yaml").write_text(WEEKLY)
    assert lint("--staged") == [("2:a.yaml", "HPA001")]
