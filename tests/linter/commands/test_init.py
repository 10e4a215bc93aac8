"""``mlgate init``: what it looks at, what it shows, and that it writes over nothing."""

import io
import json
import subprocess
from importlib import metadata
from pathlib import Path

import pytest
import yaml

from linter.cli import main
from linter.commands.first_files import BASELINE_NAME, SOMEWHERE, find_source
from tests.linter.test_cli import BAD, GOOD, Answer, call


class Terminal(io.StringIO):
    """Where a person sits, who has typed something."""

    def isatty(self) -> bool:
        return True


def answer(typed: str, *words: str) -> Answer:
    out, err = io.StringIO(), io.StringIO()
    code = main(["init", *words], stdin=Terminal(typed), stdout=out, stderr=err)
    return Answer(code, out.getvalue(), err.getvalue())


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifests/web.yaml").write_text(BAD)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def list_written(folder: Path) -> set[str]:
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    return {name for name in files if not name.startswith((".git/", "manifests/"))}


def test_all_is_shown_and_written_when_a_person_says_so(repository: Path) -> None:
    done = answer("y\n")
    assert done.code == 0
    assert list_written(repository) == {"mlgate.yaml", ".pre-commit-config.yaml"}
    for name in ("mlgate.yaml", ".pre-commit-config.yaml"):
        for line in (repository / name).read_text().splitlines():
            assert f"  {line}".rstrip() in done.out.splitlines()
        assert f"wrote {name}" in done.err
    assert "Today's findings, in 1 file: 1 denial, 0 warnings; with --baseline" in done.out
    assert call("policy", "check").code == 0
    assert call("lint").code == 1


@pytest.mark.parametrize("typed", ["n\n", "\n", ""])
def test_nothing_is_written_when_a_person_does_not(repository: Path, typed: str) -> None:
    done = answer(typed)
    assert (done.code, list_written(repository)) == (0, set())
    assert done.err.endswith("nothing written\n")


def test_where_nobody_can_be_asked_nothing_is_written(repository: Path) -> None:
    done = call("init")
    assert (done.code, list_written(repository)) == (2, set())
    assert done.err == ("mlgate init: nothing written: there is no terminal to ask; use --yes\n")


def test_with_yes_nobody_is_asked(repository: Path) -> None:
    assert call("init", "--yes").code == 0
    assert "mlgate.yaml" in list_written(repository)


def test_nothing_is_written_over(repository: Path) -> None:
    (repository / ".mlgate.yaml").write_text("mine")
    (repository / ".pre-commit-config.yaml").write_text("repos: []\n")
    (repository / ".gitlab-ci.yml").write_text("stages: [test]\n")
    done = call("init", "--yes")
    assert (done.code, list_written(repository)) == (
        0,
        {".mlgate.yaml", ".pre-commit-config.yaml", ".gitlab-ci.yml", ".gitlab/mlgate.yml"},
    )
    assert (repository / ".mlgate.yaml").read_text() == "mine"
    assert (repository / ".pre-commit-config.yaml").read_text() == "repos: []\n"
    assert (repository / ".gitlab-ci.yml").read_text() == "stages: [test]\n"
    assert ".pre-commit-config.yaml exists already: add the hooks to its `repos`" in done.out
    again = call("init", "--yes")
    assert (again.code, again.err) == (0, "mlgate: nothing to write\n")


@pytest.mark.parametrize(
    ("sign", "file"),
    [
        (".github/CODEOWNERS", ".github/workflows/mlgate.yml"),
        (".gitlab-ci.yml", ".gitlab/mlgate.yml"),
        ("git@github.com:acme/models.git", ".github/workflows/mlgate.yml"),
        ("https://gitlab.example.com/acme/models.git", ".gitlab-ci.yml"),
    ],
)
def test_the_ci_system_is_found(repository: Path, sign: str, file: str) -> None:
    if sign.startswith("."):
        (repository / sign).parent.mkdir(exist_ok=True)
        (repository / sign).write_text("")
    else:
        subprocess.run(["git", "remote", "add", "origin", sign], check=True)
    assert call("init", "--yes").code == 0
    assert file in list_written(repository)
    tree = yaml.safe_load((repository / file).read_text())
    job = tree["jobs"]["mlgate"]["steps"] if "jobs" in tree else tree["mlgate"]["script"]
    assert "mlgate lint" in str(job)
    other = {"github": "gitlab", "gitlab": "github"}["github" if "github" in file else "gitlab"]
    assert not any(other in name for name in list_written(repository))


def test_a_baseline_lists_what_is_found_today(repository: Path) -> None:
    done = call("init", "--yes", "--baseline")
    assert (done.code, done.err.splitlines()[-1]) == (
        0,
        f"1 finding of 1 file listed in {BASELINE_NAME}",
    )
    assert call("lint", "--baseline", BASELINE_NAME).code == 0
    hooks = yaml.safe_load((repository / ".pre-commit-config.yaml").read_text())
    entry = hooks["repos"][0]["hooks"][0]["entry"]
    assert entry == f"mlgate lint --hook --baseline {BASELINE_NAME}"
    assert call(*entry.split()[1:], "manifests/web.yaml").code == 0
    before = (repository / BASELINE_NAME).read_text()
    (repository / "manifests/more.yaml").write_text(BAD)
    assert call("init", "--yes", "--baseline").err == "mlgate: nothing to write\n"
    assert (repository / BASELINE_NAME).read_text() == before


def test_it_runs_at_the_root_of_the_repository(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository / "manifests")
    done = call("init", "--yes")
    assert (done.code, done.err) == (
        2,
        f"mlgate init: run it in {repository}, the root of the repository\n",
    )


def test_what_cannot_be_written_is_told(repository: Path) -> None:
    (repository / "manifests/web.yaml").write_text(GOOD)
    (repository / ".github").mkdir()
    (repository / ".github/workflows").write_text("a file")
    done = call("init", "--yes")
    assert done.code == 2
    assert "No findings today" in done.out
    assert done.err.endswith(
        "mlgate init: cannot write .github/workflows/mlgate.yml: Not a directory\n"
    ) or done.err.endswith("mlgate.yml: File exists\n")


URL = "https://somebody:secret@git.example.com/tools/mlgate"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("recorded", "installer", "source"),
    [
        (
            {"url": URL, "vcs_info": {"vcs": "git", "commit_id": COMMIT}},
            "pip",
            f"git+https://git.example.com/tools/mlgate@{COMMIT}",
        ),
        ({"url": "file:///src/mlgate", "dir_info": {"editable": True}}, "pip", SOMEWHERE),
        (
            {"url": "https://a.example/$(x)", "vcs_info": {"vcs": "git", "commit_id": "1"}},
            "pip",
            SOMEWHERE,
        ),
        (None, "pip", "mlgate==1.2.3"),
        (None, None, SOMEWHERE),
    ],
)
def test_the_source_is_what_was_installed(
    recorded: object, installer: str | None, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Installed:
        version = "1.2.3"

        def read_text(self, name: str) -> str | None:
            url = json.dumps(recorded) if recorded else None
            return {"direct_url.json": url, "INSTALLER": installer}[name]

    monkeypatch.setattr("linter.commands.first_files.distribution", lambda _name: Installed())
    assert find_source() == source


def test_a_checkout_has_no_source(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_name: str) -> None:
        raise metadata.PackageNotFoundError

    monkeypatch.setattr("linter.commands.first_files.distribution", refuse)
    assert find_source() == SOMEWHERE
