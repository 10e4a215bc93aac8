"""Globs fit as the library's do."""

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.globs import fits_glob


@pytest.mark.parametrize(
    ("name", "pattern", "fits"),
    [
        ("nvidia.com/gpu", "nvidia.com/gpu*", True),
        ("nvidia.com/gpu.shared", "nvidia.com/gpu*", True),
        ("nvidia.com/mig-1g.5gb", "nvidia.com/gpu*", False),
        ("gpu.intel.com/i915_monitoring", "gpu.intel.com/*_monitoring", True),
        ("gpu-system", "*-system", True),
        ("Team", "team", False),
        ("aba", "ab*ba", False),
        ("abba", "ab*ba", True),
        ("a.b", "a?b", True),
        ("team-3", "team-[0-9]", True),
        ("", "*", True),
        ("", "", True),
    ],
)
def test_a_glob_fits_a_whole_name(name: str, pattern: str, fits: bool) -> None:  # noqa: FBT001 - a column
    assert fits_glob(name, pattern) is fits


@given(st.text("ab.*\n", max_size=8), st.text("ab.*?[]", max_size=8))
def test_globs_fit_as_those_of_the_library(name: str, pattern: str) -> None:
    assert fits_glob(name, pattern) == fnmatchcase(name, pattern)
