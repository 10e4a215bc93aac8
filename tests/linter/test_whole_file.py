"""Files are written as a whole or not at all."""

import errno
import io
import os
from pathlib import Path

import pytest

from linter.cli import main
from linter.whole_file import write_pieces, write_whole

HPA = """\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, maxReplicas: 3}
"""


def interrupt(*_arguments: object, **_known: object) -> None:
    raise KeyboardInterrupt


def test_a_file_is_replaced_and_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "report"
    write_whole(str(file), "one")
    file.chmod(0o640)
    write_whole(str(file), "two")
    assert file.read_text() == "two"
    assert file.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [file]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    write_whole(str(tmp_path / "link"), "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_a_device_is_written_to_as_it_is() -> None:
    write_whole(os.devnull, "text")
    assert not Path(os.devnull).is_file()


@pytest.mark.parametrize("flag", ["--output", "--write-baseline"])
def test_an_interrupt_leaves_the_old_file_whole(
    flag: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hpa.yaml").write_text(HPA)
    target = tmp_path / "target"
    call = ["lint", str(tmp_path / "hpa.yaml"), flag, str(target)]
    main(call, stdout=io.StringIO(), stderr=io.StringIO())
    before = target.read_text()
    assert "HPA001" in before
    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        main(call, stdout=io.StringIO(), stderr=io.StringIO())
    assert target.read_text() == before
    assert {one.name for one in tmp_path.iterdir()} == {"hpa.yaml", "target"}


def test_an_interrupt_leaves_no_new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_whole(str(tmp_path / "report"), "text")
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_fix_leaves_the_manifest_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = HPA.replace("v2\n", "v2  # mlgate: ignore[GPU001] stale\n")
    (tmp_path / "hpa.yaml").write_text(text)
    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        main(["lint", "--fix", str(tmp_path)], stdout=io.StringIO(), stderr=io.StringIO())
    assert (tmp_path / "hpa.yaml").read_text() == text
    assert len(list(tmp_path.iterdir())) == 1


def test_a_mounted_file_is_written_whole_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EBUSY, "Device or resource busy")

    (tmp_path / "report").write_text("an older and longer text")
    monkeypatch.setattr(os, "replace", refuse)
    write_pieces(str(tmp_path / "report"), lambda: iter(["one, ", "two"]))
    assert (tmp_path / "report").read_text() == "one, two"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_file_in_a_folder_that_takes_no_other_is_written_in_place(tmp_path: Path) -> None:
    (tmp_path / "report").write_text("old")
    tmp_path.chmod(0o500)
    write_whole(str(tmp_path / "report"), "new")
    tmp_path.chmod(0o700)
    assert (tmp_path / "report").read_text() == "new"
