"""Which files a kustomization names as patches."""

from pathlib import Path

import pytest

from linter.input.documents import read_bodies
from linter.input.kustomize import Kustomizations


def names_patch(path: Path) -> bool:
    return Kustomizations(lambda file: read_bodies(Path(file).read_text())).names_patch(str(path))


@pytest.mark.parametrize("name", ["kustomization.yaml", "kustomization.yml", "Kustomization"])
@pytest.mark.parametrize(
    "text",
    [
        "patches: [{path: patches/a.yaml}]",
        "patches: [{path: ./patches/../patches/a.yaml, target: {kind: Job}}, {patch: '- op: add'}]",
        "patchesStrategicMerge: [patches/a.yaml]",
        "patchesJson6902: [{path: patches/a.yaml, target: {kind: Job}}]",
        "kind: Component\npatches: [{path: patches/a.yaml}]",
    ],
)
def test_a_kustomization_above_names_a_patch(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert names_patch(tmp_path / "patches" / "a.yaml")
    assert not names_patch(tmp_path / "patches" / "b.yaml")
    assert not names_patch(tmp_path / "a.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "resources: [a.yaml]",
        "patchesStrategicMerge: ['a.yaml\n']",
        "patches: a.yaml",
        "patches: [a.yaml, {path: 1}]",
        "- a.yaml",
        "patches: [",
    ],
)
def test_other_files_are_no_patches(tmp_path: Path, text: str) -> None:
    (tmp_path / "kustomization.yaml").write_text(text)
    assert not names_patch(tmp_path / "a.yaml")


def test_the_search_ends_at_the_repository(tmp_path: Path) -> None:
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    (tmp_path / "kustomization.yaml").write_text("patches: [{path: repository/a.yaml}]")
    assert not names_patch(tmp_path / "repository" / "a.yaml")


def test_a_folder_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("patches: []")
    read: list[str] = []

    def record(path: str) -> list[object]:
        read.append(path)
        return []

    kustomizations = Kustomizations(record)
    for name in ("a.yaml", "b.yaml", "sub/c.yaml"):
        assert not kustomizations.names_patch(str(tmp_path / name))
    assert read == [str(tmp_path / "kustomization.yaml")]
