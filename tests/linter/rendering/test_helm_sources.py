"""From what Helm rendered back to the lines of templates."""

from pathlib import Path

import pytest

from linter.rendering.helm_sources import ChartSources

TEMPLATE = """\
{{- if .Values.enabled }}
apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}
spec:
  clusterIP: None
---
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}
  labels:
    {{- include "labels" . | nindent 4 }}
spec:
  backoffLimit: {{ .Values.retries }}
  template:
    spec:
      restartPolicy: OnFailure
      containers:
      - name: side
        image: b:1
      - name: train
        image: "a:{{ .Chart.AppVersion }}"
        resources:
          {{- toYaml .Values.resources | nindent 10 }}
{{- end }}
"""
RENDERED = """\
---
# Source: trainer/templates/job.yaml
apiVersion: batch/v1
kind: Job
metadata:
  name: release-name
  labels:
    app: trainer
spec:
  backoffLimit: 50
  template:
    spec:
      restartPolicy: OnFailure
      containers:
      - name: side
        image: b:1
      - name: train
        image: "a:1"
        resources:
          limits:
            nvidia.com/gpu: 8
"""
FILE = "charts/trainer/templates/job.yaml"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / FILE
    file.parent.mkdir(parents=True)
    file.write_text(TEMPLATE)
    monkeypatch.chdir(tmp_path)


def find(words: str) -> tuple[int, str] | None:
    """The line of the template for the value, or key, that stands first in RENDERED, and what is
    marked there."""
    at = RENDERED.index(words)
    line = RENDERED.count("\n", 0, at) + 1
    column = at - (RENDERED.rfind("\n", 0, at) + 1) + 1
    found = ChartSources("charts/trainer").find(FILE, RENDERED, line, column)
    if found is None:
        return None
    return found.line, TEMPLATE.splitlines()[found.line - 1][
        found.column - 1 : found.end_column - 1
    ]


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("50", (16, "{{ .Values.retries }}")),  # what Helm filled in
        ("OnFailure", (19, "OnFailure")),
        ("spec:\n  backoff", (15, "spec")),  # of two, that of the same kind
        ("b:1", (22, "b:1")),  # of two containers, the one with this text
        ('"a:1"', (24, '"a:{{ .Chart.AppVersion }}"')),  # else the one of this number
        ("nvidia.com/gpu", (25, "resources")),  # a value's own lines: the key around them
        ("app: trainer", (13, "labels")),
    ],
)
def test_a_line_is_found_by_the_keys_around_it(words: str, place: tuple[int, str]) -> None:
    assert find(words) == place


def test_the_first_part_of_a_source_is_the_chart() -> None:
    sources = ChartSources("charts/trainer")
    assert sources.find_file("trainer/templates/job.yaml") == FILE
    assert sources.find_file("trainer/charts/packed/templates/a.yaml") is None
    assert sources.find_file("") is None
    assert (
        ChartSources("oci://registry.example.com/trainer").find_file("a/templates/job.yaml") is None
    )
