"""``--fix`` and ``--diff`` through the command."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linter.commands import lint as lint_command
from tests.linter.test_cli import Answer, call

JOB = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: finetune  # nightly
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
      - name: trainer
        image: registry.example.com/trainer:1.0
        command: [python, train.py, --output-dir, s3://models/run1]
"""
FIXED = JOB.replace("spec:\n  template", "spec:\n  backoffLimit: 3\n  template", 1)
BOTH = FIXED.replace("3\n  template", "3\n  activeDeadlineSeconds: 86400\n  template")


def run(*arguments: str, stdin: str = "") -> Answer:
    return call("lint", *arguments, stdin=stdin)


@pytest.fixture
def manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "job.yaml"
    path.write_text(JOB)
    return path


def test_fix_makes_the_safe_fixes_and_tells_what_is_left(manifest: Path) -> None:
    answer = run("--fix", "--format", "concise", "job.yaml")
    assert manifest.read_text() == FIXED
    assert answer.code == 1
    assert [line.split()[1] for line in answer.out.splitlines()] == ["warn[TRN003/missing]"]
    assert answer.err.startswith(
        "job.yaml:5:1: TRN002 fixed: set spec.backoffLimit to 3\n1 fixed\n"
    )
    assert answer.err.endswith("\n1 fixable with --fix --unsafe-fixes\n")


def test_unsafe_fixes_are_made_when_asked_for(manifest: Path) -> None:
    answer = run("--fix", "--unsafe-fixes", "job.yaml")
    assert manifest.read_text() == BOTH
    assert answer.code == 0


def test_a_second_run_has_nothing_to_fix(manifest: Path) -> None:
    run("--fix", "--unsafe-fixes", "job.yaml")
    assert run("--fix", "--unsafe-fixes", "job.yaml").err.startswith("0 fixed\n")
    assert manifest.read_text() == BOTH


def test_diff_changes_nothing(manifest: Path) -> None:
    answer = run("--diff", "job.yaml")
    assert manifest.read_text() == JOB
    assert answer.code == 1
    assert [line for line in answer.out.splitlines() if line[:1] == "+"][1:] == [
        "+  backoffLimit: 3"
    ]


def test_diff_of_a_clean_file_is_empty(manifest: Path) -> None:
    manifest.write_text(BOTH)
    assert run("--diff", "job.yaml") == Answer(0, "", "")


def test_standard_input_is_fixed_on_standard_output(manifest: Path) -> None:
    answer = run("--fix", "-", stdin=JOB)
    assert answer.out == FIXED
    assert "TRN003" in answer.err
    assert manifest.read_text() == JOB


def test_clean_standard_input_comes_out_as_it_was(manifest: Path) -> None:
    assert run("--fix", "-", stdin=BOTH).out == BOTH


def test_a_file_outside_the_given_paths_is_not_written(manifest: Path, tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "job.yaml").symlink_to(manifest)
    answer = run("--fix", "inside")
    assert manifest.read_text() == JOB
    assert "TRN002 not fixed: " in answer.err
    assert answer.code == 1


@pytest.mark.parametrize("option", ["--fix", "--fix-only", "--add-ignore=old"])
def test_a_file_that_cannot_be_written_fails_the_run(manifest: Path, option: str) -> None:
    manifest.chmod(0o444)
    answer = run(option, "--exit-zero", "job.yaml")
    assert manifest.read_text() == JOB
    assert "the file is read-only" in answer.err
    assert answer.code == 2


@pytest.fixture
def then(manifest: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], None]:
    """Has the manifest hold another text, or be gone, once it was judged."""

    def arrange(text: str | None) -> None:
        judge = lint_command.judge_input

        def judge_and_change(*arguments: Any) -> Any:
            judged = judge(*arguments)
            if text is None:
                manifest.unlink()
            else:
                manifest.write_text(text)
            return judged

        monkeypatch.setattr(lint_command, "judge_input", judge_and_change)

    return arrange


@pytest.mark.parametrize("option", ["--fix", "--diff", "--add-ignore=old"])
@pytest.mark.parametrize("text", ["", f"# mine\n{JOB}"])
def test_a_file_that_changes_once_it_is_judged_is_left(
    manifest: Path, then: Callable[[str | None], None], option: str, text: str
) -> None:
    then(text)
    answer = run(option, "job.yaml")
    assert manifest.read_text() == text
    assert ": the file changed since it was judged" in answer.err


@pytest.mark.parametrize("option", ["--fix", "--add-ignore=old"])
def test_a_file_that_goes_once_it_is_judged_is_an_error(
    then: Callable[[str | None], None], option: str
) -> None:
    then(None)
    answer = run(option, "job.yaml")
    assert ": no such file or folder" in answer.err
    assert answer.code == 4


def test_ignored_and_excepted_findings_are_not_fixed(manifest: Path) -> None:
    text = JOB.replace("spec:\n  t", "spec:  # mlgate: ignore[TRN002] swept by hand\n  t", 1)
    manifest.write_text(text)
    run("--fix", "job.yaml")
    assert manifest.read_text() == text


EXPERIMENT = """\
apiVersion: kubeflow.org/v1beta1
kind: Experiment
metadata: {name: tune}
spec:
  trialTemplate:
    trialSpec:
      apiVersion: batch/v1
      kind: Job
      spec:
        template:
          spec:
            restartPolicy: OnFailure
            containers:
            - name: trainer
              image: registry.example.com/trainer:1.0
              command: [python, train.py, --output-dir, s3://models/run1]
"""


def test_a_manifest_that_is_a_mapping_is_fixed_in_place(manifest: Path) -> None:
    manifest.write_text(EXPERIMENT)
    answer = run("--fix", "job.yaml")
    assert answer.err.splitlines()[:3] == [
        "job.yaml:9:7: TRN002 fixed: set spec.backoffLimit to 3",
        "job.yaml:12:28: TRN001 fixed: set spec.template.spec.restartPolicy to Never",
        "2 fixed",
    ]
    assert manifest.read_text() == EXPERIMENT.replace("OnFailure", "Never").replace(
        "      spec:\n        t", "      spec:\n        backoffLimit: 3\n        t", 1
    )


def test_what_could_not_be_fixed_is_not_called_fixable(manifest: Path) -> None:
    manifest.write_text(
        "base: &spec\n  template: {spec: {restartPolicy: Never, containers: [{name: train, "
        "image: a, command: [python, train.py, --output-dir, s3://m/a]}]}}\n"
        "apiVersion: batch/v1\nkind: Job\nmetadata: {name: train}\nspec: *spec\n"
    )
    before = manifest.read_text()
    answer = run("--fix", "job.yaml")
    reason = "spec: an alias stands here: the edit would change another place"
    assert answer.err.startswith(f"job.yaml:6:1: TRN002 not fixed: {reason}\n0 fixed\n")
    assert answer.err.endswith("\n1 fixable with --fix --unsafe-fixes\n")
    assert f"= not fixed: {reason}\n" in answer.out
    assert manifest.read_text() == before


def test_findings_tell_that_they_are_fixable(manifest: Path) -> None:
    answer = run("job.yaml")
    assert answer.err.endswith("1 fixable with --fix (1 more with --unsafe-fixes)\n")


def test_unreadable_input_keeps_its_exit_code(manifest: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("a: [1\n")
    assert run("--fix", "job.yaml", "broken.yaml").code == 4
    assert manifest.read_text() == FIXED
    assert run("--diff", "job.yaml", "broken.yaml").code == 4
