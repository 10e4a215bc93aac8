"""Which files a run reads, by which path, and what it refuses."""

import io
import os
from pathlib import Path
from typing import TypeAlias

import pytest

from linter.input import repository
from linter.input.excludes import Excludes
from linter.input.sources import (
    EXCLUDED,
    LEFT_OUT,
    SIZE_LIMIT,
    Collection,
    Source,
    SourceError,
    collect,
    read_source,
    read_stdin,
)

NOTHING = Excludes("/")
TempPaths: TypeAlias = pytest.TempPathFactory


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def plant(root: Path, *names: str, text: str = "a: 1\n") -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def paths(collection: Collection) -> list[str]:
    return [source.path for source in collection.sources]


def reasons(collection: Collection) -> list[tuple[str, str]]:
    return [(error["file"], error["reason"]) for error in collection.errors]


def test_a_folder_is_walked_for_manifests(here: Path) -> None:
    plant(
        here, "a.yaml", "b.yml", "c.json", "d.txt", "sub/e.yaml", ".hidden/f.yaml", ".g.yaml",
        "node_modules/h.yaml", "vendor/i.yaml", "sub/vendor/j.yaml", ".git/k.yaml",
    )  # fmt: skip
    found = collect(["."], NOTHING)
    assert found.left_out == {".hidden": 1, "node_modules": 1, "vendor": 2}
    assert paths(found) == [".g.yaml", "a.yaml", "b.yml", "c.json", "sub/e.yaml"]
    assert not any(source.named for source in found.sources)


def test_what_is_named_is_read(here: Path) -> None:
    plant(here, "a.txt", ".hidden/b.yaml", "vendor/c.yaml")
    found = collect(["a.txt", ".hidden", "vendor/c.yaml"], NOTHING)
    assert [(source.path, source.named) for source in found.sources] == [
        (".hidden/b.yaml", False),
        ("a.txt", True),
        ("vendor/c.yaml", True),
    ]


def test_paths_are_as_they_were_reached(here: Path) -> None:
    plant(here, "sub/a.yaml")
    assert paths(collect(["./sub"], NOTHING)) == ["sub/a.yaml"]
    assert paths(collect([str(here)], NOTHING)) == [str(here / "sub/a.yaml")]


def test_a_file_reached_twice_is_one(here: Path) -> None:
    plant(here, "sub/a.yaml")
    (here / "link.yaml").symlink_to("sub/a.yaml")
    (here / "again").symlink_to("sub")
    arguments = ["link.yaml", ".", "sub", "sub/a.yaml", "./sub/../sub/a.yaml", str(here / "sub")]
    for order in (arguments, arguments[::-1], ["."]):
        found = collect(order, NOTHING)
        assert len(found.sources) == 1
    assert paths(collect(arguments[:4], NOTHING)) == ["sub/a.yaml"]
    assert collect(["sub/a.yaml", "."], NOTHING).sources[0].named


def test_a_link_to_a_folder_elsewhere_is_followed(here: Path) -> None:
    plant(here, "work/b.yaml", "elsewhere/a.yaml")
    (here / "work/link").symlink_to("../elsewhere")
    assert paths(collect(["work"], NOTHING)) == ["work/b.yaml", "work/link/a.yaml"]
    assert paths(collect(["work", "elsewhere"], NOTHING)) == ["elsewhere/a.yaml", "work/b.yaml"]


def test_loops_of_links_end(here: Path) -> None:
    plant(here, "sub/a.yaml")
    (here / "sub/up").symlink_to("..")
    (here / "sub/root").symlink_to("/")
    (here / "x.yaml").symlink_to("y.yaml")
    (here / "y.yaml").symlink_to("x.yaml")
    found = collect(["."], NOTHING)
    assert paths(found) == ["sub/a.yaml"]
    loop = "a loop of symbolic links"
    assert reasons(found) == [("x.yaml", loop), ("y.yaml", loop)]


def test_what_is_not_there_is_an_error(here: Path) -> None:
    (here / "gone.yaml").symlink_to("nowhere")
    missing = "no such file or folder"
    assert reasons(collect(["absent", "."], NOTHING)) == [
        ("gone.yaml", missing),
        ("absent", missing),
    ]


def test_pipes_and_devices_are_refused(here: Path) -> None:
    os.mkfifo(here / "pipe.yaml")
    for arguments in (["pipe.yaml"], ["."], ["/dev/zero"]):
        found = collect(arguments, NOTHING)
        assert not found.sources
        assert "neither a file nor a folder" in found.errors[0]["reason"]


def test_a_name_that_no_file_can_have_is_told() -> None:
    with pytest.raises(SourceError, match="no file has such a name"):
        read_source(Source("a\0b", "a\0b", 1, named=True))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_an_error(here: Path) -> None:
    plant(here, "shut/a.yaml", "b.yaml")
    (here / "b.yaml").chmod(0)
    (here / "shut").chmod(0)
    found = collect(["."], NOTHING)
    (here / "shut").chmod(0o700)
    assert reasons(found) == [("shut", "permission denied")]
    with pytest.raises(SourceError, match="permission denied"):
        read_source(found.sources[0])


def test_git_s_ignore_files_hold_inside_a_repository(here: Path) -> None:
    plant(here, "a.yaml", "gen/b.yaml", "sub/c.yaml", "sub/keep.yaml", "sub/out/d.yaml")
    plant(here, "info.yaml")
    (here / ".gitignore").write_text("gen/\n")
    (here / "sub/.gitignore").write_text("*.yaml\n!keep.yaml\n")
    assert "gen/b.yaml" in paths(collect(["."], NOTHING))
    (here / ".git/info").mkdir(parents=True)
    (here / ".git/info/exclude").write_text("/info.yaml\n")
    repository._ROOTS.clear()
    assert paths(collect(["."], NOTHING)) == ["a.yaml", "sub/keep.yaml"]
    assert paths(collect(["sub"], NOTHING)) == ["sub/keep.yaml"]
    assert paths(collect(["gen"], NOTHING)) == ["gen/b.yaml"]
    assert paths(collect(["gen/b.yaml"], NOTHING)) == ["gen/b.yaml"]


def test_an_inner_repository_begins_anew(here: Path) -> None:
    (here / ".git").mkdir()
    plant(here, "a.yaml", "inner/a.yaml", "inner/b.yaml")
    (here / ".gitignore").write_text("a.yaml\n")
    (here / "inner/.git").mkdir()
    (here / "inner/.gitignore").write_text("b.yaml\n")
    assert paths(collect(["."], NOTHING)) == ["inner/a.yaml"]


def test_the_policy_excludes_what_is_walked(here: Path) -> None:
    plant(here, "a.yaml", "charts/b.yaml", "sub/charts/c.yaml", "sub/d.yaml")
    excludes = Excludes(str(here), ("charts/", "/sub/d.yaml"))
    assert paths(collect(["."], excludes)) == ["a.yaml"]
    assert paths(collect(["sub"], excludes)) == []
    named = collect(["charts/b.yaml"], excludes)
    assert paths(named) == ["charts/b.yaml"]


def test_the_policy_excludes_what_a_hook_names(here: Path) -> None:
    plant(here, "charts/b.yaml", "a.yaml")
    found = collect(["charts/b.yaml", "a.yaml"], Excludes(str(here), ("charts",)), hook=True)
    assert (paths(found), found.passed_over) == (["a.yaml"], [("charts/b.yaml", EXCLUDED)])


def test_a_hook_s_files_are_left_out_as_in_a_walk(here: Path) -> None:
    plant(
        here, ".git/config", "a.yaml", "sub/b.yaml", ".c.yaml", ".hidden/d.yaml", "vendor/e.yaml",
        "sub/node_modules/f/g.yaml", "gen/h.yaml", "sub/i.yaml", "inner/gen/j.yaml",
    )  # fmt: skip
    (here / ".gitignore").write_text("/gen\n")
    (here / "sub/.gitignore").write_text("i.yaml\n")
    plant(here, "inner/.git/config")
    names = [str(one.relative_to(here)) for one in here.rglob("*.yaml")]
    found = collect(names, NOTHING, hook=True)
    assert paths(found) == paths(collect(["."], NOTHING))
    assert sorted(paths(found)) == [".c.yaml", "a.yaml", "inner/gen/j.yaml", "sub/b.yaml"]
    assert {one.reason for one in found.passed_over} == {LEFT_OUT}


def test_a_hook_may_name_what_stands_elsewhere(here: Path, tmp_path_factory: TempPaths) -> None:
    other = tmp_path_factory.mktemp("other") / ".hidden"
    plant(other, "a.yaml")
    assert paths(collect([str(other / "a.yaml")], NOTHING, hook=True)) == [str(other / "a.yaml")]


def test_a_kustomization_without_a_suffix_is_walked(here: Path) -> None:
    plant(here, "Kustomization", "sub/Kustomization", "sub/kustomization")
    assert paths(collect(["."], NOTHING)) == ["Kustomization", "sub/Kustomization"]


def test_a_huge_file_is_refused_unread(here: Path) -> None:
    with (here / "big.yaml").open("wb") as file:
        file.truncate(1 << 30)
    (source,) = collect(["big.yaml"], NOTHING).sources
    with pytest.raises(
        SourceError, match=r"1,073,741,824 bytes, the limit is 33,554,432 \(32 MiB\)"
    ):
        read_source(source)


def test_a_file_that_grew_is_refused_too(here: Path) -> None:
    plant(here, "a.yaml")
    (source,) = collect(["a.yaml"], NOTHING).sources
    (here / "a.yaml").write_bytes(b"#" * (SIZE_LIMIT + 1))
    with pytest.raises(SourceError, match="more than"):
        read_source(source)


def test_standard_input_is_bounded() -> None:
    assert read_stdin(io.BytesIO(b"a: 1")) == b"a: 1"
    with pytest.raises(SourceError, match="more than"):
        read_stdin(io.BytesIO(b"#" * (SIZE_LIMIT + 1)))


def test_every_byte_of_a_file_is_read(here: Path) -> None:
    text = "a: 1\n" * 100_000
    plant(here, "a.yaml", text=text)
    assert read_source(collect(["a.yaml"], NOTHING).sources[0]) == text.encode()
