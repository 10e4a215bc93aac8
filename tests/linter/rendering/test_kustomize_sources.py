"""From what kustomize built back to the files: patches before bases, and no guess."""

from pathlib import Path
from typing import Any

import pytest

from linter.rendering.kustomize_sources import KustomizeSources, follow
from rules.reader import Document, read

BASE = """\
apiVersion: batch/v1
kind: Job
metadata: {name: train}
spec:
  backoffLimit: 4
  template:
    spec:
      restartPolicy: OnFailure
      containers:
      - name: side
        image: b:1
      - name: train
        image: a:1
        args: [--lr, "1"]
"""
PATCH = """\
apiVersion: batch/v1
kind: Job
metadata: {name: train}
spec:
  template:
    spec:
      containers:
      - name: train
        image: a:2
"""
OVERLAY = """\
resources: [../base]
namePrefix: prod-
patches:
- path: image.yaml
- target: {kind: Job}
  patch: |-
    - op: replace
      path: /spec/backoffLimit
      value: 50
"""
BUILT = """\
apiVersion: batch/v1
kind: Job
metadata: {name: prod-train}
spec:
  backoffLimit: 50
  template:
    spec:
      containers:
      - name: train
        image: a:2
        args: [--lr, "1"]
      - name: side
        image: b:1
      restartPolicy: OnFailure
"""


def parse(text: str) -> dict[str, Any]:
    (document,) = read(text)
    assert isinstance(document, Document)
    value: dict[str, Any] = document.value
    return value


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    for name, text in (
        ("base/job.yaml", BASE),
        ("base/kustomization.yaml", "resources: [job.yaml]\n"),
        ("prod/kustomization.yaml", OVERLAY),
        ("prod/image.yaml", PATCH),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def place(body: dict[str, Any], *path: str | int) -> tuple[str, int] | None:
    found = KustomizeSources("prod").find(body, path)
    return found and (found.file, found.document.span(found.path).line)


POD = ("spec", "template", "spec")


@pytest.mark.parametrize(
    ("path", "place_of"),
    [
        (("spec", "backoffLimit"), ("prod/kustomization.yaml", 9)),
        ((*POD, "containers", 0, "image"), ("prod/image.yaml", 9)),
        ((*POD, "containers", 0, "args", 1), ("base/job.yaml", 14)),
        ((*POD, "containers", 1, "image"), ("base/job.yaml", 11)),
        ((*POD, "restartPolicy"), ("base/job.yaml", 8)),
        (("spec", "activeDeadlineSeconds"), ("base/job.yaml", 4)),
    ],
)
def test_a_value_is_found_where_it_was_written(
    path: tuple[str | int, ...], place_of: tuple[str, int]
) -> None:
    assert place(parse(BUILT), *path) == place_of


def test_what_no_file_says_is_claimed_of_none() -> None:
    built = parse(BUILT.replace("OnFailure", "Never"))  # a transformer may have written it
    assert place(built, *POD, "restartPolicy") is None
    assert KustomizeSources("prod").find_file(built) == "base/job.yaml"


def test_two_objects_that_may_be_meant_are_told_apart_by_the_origin(here: Path) -> None:
    (here / "base" / "kustomization.yaml").write_text("resources: [job.yaml, more.yaml]\n")
    (here / "base" / "more.yaml").write_text(
        BASE.replace("name: train}", "name: train, namespace: b}")
    )
    built = parse(BUILT)
    assert place(built, *POD, "restartPolicy") is None
    origin = "path: ../base/more.yaml\n"
    built["metadata"]["annotations"] = {"config.kubernetes.io/origin": origin}
    assert place(built, *POD, "restartPolicy") == ("base/more.yaml", 8)


def test_an_origin_on_another_host_is_no_file_here() -> None:
    built = parse(BUILT)
    origin = "path: base/job.yaml\nrepo: https://git.example.com/jobs\n"
    built["metadata"]["annotations"] = {"config.kubernetes.io/origin": origin}
    assert place(built, *POD, "restartPolicy") == ("base/job.yaml", 8)  # by its name alone


def test_items_of_lists_are_followed_by_their_names() -> None:
    one = {"a": [{"name": "x"}, {"name": "y", "b": 1}, "z"]}
    other = {"a": [{"name": "y", "b": 1}, {"name": "x"}, "z"]}
    assert follow(one, ("a", 1, "b"), other) == ("a", 0, "b")
    assert follow(one, ("a", 2), other) == ("a", 2)
    assert follow(one, ("a", 9, "b"), {}) == ("a", 9, "b")
