"""Closed sets of ours behave as enumerations of the library."""

import copy
import enum
import json
from collections.abc import Callable
from typing import Any

import pytest

from rules.closed_set import StrEnum


class Ours(StrEnum):
    """How sure something is."""

    HIGH = "high"
    LOW = "very low"

    @property
    def sure(self) -> bool:
        return self is type(self).HIGH


class Theirs(enum.StrEnum):
    """How sure something is."""

    HIGH = "high"
    LOW = "very low"

    @property
    def sure(self) -> bool:
        return self is type(self).HIGH


def outcome(use: Callable[[Any], Any], kind: Any) -> Any:
    """What comes of it, under one name for both classes; of a mistake its type and its words."""
    try:
        return repr(use(kind)).replace("Theirs", "Ours")
    except (TypeError, ValueError, AttributeError) as error:
        return type(error), str(error).replace("Theirs", "Ours")


@pytest.mark.parametrize(
    "use",
    [
        list,
        len,
        lambda kind: kind("high") is kind.HIGH,
        lambda kind: kind("none"),
        lambda kind: kind(kind.LOW) is kind.LOW,
        lambda kind: (kind.HIGH.name, kind.HIGH.value, kind.LOW.sure, kind.HIGH.sure),
        lambda kind: type(kind.LOW.value),
        lambda kind: (str(kind.LOW), type(str(kind.LOW)), f"{kind.LOW:>10}", "%s" % kind.LOW),  # noqa: UP031
        lambda kind: (kind.LOW == "very low", kind.LOW == "LOW", {"very low": 1}[kind.LOW]),
        lambda kind: {kind.HIGH: 1}["high"],
        lambda kind: (kind.HIGH in kind, isinstance(kind.HIGH, str), isinstance(kind.HIGH, kind)),
        lambda kind: json.dumps({kind.HIGH: kind.LOW}),
        lambda kind: copy.deepcopy(kind.LOW) is kind.LOW,
        sorted,
        lambda kind: kind.HIGH.upper(),
        lambda kind: kind.__doc__,
    ],
)
def test_it_is_as_the_librarys(use: Callable[[Any], Any]) -> None:
    assert outcome(use, Ours) == outcome(use, Theirs)
