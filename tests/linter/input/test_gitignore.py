"""Ignore patterns: what gitignore(5) says, in linear time, and as git itself decides."""

import subprocess
from pathlib import Path

import pytest

from linter.input.gitignore import IgnoreFile, IgnoreScope
from tests.growth import measure_growth


def excludes(patterns: str, path: str) -> bool:
    scope = IgnoreScope().add(IgnoreFile(patterns.split("\n")))
    return scope.excludes(tuple(path.split("/")))


@pytest.mark.parametrize(
    ("patterns", "path", "ignored"),
    [
        ("build", "build/a.yaml", True),
        ("build", "src/build/a.yaml", True),
        ("/build", "src/build/a.yaml", False),
        ("build/", "build", False),
        ("*.yaml", "deep/er/a.yaml", True),
        ("a/*.yaml", "a/b/c.yaml", False),
        ("a/**/c.yaml", "a/c.yaml", True),
        ("a/**/c.yaml", "a/x/y/c.yaml", True),
        ("**/c.yaml", "c.yaml", True),
        ("a/**", "a/b.yaml", True),
        ("a/**", "a", False),
        ("# a", "# a", False),
        (r"\#a", "#a", True),
        (r"\!a", "!a", True),
        ("*.yaml\n!keep.yaml", "keep.yaml", False),
        ("gen/\n!gen/keep.yaml", "gen/keep.yaml", True),
        ("a  ", "a", True),
        ("a\\ ", "a ", True),
        ("[a-c].yaml", "b.yaml", True),
        ("[!a-c].yaml", "b.yaml", False),
        ("[[:digit:]].yaml", "7.yaml", True),
        ("[a", "[a", False),
        ("a?c", "abc", True),
        ("a\r", "a", True),
        ("/", "a", False),
    ],
)
def test_a_pattern_means_what_git_says(patterns: str, path: str, ignored: bool) -> None:  # noqa: FBT001
    assert excludes(patterns, path) is ignored


def test_the_nearest_ignore_file_wins() -> None:
    scope = IgnoreScope().add(IgnoreFile(["*.yaml"])).enter("kept").add(IgnoreFile(["!a.yaml"]))
    assert not scope.ignores("a.yaml", folder=False)
    assert scope.ignores("b.yaml", folder=False)


def test_no_pattern_makes_matching_slow() -> None:
    def match_stars(length: int) -> None:
        assert not excludes("*a" * 60 + "b", "a" * length)

    def match_folders(stars: int) -> None:
        assert not excludes("/".join(["**", "a"] * stars + ["b"]), "/".join("a" * 200))

    assert measure_growth(match_stars, 2_000, 8) < 20
    assert measure_growth(match_folders, 5, 8) < 20


def test_git_decides_alike(tmp_path: Path) -> None:
    patterns = [
        "*.tmp", "/top", "deep/**/x", "**/gen/", "!gen/", "a/b", "[ab]?.yaml", "q\\*", "!keep.tmp",
    ]  # fmt: skip
    paths = [
        "a.tmp", "keep.tmp", "s/keep.tmp", "top", "s/top", "deep/x", "deep/1/2/x", "gen/a",
        "s/gen/a", "a/b", "s/a/b", "a/b/c", "a1.yaml", "c1.yaml", "q*", "qa", "deep/1/2/y",
    ]  # fmt: skip
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    for count in range(1, len(patterns) + 1):
        text = "\n".join(patterns[:count])
        (tmp_path / ".gitignore").write_text(text)
        answer = subprocess.run(
            ["git", "-C", tmp_path, "check-ignore", "--no-index", "--stdin"],
            input="\n".join(paths),
            capture_output=True,
            text=True,
            check=False,
        )
        assert {path for path in paths if excludes(text, path)} == set(answer.stdout.split())
