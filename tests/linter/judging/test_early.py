"""Files that are judged before all others are known."""

import datetime
import json
from pathlib import Path
from typing import Any

import pytest

from linter.input.pieces import Piece
from linter.input.sources import Excludes, Source, collect
from linter.judging import share
from linter.judging.run import lint
from linter.judging.share import Facts, Share
from linter.judging.task import Task
from rules.checks import INDEX
from rules.policy import DEFAULT

JOB = """\
apiVersion: batch/v1
kind: Job
metadata: {name: train, namespace: lab}
spec:
  template:
    spec:
      restartPolicy: OnFailure
      containers:
      - {name: train, image: pytorch/pytorch, command: [torchrun, train.py]}
"""
NAMESPACE = """\
apiVersion: v1
kind: Namespace
metadata: {name: lab, labels: {mlgate.dev/profile: observe}}
"""
SCALER = """\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: model}
spec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: model}}
"""
MODEL = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: model}
spec:
  template:
    spec:
      containers:
      - {name: model, image: vllm/vllm-openai:v0.9.0, args: [--model, org/m-70b]}
"""
TWICE = "apiVersion: v1\nkind: Secret\nmetadata: {name: settings, name: twice}\n"
LIST = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
PATCH = """\
apiVersion: batch/v1
kind: Job
metadata: {name: train, namespace: lab}
spec: {backoffLimit: 2}
"""
FOLDERS = {
    "a Namespace says the profile": {"a/job.yaml": JOB, "b/namespace.yaml": NAMESPACE},
    "an autoscaler asks for its target": {"a/hpa.yaml": SCALER, "b/model.yaml": MODEL},
    "a kustomization elsewhere lists and patches a file": {
        "base/job.yaml": JOB,
        "overlay/kustomization.yaml": f"{LIST}resources: [../base/job.yaml]\n"
        "patches: [{path: patch.yaml}]\n",
        "overlay/patch.yaml": PATCH,
    },
    "nothing is said of a file": {"a/job.yaml": JOB, "b/other.yaml": JOB.replace("lab", "other")},
    "a file cannot be read": {"a/job.yaml": "kind: [", "b/job.yaml": JOB},
}
TASK = Task(DEFAULT, datetime.date(2026, 6, 1), INDEX)


@pytest.fixture(params=FOLDERS)
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FOLDERS[request.param].items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(jobs: int) -> str:
    return json.dumps(lint(TASK, collect(["."], Excludes("/")), jobs=jobs), default=list)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("most_held", [share.MOST_HELD, 0])
def test_what_is_found_is_the_same_as_with_all_at_hand(
    most_held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One process holds all documents until the last is read; of several none does."""
    monkeypatch.setattr(share, "MOST_HELD", most_held)
    assert run(2) == run(1)


def judge_gone(texts: dict[str, str], monkeypatch: pytest.MonkeyPatch, place: Path) -> Any:
    """The result where the files are gone before all is known."""
    monkeypatch.setattr(share, "MOST_HELD", 0)
    part = Share(TASK)
    for name, text in texts.items():
        path = place / name
        path.write_text(text)
        part.read(
            [
                Piece(
                    str(path),
                    Source(str(path), str(path), len(text), named=True),
                    named=True,
                    size=len(text),
                )
            ]
        )
        path.unlink()
    return part.judge(Facts(*part.facts()))


def test_a_file_that_nothing_else_bears_on_is_not_needed_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = judge_gone({"settings.yaml": TWICE}, monkeypatch, tmp_path)
    assert result["errors"] == []
    assert [row["rule"] for row in result["findings"]] == ["MLG002"]


def test_a_file_that_is_gone_when_more_is_known_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = judge_gone({"job.yaml": JOB, "lab.yaml": NAMESPACE}, monkeypatch, tmp_path)
    assert [Path(error["file"]).name for error in result["errors"]] == ["job.yaml"]
    assert result["findings"] == []
