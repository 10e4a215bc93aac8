"""A baseline lists what was there before, and nothing else."""

import json
from pathlib import Path

import pytest

from tests.linter.test_cli import BAD, FIXABLE, call

TWO = FIXABLE.replace(
    "containers: [{name: a, image: trainer, command: [python, train.py]}]",
    "containers: [{name: a, image: trainer, command: [python, train.py], "
    "resources: {requests: {nvidia.com/gpu: 1}}}]",
)
SECOND = TWO.replace(
    "requests: {nvidia.com/gpu: 1}}}]",
    "requests: {nvidia.com/gpu: 1}}}, {name: b, image: trainer, "
    "resources: {requests: {nvidia.com/gpu: 1}}}]",
)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLGATE_SELECT", "CRN001,HPA001,STO001,GPU001,MLG")
    (tmp_path / "train.yaml").write_text(TWO)
    (tmp_path / "web.yaml").write_text(BAD)
    return tmp_path


def write() -> None:
    answer = call("lint", "--write-baseline", "baseline.yaml")
    assert answer.code == 0, answer.err


def codes(*flags: str) -> list[str]:
    answer = call("lint", "--baseline", "baseline.yaml", "--format", "json", *flags)
    rows = json.loads(answer.out)["findings"]
    return [row["rule"] for row in rows if row["action"] in ("deny", "warn")]


def test_what_is_listed_is_counted_and_not_shown(here: Path) -> None:
    write()
    answer = call("lint", "--baseline", "baseline.yaml")
    assert (answer.code, answer.out) == (0, "")
    assert ", 4 in the baseline\n" in answer.err
    report = json.loads(call("lint", "--baseline", "baseline.yaml", "--format", "json").out)
    assert report["baseline"] == {"file": "baseline.yaml", "matched": 4, "stale": []}


def test_it_reads_as_what_it_lists(here: Path) -> None:
    write()
    lines = (here / "baseline.yaml").read_text().splitlines()
    assert '  "web.yaml":' in lines
    assert '    - "HPA001/missing HorizontalPodAutoscaler.autoscaling /web /spec/metrics"' in lines


def test_lines_and_files_may_move(here: Path) -> None:
    write()
    (here / "moved").mkdir()
    (here / "moved/train.yaml").write_text("# moved\n\n" + TWO)
    (here / "train.yaml").unlink()
    assert codes() == []


def test_a_new_container_with_an_old_fault_is_a_new_finding(here: Path) -> None:
    write()
    (here / "train.yaml").write_text(SECOND)
    assert codes() == ["GPU001"]


def test_a_second_object_of_the_same_name_is_a_new_finding(here: Path) -> None:
    write()
    (here / "other.yaml").write_text(BAD)
    assert codes() == ["HPA001"]


def test_what_is_mended_is_stale_where_its_file_was_read(here: Path) -> None:
    write()
    (here / "web.yaml").write_text(BAD.replace("maxReplicas: 3", "maxReplicas: 3, metrics: [{}]"))
    answer = call("lint", "--baseline", "baseline.yaml")
    assert "1 stale entry in baseline.yaml" in answer.err
    assert "  web.yaml: HPA001/missing " in answer.err
    # A hook sees the changed files alone: the others' entries are not stale.
    assert "stale" not in call("lint", "train.yaml", "--baseline", "baseline.yaml").err
    (here / "web.yaml").unlink()
    assert "1 stale entry" in call("lint", "train.yaml", "--baseline", "baseline.yaml").err


def test_writing_again_drops_what_is_mended_and_keeps_what_was_not_read(here: Path) -> None:
    write()
    (here / "train.yaml").write_text(TWO.replace("{nvidia.com/gpu: 1}", "{cpu: 1}"))
    assert call("lint", "train.yaml", "--write-baseline", "baseline.yaml").code == 0
    text = (here / "baseline.yaml").read_text()
    assert "GPU001" not in text
    assert "CRN001" in text
    assert "HPA001" in text


def test_what_cannot_be_read_is_never_listed(here: Path) -> None:
    (here / "broken.yaml").write_text("apiVersion: v1\nkind: Pod\n a: [\n")
    assert call("lint", "--write-baseline", "baseline.yaml").code == 4
    assert "MLG001" not in (here / "baseline.yaml").read_text()
    assert call("lint", "--baseline", "baseline.yaml").code == 4


def test_no_findings_make_an_empty_baseline(here: Path) -> None:
    (here / "train.yaml").unlink()
    (here / "web.yaml").write_text("apiVersion: v1\nkind: Service\nmetadata: {name: a}\n")
    write()
    assert (here / "baseline.yaml").read_text().endswith("\nfindings: {}\n")
    assert codes() == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "baseline.yaml:1:1: "),
        ("a: 1\n---\na: 1\n", "baseline.yaml: 2 documents; expected one baseline"),
        ("kind: Policy\n", "baseline.yaml:1:1: expected apiVersion mlgate.dev/v1, kind Baseline"),
        ("findings: [a]\n", "baseline.yaml:3:1: expected a mapping of files"),
        ("findings:\n  a: b\n", "baseline.yaml:4:6: expected a list of findings"),
        ("findings:\n  a:\n    - 1\n", "baseline.yaml:5:7: expected a finding's text"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(here: Path, text: str, complaint: str) -> None:
    head = "apiVersion: mlgate.dev/v1\nkind: Baseline\n" if text.startswith("findings") else ""
    (here / "baseline.yaml").write_text(head + text)
    answer = call("lint", "--baseline", "baseline.yaml")
    assert answer.code == 2
    assert complaint in answer.err


def test_a_missing_file_is_named(here: Path) -> None:
    answer = call("lint", "--baseline", "nowhere.yaml")
    assert (answer.code, answer.err) == (
        2,
        "mlgate lint: cannot read nowhere.yaml: No such file or directory\n",
    )


def test_fixes_are_made_for_new_findings_alone(here: Path) -> None:
    write()
    (here / "new.yaml").write_text(FIXABLE.replace("nightly-retrain", "weekly-retrain"))
    assert call("lint", "--fix", "--baseline", "baseline.yaml", "--ignore", "STO001").code == 0
    assert "Forbid" in (here / "new.yaml").read_text()
    assert (here / "train.yaml").read_text() == TWO
