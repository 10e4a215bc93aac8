"""Large texts in pieces: what is said of them is what is said of the whole."""

import json
from pathlib import Path
from typing import Any

import pytest

from linter.input import pieces
from linter.input.excludes import Excludes
from linter.input.pieces import cut_sources, cut_texts
from linter.input.sources import Source, collect
from linter.judging import run as pipeline
from linter.judging import share
from linter.judging.settings import find_today
from linter.judging.task import Task
from rules.checks import INDEX
from rules.policy import DEFAULT

NAMES = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: names}\n"
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: model}
spec:
  replicas: 2
  template:
    spec:
      containers: [{name: server, image: vllm/vllm-openai:v0.9.1}]
      volumes: [{name: weights, persistentVolumeClaim: {claimName: weights}}]
"""
SCALER = """\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: model}
spec:
  maxReplicas: 3
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: model}
"""
JOB = """\
# mlgate: ignore-next-line[TRN002] kept as it is
apiVersion: batch/v1
kind: Job
metadata: {name: train, namespace: lab}
spec:
  template:
    spec: {containers: [{name: main, image: trainer, command: [python, train.py]}]}
"""
BROKEN = "kind: [\n"
TEMPLATE = "kind: Job\nspec: {{ .Values.spec }}\n"
LIST = f"apiVersion: v1\nkind: List\nitems:\n- {json.dumps({'apiVersion': 'v1', 'kind': 'Pod'})}\n"
TEXTS = {
    "neighbours": [DEPLOYMENT, SCALER, JOB],
    "neighbours far apart": [DEPLOYMENT, *[NAMES] * 40, SCALER, JOB],
    "mistakes": [BROKEN, JOB, TEMPLATE, JOB],
    "little between": ["", "# a word\n", JOB, "\n", "", LIST, "{}\n", JOB],
    "directives": ["%YAML 1.1\n", JOB, JOB],
    "nothing to judge": ["# mlgate: ignore[TRN001] nothing\n", NAMES, "a: 1\n"],
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lint(jobs: int, texts: tuple[tuple[str, bytes], ...] = ()) -> Any:
    task = Task(DEFAULT, find_today(), INDEX, flag_profile="strict", roles=True)
    found = pipeline.lint(task, collect([] if texts else ["."], Excludes("/")), texts, jobs=jobs)
    return json.loads(json.dumps(found))


@pytest.mark.parametrize("documents", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("mark", ["---\n", "---\r\n"])
@pytest.mark.parametrize("most_held", [share.MOST_HELD, 0])
def test_what_is_found_is_the_same_as_in_the_whole(
    documents: list[str], mark: str, most_held: int, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = mark.join(documents)
    (here / "all.yaml").write_text(text, newline="")
    whole, stream = lint(1), lint(1, (("-", text.encode()),))
    monkeypatch.setattr(share, "MOST_HELD", most_held)
    monkeypatch.setattr(pieces, "LARGE", 1)
    monkeypatch.setattr(pipeline, "MOST_ALONE", 0)
    assert len(list(cut_texts((("-", text.encode()),), hook=False))) > 1
    for jobs in (1, 2):
        assert lint(jobs) == whole
        assert lint(jobs, (("-", text.encode()),)) == stream


def cut(path: Path, *, named: bool = True, hook: bool = False) -> int:
    source = Source(str(path), str(path), path.stat().st_size, named=named)
    return len(list(cut_sources([source], hook=hook)))


def test_a_large_file_is_cut_at_its_marks(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "all.yaml").write_text(f"{JOB}---\n{JOB}---\n{JOB}")
    assert cut(here / "all.yaml") == 1
    monkeypatch.setattr(pieces, "LARGE", 1)
    assert cut(here / "all.yaml") == 3


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("one.yaml", JOB),
        ("stream.json", json.dumps({"kind": "Job"}) * 2),
        ("bytes.yaml", f"{JOB}---\n\0"),
        ("kustomization.yaml", f"{JOB}---\n{JOB}"),
    ],
)
def test_what_all_of_it_tells_stays_whole(
    name: str, text: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "LARGE", 1)
    (here / name).write_text(text)
    assert cut(here / name) == 1


def test_what_a_kustomization_or_a_chart_stands_around_stays_whole(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "LARGE", 1)
    (here / "templates").mkdir()
    for folder in (here, here / "templates"):
        (folder / "all.yaml").write_text(f"{JOB}---\n{TEMPLATE}")
    assert cut(here / "all.yaml") == 2
    (here / "Chart.yaml").write_text("name: chart\n")
    assert cut(here / "templates/all.yaml") == 1
    (here / "kustomization.yaml").write_text("resources: [all.yaml]\n")
    assert cut(here / "all.yaml") == 1


def test_what_may_be_no_manifest_stays_whole(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "LARGE", 1)
    (here / "values.yaml").write_text("a: 1\n---\nb: 2\n")
    assert cut(here / "values.yaml") == 2
    assert cut(here / "values.yaml", hook=True) == 1
    assert cut(here / "values.yaml", named=False) == 1
