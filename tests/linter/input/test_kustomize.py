"""What kustomizations say: which files are patches, what they are for, and what they patch."""

from pathlib import Path
from typing import Any

import pytest

from linter.input.documents import read_bodies
from linter.input.kustomization import KustomizePatch, PatchTarget, key_of, read_kustomization
from linter.input.kustomization_files import FolderKustomizations
from linter.input.kustomize import Kustomizations
from rules.model import ObjectKey

JOB = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: train}\n"
PATCH = JOB + "spec: {backoffLimit: 1}\n"


def read_file(path: str) -> list[Any]:
    return read_bodies(Path(path).read_text()) if Path(path).exists() else []


def gather(*files: Path) -> Kustomizations:
    """What a run over ``files`` knows."""
    folders = FolderKustomizations(read_file)
    for file in files:
        folders.look_above(str(file))
    return Kustomizations(folders.export(), (), folders, read_file)


def plant(root: Path, **texts: str) -> None:
    """YAML files by their names, with two underscores between folders."""
    for name, text in texts.items():
        path = root.joinpath(*name.split("__")).with_suffix(".yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def names_patch(path: Path) -> bool:
    return gather(path).names_patch(str(path))


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
        "",
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

    folders = FolderKustomizations(record)
    for name in ("a.yaml", "b.yaml", "sub/c.yaml"):
        folders.look_above(str(tmp_path / name))
    assert read == [str(tmp_path / "kustomization.yaml")]


def test_a_kustomization_of_the_run_counts_before_its_file() -> None:
    told = [("/a/kustomization.yaml", {"resources": ["b.yaml"]}, True)]
    stale = [("/a/kustomization.yaml", {"patches": [{"path": "b.yaml"}]}, False)]
    for both in ([*told, *stale], [*stale, *told]):
        found = Kustomizations(both, (), FolderKustomizations(read_file), read_file)
        assert (found.lists("/a/b.yaml"), found.names_patch("/a/b.yaml")) == (True, False)


def test_all_the_ways_to_name_a_patch() -> None:
    found = read_kustomization(
        "/k/kustomization.yaml",
        {
            "resources": ["../base", "a.yaml", "https://example.com/b.yaml", 1],
            "bases": ["../old"],
            "components": ["../part"],
            "patches": [
                {"path": "p.yaml", "target": {"kind": "Job", "labelSelector": "a=b"}},
                {"patch": "- op: add"},
                {"neither": 1},
            ],
            "patchesStrategicMerge": ["q.yaml", "kind: Job\nspec: {}\n"],
            "patchesJson6902": [{"target": {"group": "batch", "name": "a"}, "patch": "[]"}],
            "namePrefix": "dev-",
            "nameSuffix": "-1",
        },
    )
    assert found is not None
    assert found.resources == ("/base", "/k/a.yaml", "/old")
    assert found.components == ("/part",)
    assert found.rename("a") == "dev-a-1"
    assert found.patches == (
        KustomizePatch(PatchTarget(kind="Job", labels=True), "/k/p.yaml"),
        KustomizePatch(None, None, ("patches", 1, "patch")),
        KustomizePatch(PatchTarget(group="batch", name="a"), None, ("patchesJson6902", 0, "patch")),
        KustomizePatch(None, "/k/q.yaml"),
        KustomizePatch(None, None, ("patchesStrategicMerge", 1)),
    )


KEY = ObjectKey("batch", "Job", "ml", "train-1")


@pytest.mark.parametrize(
    ("target", "selected"),
    [
        (PatchTarget(), True),
        (PatchTarget(labels=True), True),
        (PatchTarget("batch", "Job", "train-1", "ml"), True),
        (PatchTarget(kind="CronJob"), False),
        (PatchTarget(group="apps"), False),
        (PatchTarget(namespace="other"), False),
        (PatchTarget(name="train-.*"), True),
        (PatchTarget(name="(train|serve)-[0-9]"), True),
        (PatchTarget(name="train"), False),
        (PatchTarget(name="dev-train-1"), True),
        (PatchTarget(name="(a*)*b"), False),
        (PatchTarget(name="["), False),
        (PatchTarget(kind="Job|CronJob"), True),
    ],
)
def test_a_target_selects(target: PatchTarget, selected: bool) -> None:  # noqa: FBT001
    assert target.selects(KEY, ("train-1", "dev-train-1")) is selected


def test_a_hostile_pattern_is_not_tried() -> None:
    assert not PatchTarget(name=".*" * 50 + "b").selects(KEY, ["a" * 250])


class Tree:
    """A base with a Job, and an overlay that is given."""

    def __init__(self, root: Path, overlay: str, base: str = "resources: [job.yaml]") -> None:
        plant(
            root, base__kustomization=base, base__job=JOB, overlay__kustomization=overlay,
            overlay__p=PATCH,
        )  # fmt: skip
        self.job = root / "base" / "job.yaml"
        self.overlay = root / "overlay" / "kustomization.yaml"
        self.patch = root / "overlay" / "p.yaml"
        self.found = gather(self.job, self.overlay)

    @property
    def patched_by(self) -> list[str]:
        (body,) = read_file(str(self.job))
        return [Path(use.file).name for use in self.found.find_patches_of(str(self.job), body)]

    @property
    def bases(self) -> list[str]:
        """The objects that the patches of the overlay are for."""
        return [
            key_of(body).name
            for file in (self.patch, self.overlay)
            for use in self.found.uses_of(str(file))
            for placed in self.found.find_bases(use, read_file(str(self.patch))[0])
            for body in self.found.read_object(placed)
        ]


@pytest.mark.parametrize(
    "text",
    [
        "patches: [{path: p.yaml}]",
        "patches: [{path: p.yaml, target: {kind: Job}}]",
        "patches: [{path: p.yaml, target: {name: 'tr.*'}}]",
        "patchesStrategicMerge: [p.yaml]",
    ],
)
def test_an_overlay_patches_what_it_is_built_from(tmp_path: Path, text: str) -> None:
    tree = Tree(tmp_path, f"resources: [../base]\n{text}\n")
    assert (tree.patched_by, tree.bases) == (["p.yaml"], ["train"])


@pytest.mark.parametrize(
    "text",
    [
        "resources: [../other]\npatches: [{path: p.yaml}]\n",
        "resources: [../base]\npatches: [{path: p.yaml, target: {kind: Deployment}}]\n",
        "resources: [../base]\npatches: [{path: absent.yaml}]\n",
        "resources: [../base]\n",
        "resources: [../overlay]\npatches: [{path: p.yaml}]\n",
    ],
)
def test_an_overlay_patches_nothing_else(tmp_path: Path, text: str) -> None:
    tree = Tree(tmp_path, text)
    assert (tree.patched_by, tree.bases) == ([], [])


def test_an_inline_patch_stands_in_the_kustomization(tmp_path: Path) -> None:
    text = "".join(f"    {line}\n" for line in PATCH.splitlines())
    tree = Tree(tmp_path, f"resources: [../base]\npatches:\n- patch: |-\n{text}")
    assert (tree.patched_by, tree.bases) == (["kustomization.yaml"], ["train"])


def test_a_patch_may_use_the_name_that_the_base_was_given(tmp_path: Path) -> None:
    base = "resources: [job.yaml]\nnamePrefix: dev-\n"
    overlay = "resources: [../base]\npatches: [{path: p.yaml}]\n"
    assert Tree(tmp_path, overlay, base).patched_by == ["p.yaml"]
    plant(tmp_path, overlay__p=PATCH.replace("train", "dev-train"))
    found = gather(tmp_path / "overlay" / "p.yaml")
    (use,) = found.uses_of(str(tmp_path / "overlay" / "p.yaml"))
    (patch,) = read_file(str(tmp_path / "overlay" / "p.yaml"))
    assert [placed.key.name for placed in found.find_bases(use, patch)] == ["train"]


def test_a_component_patches_what_it_is_put_into(tmp_path: Path) -> None:
    plant(
        tmp_path,
        part__kustomization="kind: Component\npatches: [{path: p.yaml}]\n",
        part__p=PATCH,
        top__kustomization="resources: [job.yaml]\ncomponents: [../part]\n",
        top__job=JOB,
    )
    job = tmp_path / "top" / "job.yaml"
    found = gather(job, tmp_path / "part" / "p.yaml")
    (body,) = read_file(str(job))
    assert [Path(use.file).name for use in found.find_patches_of(str(job), body)] == ["p.yaml"]


def test_a_kustomization_that_is_built_from_itself_ends(tmp_path: Path) -> None:
    plant(
        tmp_path,
        a__kustomization="resources: [../b, job.yaml]\npatches: [{path: p.yaml}]\n",
        b__kustomization="resources: [../a]\ncomponents: [../b]\n",
        a__job=JOB,
        a__p=PATCH,
    )
    job = tmp_path / "a" / "job.yaml"
    (body,) = read_file(str(job))
    assert len(gather(job).find_patches_of(str(job), body)) == 1


def test_what_a_kustomization_lists_is_whole(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: [a.yaml, ./b.yaml]\n")
    found = gather(tmp_path / "a.yaml")
    assert [found.lists(str(tmp_path / name)) for name in ("a.yaml", "b.yaml", "c.yaml")] == [
        True,
        True,
        False,
    ]
