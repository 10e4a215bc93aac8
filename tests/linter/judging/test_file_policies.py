"""Which policy holds for which file: ``paths`` in a policy, and policies further down."""

import io
import json
from pathlib import Path
from typing import NamedTuple

import pytest

import mlgate
from linter.cli import main
from rules.checks import ALL
from rules.policy.file import PolicyError, read_policy
from tests.linter.test_cli import call

HEAD = "apiVersion: mlgate.dev/v1\nkind: Policy\n"
JOB = """\
apiVersion: batch/v1
kind: Job
metadata: {name: train}
spec:
  backoffLimit: 5
  activeDeadlineSeconds: 3600
  template:
    spec:
      restartPolicy: OnFailure
      containers:
      - {name: train, image: "a:1", command: [torchrun, train.py]}
"""


class PolicyAnswer(NamedTuple):
    code: int
    found: dict[str, str]
    """Action of TRN001 by file."""
    err: str


def lint(*argv: str) -> PolicyAnswer:
    code, out, err = call("lint", "--format", "json", *argv)
    rows = json.loads(out)["findings"] if code < 2 else ()
    found = {row["file"]: row["action"] for row in rows if row["rule"] == "TRN001"}
    return PolicyAnswer(code, found, err)


def plant(file: str, text: str) -> None:
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    Path(file).write_text(text)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    for folder in ("legacy/old", "new"):
        plant(f"{folder}/job.yaml", JOB)
    return tmp_path


@pytest.mark.parametrize(
    ("entry", "action"),
    [
        ("{match: legacy/**, rules: {TRN001: audit}}", "audit"),
        ("{match: [nothing/**, legacy], rules: {TRN001: audit}}", "audit"),
        ("{match: '*/old/*.yaml', profile: observe}", "audit"),
        ("{match: legacy/**, profile: observe, rules: {TRN001: deny}}", "deny"),
        ("{match: nothing/**, rules: {TRN001: audit}}", "warn"),
    ],
)
def test_what_holds_in_some_files_is_said_by_their_paths(entry: str, action: str) -> None:
    plant("mlgate.yaml", f"{HEAD}rules: {{TRN001: warn}}\npaths: [{entry}]\n")
    answer = lint(".")
    assert answer.found == {"legacy/old/job.yaml": action, "new/job.yaml": "warn"}


def test_of_several_that_fit_the_first_counts() -> None:
    entries = "[{match: old, rules: {TRN001: audit}}, {match: legacy/**, rules: {TRN001: deny}}]"
    plant("mlgate.yaml", f"{HEAD}paths: {entries}\n")
    assert lint("legacy").found == {"legacy/old/job.yaml": "audit"}


def test_a_rule_in_a_path_wins_over_a_form_of_it_above() -> None:
    entry = "{match: legacy/**, rules: {TRN001: audit}}"
    plant("mlgate.yaml", f"{HEAD}rules: {{TRN001/batch: deny}}\npaths: [{entry}]\n")
    assert lint("legacy").found == {"legacy/old/job.yaml": "audit"}


def test_parameters_hold_by_path_too() -> None:
    plant("mlgate.yaml", f"{HEAD}paths: [{{match: legacy, rules: {{TRN002: {{max: 9}}}}}}]\n")
    out = io.StringIO()
    main(["lint", "--select", "TRN002", "--format", "concise", "."], stdout=out, stderr=out)
    assert "new/job.yaml:5:17: deny[TRN002/batch]" in out.getvalue()
    assert "legacy" not in out.getvalue()


@pytest.mark.parametrize(
    ("above", "flags"),
    [
        ("namespaces: [{match: {name: ml}, rules: {TRN001: deny}}]", ("--namespace", "ml")),
        ("", ("--profile", "standard")),
        ("extends: [base.yaml]", ()),
    ],
)
def test_what_wins_over_paths(above: str, flags: tuple[str, ...]) -> None:
    plant("base.yaml", f"{HEAD}rules: {{TRN001: {{action: deny, locked: true}}}}\n")
    entry = "{match: legacy/**, profile: observe}"
    plant("mlgate.yaml", f"{HEAD}{above}\npaths: [{entry}]\n")
    assert lint("legacy", *flags).found == {"legacy/old/job.yaml": "deny"}


def test_the_nearest_policy_above_a_file_holds_for_it() -> None:
    plant("mlgate.yaml", f"{HEAD}rules: {{TRN001: warn}}\n")
    plant("legacy/mlgate.yaml", f"{HEAD}rules: {{TRN001: audit}}\n")
    err = io.StringIO()
    main(["lint", "."], stdout=io.StringIO(), stderr=err)
    words = "policy: mlgate.yaml, profile standard; beside it legacy/mlgate.yaml\n"
    assert words in err.getvalue()
    assert lint(".").found == {"legacy/old/job.yaml": "audit", "new/job.yaml": "warn"}
    assert lint(".", "--jobs", "2").found == lint(".").found


def test_a_policy_that_the_command_line_names_holds_for_all() -> None:
    plant("legacy/mlgate.yaml", f"{HEAD}rules: {{TRN001: audit}}\n")
    plant("strict.yaml", f"{HEAD}profile: strict\n")
    assert lint(".", "--policy", "strict.yaml").found == dict.fromkeys(
        ("legacy/old/job.yaml", "new/job.yaml"), "deny"
    )


def test_a_policy_is_found_for_files_of_another_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant("mlgate.yaml", f"{HEAD}rules: {{TRN001: audit}}\n")
    (tmp_path / "elsewhere" / ".git").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert lint("../new").found == {"../new/job.yaml": "audit"}


def test_a_policy_excludes_below_its_own_folder() -> None:
    plant("legacy/mlgate.yaml", f"{HEAD}exclude: [old/]\n")
    assert list(lint(".").found) == ["new/job.yaml"]
    assert list(lint("legacy/old/job.yaml").found) == ["legacy/old/job.yaml"]  # it was named


@pytest.mark.parametrize(
    "lock", ["rules: {TRN001: {action: deny, locked: true}}", "locked: [ignores]"]
)
def test_a_policy_further_down_keeps_the_locks_above(lock: str) -> None:
    plant("mlgate.yaml", f"{HEAD}{lock}\n")
    plant("legacy/mlgate.yaml", f"{HEAD}profile: observe\n")
    answer = lint(".")
    assert answer.code == 2
    assert "legacy/mlgate.yaml: mlgate.yaml locks " in answer.err
    assert "(extends: [../mlgate.yaml])" in answer.err
    plant("legacy/mlgate.yaml", f"{HEAD}extends: [../mlgate.yaml]\nprofile: observe\n")
    assert lint(".").code == 1


def test_a_manifest_of_a_policys_name_is_none() -> None:
    application = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: mlgate}\n"
    plant("legacy/mlgate.yaml", application)
    plant("mlgate.yaml", f"{HEAD}rules: {{TRN001: audit}}\n")
    assert lint("legacy").found == {"legacy/old/job.yaml": "audit"}
    plant("legacy/.mlgate.yaml", f"{HEAD}rules: {{TRN001: warn}}\n")
    assert lint("legacy").found == {"legacy/old/job.yaml": "warn"}
    plant("legacy/mlgate.yml", HEAD)
    assert "more than one policy: " in lint("legacy").err


def test_a_broken_policy_further_down_is_an_error() -> None:
    plant("legacy/mlgate.yaml", f"{HEAD}profil: observe\n")
    answer = lint(".")
    assert answer.code == 2
    assert "legacy/mlgate.yaml:3:1: there is no key 'profil'; did you mean" in answer.err


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{mach: legacy/**}", "paths[0]: there is no key 'mach'; did you mean 'match'?"),
        ("{match: a, rules: {TRN01: off}}", "there is no rule 'TRN01'; did you mean"),
        ("{match: a, profile: strickt}", "did you mean 'strict'?"),
        ("{match: []}", "expected a list with at least one item"),
        ("{profile: observe}", "'match' is missing: the files"),
        ("{match: a, rules: {TRN003: {min: 99999}}}", "min (99999) is above"),
        ("{match: a, rules: {TRN001: {action: deny, locked: true}}}", "can be locked"),
    ],
)
def test_mistakes_in_an_entry_are_told(entry: str, message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        read_policy(f"{HEAD}paths: [{entry}]\n", ALL)
    assert message in str(caught.value.problems[0].message)


def test_the_python_api_goes_by_paths_too() -> None:
    plant("mlgate.yaml", f"{HEAD}paths: [{{match: legacy, rules: {{TRN001: off}}}}]\n")
    report = mlgate.lint("legacy", "new", policy="mlgate.yaml", select=["TRN001"])
    assert [one.file for one in report.findings] == ["new/job.yaml"]


def test_a_policy_shows_what_it_says_of_paths() -> None:
    plant("mlgate.yaml", f"{HEAD}paths: [{{match: legacy, rules: {{TRN002: {{max: 9}}}}}}]\n")
    out = io.StringIO()
    main(["policy", "show", "--format", "json"], stdout=out, stderr=out)
    assert json.loads(out.getvalue())["paths"] == [
        {"match": ["legacy"], "rules": {"TRN002": {"max": 9}}}
    ]
