"""Regular expressions that are compiled late."""

import re

import pytest

from rules.lazy_pattern import LazyPattern


def test_a_pattern_is_compiled_when_it_is_first_used() -> None:
    late = LazyPattern("(")  # which is no regular expression
    with pytest.raises(re.error, match="unterminated"):
        late.search("")


def test_its_methods_are_those_of_the_compiled_pattern() -> None:
    late, compiled = LazyPattern("(a)B", re.IGNORECASE), re.compile("(a)B", re.IGNORECASE)
    for _ in range(2):
        assert late.findall("ab AB") == compiled.findall("ab AB")
        assert late.split("xaby") == compiled.split("xaby")
        assert late.sub("-", "xaby") == compiled.sub("-", "xaby")
        assert [one.span() for one in late.finditer("ab AB")] == [(0, 2), (3, 5)]
    assert late.search == late.search
