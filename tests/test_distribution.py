"""What is published is whole: everything that git holds, and the packages with their data."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from shutil import rmtree

import pytest

pytest.importorskip("setuptools", minversion="77")

ROOT = Path(__file__).parent.parent
PACKAGES = ("mlgate", "rules", "cluster", "linter", "webhook")

BUILD = """
import sys
from setuptools import build_meta
print(getattr(build_meta, sys.argv[1])(sys.argv[2]))
"""


@pytest.fixture(scope="module")
def tracked() -> set[str]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {name for name in listed.split("\0") if name and (ROOT / name).exists()}


@pytest.fixture(scope="module")
def checkout(tracked: set[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy: building writes beside the sources."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in tracked:
        target = copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    return copy


def build(checkout: Path, what: str, folder: Path, **known: str) -> Path:
    """Build without a network or another environment; ``known`` are its variables."""
    command = [sys.executable, "-c", BUILD, what, str(folder)]
    done = subprocess.run(
        command,
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **known},
    )
    assert done.returncode == 0, done.stderr
    return folder / done.stdout.splitlines()[-1]


def test_the_source_distribution_holds_what_git_holds(
    tracked: set[str], checkout: Path, tmp_path: Path
) -> None:
    archive = build(checkout, "build_sdist", tmp_path)
    with tarfile.open(archive) as members:
        names = {one.name.partition("/")[2] for one in members if one.isfile()}
    made = {"PKG-INFO", "setup.cfg"}
    assert {name for name in names - made if not name.startswith("mlgate.egg-info/")} == tracked


def test_the_wheel_holds_the_packages_and_nothing_else(
    tracked: set[str], checkout: Path, tmp_path: Path
) -> None:
    names = list_wheel(build(checkout, "build_wheel", tmp_path))
    compiled = {name for name in names if name.startswith("rules/compiled.cpython-")}
    assert names - compiled == {name for name in tracked if name.partition("/")[0] in PACKAGES}


def test_without_a_compiler_the_wheel_lacks_the_compiled_reader_alone(
    tracked: set[str], checkout: Path, tmp_path: Path
) -> None:
    rmtree(checkout / "build", ignore_errors=True)  # what was built before, with one
    names = list_wheel(build(checkout, "build_wheel", tmp_path, CC="false"))
    assert names == {name for name in tracked if name.partition("/")[0] in PACKAGES}


def list_wheel(archive: Path) -> set[str]:
    with zipfile.ZipFile(archive) as members:
        names = {name for name in members.namelist() if ".dist-info/" not in name}
    (manual,) = (name for name in names if ".data/" in name)
    assert manual.endswith(".data/data/share/man/man1/mlgate.1")
    return names - {manual}
