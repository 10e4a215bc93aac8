"""Named tuples of ours behave as those of the library."""

import typing
from collections.abc import Callable
from typing import Any

import pytest

from rules.record import NamedTuple


class Ours(NamedTuple):
    """A place."""

    line: int
    column: int = 1
    marks: tuple[str, ...] = ()

    @property
    def first(self) -> bool:
        return self.column == 1


class Theirs(typing.NamedTuple):
    """A place."""

    line: int
    column: int = 1
    marks: tuple[str, ...] = ()

    @property
    def first(self) -> bool:
        return self.column == 1


def outcome(use: Callable[[Any], Any], kind: Any) -> Any:
    """What comes of it, under one name for both classes; of a mistake its type."""
    try:
        found = use(kind)
    except (TypeError, ValueError, AttributeError) as error:
        return type(error)
    return found.replace("Theirs", "Ours") if isinstance(found, str) else found


def match(place: Any, kind: Any) -> Any:
    match place:
        case kind(line, column):
            return line, column
    return None


@pytest.mark.parametrize(
    "use",
    [
        lambda kind: tuple(kind(1)),
        lambda kind: tuple(kind(1, marks=("a",))),
        lambda kind: tuple(kind(line=1, column=2)),
        lambda kind: kind(),
        lambda kind: kind(1, 2, (), 4),
        lambda kind: kind(1, length=2),
        lambda kind: repr(kind(1, 2)),
        lambda kind: kind(1) == (1, 1, ()),
        lambda kind: hash(kind(1)) == hash((1, 1, ())),
        lambda kind: kind(1)._replace(column=3).first,
        lambda kind: type(kind(1)._replace(column=3)) is kind,
        lambda kind: kind(1)._replace(length=3),
        lambda kind: kind(1)._asdict(),
        lambda kind: tuple(kind._make([1, 2, ()])),
        lambda kind: kind._make([1]),
        lambda kind: kind._fields,
        lambda kind: kind._field_defaults,
        lambda kind: kind.__doc__,
        lambda kind: kind.__name__,
        lambda kind: kind(1).__getnewargs__(),
        lambda kind: match(kind(1, 2), kind),
        lambda kind: setattr(kind(1), "line", 2),
        lambda kind: setattr(kind(1), "length", 2),
    ],
)
def test_it_behaves_as_the_library_has_it(use: Callable[[Any], Any]) -> None:
    assert outcome(use, Ours) == outcome(use, Theirs)


def test_a_class_says_which_of_its_fields_is_missing() -> None:
    with pytest.raises(TypeError, match="'line'"):
        typing.cast("Any", Ours)()
