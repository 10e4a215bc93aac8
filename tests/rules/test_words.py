"""Names that are a slip of the pen away from others."""

import pytest

from rules.words import find_spelling
from tests.growth import measure_growth

NAMES = (
    "backoffLimit",
    "resources",
    "hostIPC",
    "hostPID",
    "env",
    "command",
    "args",
    "volumeMounts",
)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("backoffLimt", "backoffLimit"),
        ("back_off_limit", "backoffLimit"),
        ("BackoffLimit", "backoffLimit"),
        ("backoff-limits", "backoffLimit"),
        ("backofLimitt", "backoffLimit"),
        ("resource", "resources"),
        ("volumeMonts", "volumeMounts"),
        ("hostIpc", "hostIPC"),
        ("hostPDI", "hostPID"),
        ("evn", "env"),
        ("comand", "command"),
        ("arg", "args"),
    ],
)
def test_a_slip_is_told_from_the_name_that_is_meant(said: str, meant: str) -> None:
    assert find_spelling(said, NAMES) == meant


@pytest.mark.parametrize("said", ["", "en", "envs2", "axgs", "limit", "backLimit", "x" * 9])
def test_another_word_is_no_slip(said: str) -> None:
    assert find_spelling(said, NAMES) is None


def test_a_long_word_costs_no_more_than_reading_it() -> None:
    assert measure_growth(lambda size: find_spelling("x" * size, NAMES * 50), 10_000, 8) < 20
