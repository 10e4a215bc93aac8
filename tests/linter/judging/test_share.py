"""Files that are read once more, when all others are known."""

import datetime
import io
import json
from pathlib import Path

import pytest

from linter.cli import main
from linter.commands.outputs import FORMATS
from linter.input.excludes import Excludes
from linter.input.pieces import Piece
from linter.input.sources import Source, collect
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


CASES = Path(__file__).parents[2] / "cases"


def report(jobs: int, place: Path) -> dict[str, str]:
    """Every format's report on the cases of a rule, by its name."""
    place.mkdir()
    outputs = [word for one in FORMATS for word in ("--format", one, "--output", str(place / one))]
    flags = ["-q", "--show-audit", "--show-roles", "--show-passed", "--jobs", str(jobs)]
    assert main(["lint", *flags, *outputs, str(CASES / "HPA001")], stdout=io.StringIO()) == 1
    return {one: (place / one).read_text() for one in FORMATS}


@pytest.mark.parametrize("most_held", [share.MOST_HELD, 0])
def test_every_report_is_the_same_from_two_processes(
    most_held: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(share, "MOST_HELD", most_held)
    alone, together = report(1, tmp_path / "one"), report(2, tmp_path / "two")
    assert "HPA001" in alone["concise"]
    assert together == alone


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


@pytest.mark.parametrize("text", [TWICE, JOB])
def test_a_file_that_is_gone_when_it_is_read_again_is_an_error(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(share, "MOST_HELD", 0)
    path = tmp_path / "gone.yaml"
    path.write_text(text)
    source = Source(str(path), str(path), len(text), named=True)
    part = Share(TASK, [Piece(str(path), source, named=True, size=len(text))])
    part.read([0])
    path.unlink()
    result = part.judge(Facts(*part.facts()))
    assert [Path(error["file"]).name for error in result["errors"]] == ["gone.yaml"]
    assert result["findings"] == []


def test_a_file_without_anything_to_judge_is_not_needed_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(share, "MOST_HELD", 0)
    path = tmp_path / "values.yaml"
    path.write_text("image: a\n")
    source = Source(str(path), str(path), 9, named=False)
    part = Share(TASK, [Piece(str(path), source, named=False, size=9)])
    part.read([0])
    path.unlink()
    result = part.judge(Facts(*part.facts()))
    assert result["errors"] == []
    assert [row["document"] for row in result["coverage"]["skipped"]] == [0]
