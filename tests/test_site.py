"""The site of the documentation: it builds, its links lead somewhere, and it fetches nothing."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("material")

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`make docs`, elsewhere: a link or an anchor that is not there is an error."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_every_page_is_there_and_in_the_navigation(site: Path) -> None:
    index = (site / "index.html").read_text()
    assert "A policy linter and admission webhook" in index
    for page in (ROOT / "docs").rglob("*.md"):
        name = page.relative_to(ROOT / "docs").with_suffix(".html").as_posix()
        assert (site / name).exists(), name
        assert f'href="{name}"' in index, name


def test_what_pages_link_to_outside_of_docs_is_part_of_it(site: Path) -> None:
    golden = site / "repository/tests/golden/job-training.yaml.html"
    assert (
        'href="repository/tests/golden/job-training.yaml.html"'
        in (site / "examples.html").read_text()
    )
    assert "activeDeadlineSeconds" in golden.read_text()
    assert (site / "repository/ARCHITECTURE.html").exists()


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    fetched = re.compile(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=.?https?://")
    assert [page for page in site.rglob("*.html") if fetched.search(page.read_text())] == []
