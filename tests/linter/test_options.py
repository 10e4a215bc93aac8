"""Options as people know them from other linters."""

from pathlib import Path

import pytest

from tests.linter.test_cli import BAD, FIXABLE, call


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLGATE_SELECT", "CRN001,HPA001,STO001,MLG")
    (tmp_path / "train.yaml").write_text(FIXABLE)
    (tmp_path / "gen").mkdir()
    (tmp_path / "gen/web.yaml").write_text(BAD)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--fixx"], "no option --fixx; did you mean '--fix'?"),
        (["--fail_on=deny"], "no option --fail_on=deny; did you mean '--fail-on'?"),
        (["--zzzzzzz"], "no option --zzzzzzz"),
        (["--jobs", "none"], "argument --jobs: expected a number from 1 to 64 or auto"),
    ],
)
def test_a_wrong_option_gets_one_line(words: list[str], complaint: str) -> None:
    answer = call("lint", *words)
    assert answer.code == 2
    assert answer.err.startswith(f"mlgate lint: {complaint}")
    assert answer.err.endswith("(`mlgate lint --help` lists all options)\n")
    assert answer.err.count("\n") == 1


def test_help_has_groups_and_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("lint", "--help").code == 0
    text = capsys.readouterr().out
    for part in ("\nreports:\n", "\nfixes:\n", "\nexamples:\n  mlgate lint manifests/ "):
        assert part in text


def test_quiet_leaves_the_findings(here: Path) -> None:
    loud, quiet = call("lint"), call("lint", "--quiet")
    assert (quiet.code, quiet.out, quiet.err) == (1, loud.out, "")
    assert loud.err


def test_exit_zero_is_no_failure(here: Path) -> None:
    assert call("lint", "--exit-zero").code == 0
    (here / "broken.yaml").write_text("apiVersion: v1\nkind: Pod\n a: [\n")
    assert call("lint", "--exit-zero").code == 4


def test_statistics_count_forms(here: Path) -> None:
    (here / "more.yaml").write_text(BAD)
    lines = call("lint", "--statistics", "-q", "--fail-on", "never").err.splitlines()
    assert lines == [
        "2  HPA001/missing  hpa-metrics-defined",
        "1  CRN001/overlap  retrain-concurrency-forbid",
        "1  STO001/nowhere  training-output-durable",
    ]


def test_color_overrules_the_stream(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[" in call("lint", "--color", "always").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" not in call("lint", "--color", "never").out


def test_exclude_holds_from_here_beside_the_policys(here: Path) -> None:
    (here / "old").mkdir()
    (here / "old/web.yaml").write_text(BAD)
    (here / "mlgate.yaml").write_text("apiVersion: mlgate.dev/v1\nkind: Policy\nexclude: [old/]\n")
    assert "CRN001" in call("lint", "--exclude", "gen/").out
    assert "HPA001" not in call("lint", "--exclude", "gen/").out
    nothing = call("lint", "--exclude", "gen/", "--exclude", "train.*", "--exclude", "ml*")
    assert nothing.code == 5
    assert "\nnothing was read: there are no .yaml, .yml or .json files" in nothing.err


def test_show_files_says_what_is_not_read(here: Path) -> None:
    (here / ".hidden").mkdir()
    answer = call("lint", "--show-files", ".", "nowhere.yaml")
    assert answer.code == 4
    assert answer.out.splitlines() == [
        "gen/web.yaml",
        "train.yaml",
        "nowhere.yaml: not read: no such file or folder",
        ".hidden: not entered: 1 folder of this name",
    ]


def test_fix_only_leaves_the_rest_in_peace(here: Path) -> None:
    answer = call("lint", "--fix-only")
    assert (answer.code, answer.out) == (0, "")
    assert "Forbid" in (here / "train.yaml").read_text()
    assert answer.err.endswith("1 fixed\n")


def test_options_stand_in_the_environment(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLGATE_FAIL_ON", "never")
    monkeypatch.setenv("MLGATE_FORMAT", "concise")
    monkeypatch.setenv("MLGATE_SELECT", "CRN")
    answer = call("lint")
    assert answer.code == 0
    assert answer.out.startswith("train.yaml:4:1: deny[CRN001/overlap] ")
    assert call("lint", "--fail-on", "deny").code == 1
    monkeypatch.setenv("MLGATE_FAIL_ON", "nothing")
    answer = call("lint")
    assert answer.code == 2
    assert "invalid choice: 'nothing'" in answer.err
