"""``mlgate policy show --diff``, ``init`` and ``schema``: how a policy is chosen."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from linter.cli import main
from linter.commands.policy import schema_text
from rules.checks import ALL
from rules.policy.file import read_policy
from rules.policy.values import Policy

HEAD = "apiVersion: mlgate.dev/v1\nkind: Policy\n"
JOB = """\
apiVersion: batch/v1
kind: Job
metadata: {name: finetune}
spec:
  backoffLimit: 3
  template:
    spec:
      restartPolicy: Never
      containers:
      - name: trainer
        image: registry.example.com/trainer:1.0
        command: [python, train.py, --output-dir, s3://models/run1]
        resources: {limits: {nvidia.com/gpu: 8, memory: 64Gi}, requests: {cpu: 8}}
"""
RUN = """\
apiVersion: ml.example.com/v1
kind: TrainingRun
metadata: {name: run}
spec: {workers: [{template: {spec: {containers: [{name: a, image: b}]}}}]}
"""


def call(*words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = main(["policy", *words], stdout=out, stderr=err)
    return code, out.getvalue(), err.getvalue()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifests/job.yaml").write_text(JOB)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def preview(*words: str) -> Any:
    code, out, err = call("show", "--format", "json", "--diff", *words)
    assert (code, err) == (0, "")
    return json.loads(out)


def changes(told: Any) -> list[tuple[str, str, str]]:
    return sorted((one["rule"], one["from"], one["to"]) for one in told["findings"])


def test_a_preview_tells_what_is_gained_lost_and_done_otherwise(folder: Path) -> None:
    (folder / "mlgate.yaml").write_text(f"{HEAD}rules: {{TRN003: warn, ORG001: {{per_pod: 4}}}}\n")
    (folder / "other.yaml").write_text(
        f"{HEAD}rules: {{TRN003: deny, ORG003: {{labels: {{team: ''}}}}}}\n"
    )
    told = preview("other.yaml", "manifests")

    assert changes(told) == [
        ("ORG001", "warn", "nothing"),
        ("ORG003", "nothing", "warn"),
        ("TRN003", "warn", "deny"),
    ]
    (deadline,) = (one for one in told["findings"] if one["rule"] == "TRN003")
    assert (deadline["file"], deadline["line"]) == ("manifests/job.yaml", 4)
    told_of = {one["name"]: (one["from"], one["to"]) for one in told["policy"]}
    assert told_of["TRN003/missing"] == ("warn", "deny")
    assert told_of["ORG001.per_pod"] == ("4", "null")
    assert told_of["ORG003.labels"] == ("{}", "nothing")
    assert told_of["ORG003.labels.team"] == ("nothing", "")

    code, text, _ = call("show", "--diff", "other.yaml", "manifests")
    assert code == 0
    assert "  warn -> deny  TRN003/missing  manifests/job.yaml:4:1: " in text
    assert "1 gained, 1 lost, 1 with another action\n" in text


def test_two_policies_alike_change_nothing(folder: Path) -> None:
    (folder / "one.yaml").write_text(f"{HEAD}profile: standard\n")
    code, text, _ = call("show", "--policy", "one.yaml", "--diff", "one.yaml", "manifests")
    assert code == 0
    assert "the policies come to the same" in text
    assert "nothing changes" in text


def test_without_manifests_the_policies_alone_are_compared(folder: Path) -> None:
    (folder / "strict.yaml").write_text(f"{HEAD}profile: strict\n")
    told = preview("strict.yaml")
    assert told["findings"] == []
    assert told["policy"][0] == {"name": "profile", "from": "standard", "to": "strict"}


def test_what_cannot_be_read_is_no_silent_preview(folder: Path) -> None:
    (folder / "strict.yaml").write_text(f"{HEAD}profile: strict\n")
    code, _, err = call("show", "--diff", "strict.yaml", "manifests", "nowhere.yaml")
    assert code == 4
    assert "nowhere.yaml" in err


def test_two_policies_without_diff_are_a_mistake(folder: Path) -> None:
    (folder / "a.yaml").write_text(HEAD)
    code, _, err = call("show", "a.yaml", "a.yaml")
    assert code == 2
    assert "--diff OTHER compares two" in err


def draft(*words: str) -> tuple[str, Policy]:
    code, text, _ = call("init", "--output", "-", *words)
    assert code == 0
    return text, read_policy(text, ALL)


def lint(profile: str) -> list[str]:
    out = io.StringIO()
    main(["lint", "--profile", profile, "--format", "json", "manifests"], stdout=out)
    return [one["action"] for one in json.loads(out.getvalue())["findings"]]


def test_a_draft_tells_what_was_met_and_is_valid(folder: Path) -> None:
    (folder / "manifests/run.yaml").write_text(RUN)
    text, policy = draft("manifests")

    assert "#   Job.batch: 1\n" in text
    assert "#   nvidia.com/gpu: 1\n" in text
    for profile in ("standard", "strict"):
        found = lint(profile)
        told = (("denial", found.count("deny")), ("warning", found.count("warn")))
        said = ", ".join(f"{number} {noun}{'s' * (number != 1)}" for noun, number in told)
        assert f"#   {profile}: {said}\n" in text
    assert "deny" in lint("strict")
    assert "#   TRN003: audit  # 1 finding: " in text
    assert [(one.group, one.name, one.templates) for one in policy.kinds] == [
        ("ml.example.com", "TrainingRun", (("spec", "workers", "*", "template"),))
    ]
    assert policy.profile == "standard"


def test_a_draft_of_nothing_is_a_policy(folder: Path) -> None:
    (folder / "empty").mkdir()
    _, policy = draft("empty")
    assert (policy.rules, policy.kinds) == ({}, ())


def test_a_draft_writes_over_nothing(folder: Path) -> None:
    code, _, err = call("init", "manifests")
    assert (code, err) == (
        0,
        "mlgate: mlgate.yaml is written: review it; `mlgate lint` uses it from now on\n",
    )
    written = (folder / "mlgate.yaml").read_text()
    assert read_policy(written, ALL).profile == "standard"
    code, _, err = call("init", "manifests")
    assert (code, "is there already" in err) == (2, True)
    assert (folder / "mlgate.yaml").read_text() == written


def test_a_name_in_a_draft_stays_a_comment(folder: Path) -> None:
    job = JOB.replace("nvidia.com/gpu", '"nvidia.com/gpu.x\\nrules: {TRN001: off}"')
    (folder / "manifests/job.yaml").write_text(job)
    _, policy = draft("manifests")
    assert policy.rules == {}


def test_the_schema_is_printed() -> None:
    assert call("schema") == (0, schema_text(), "")
