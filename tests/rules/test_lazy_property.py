"""Properties that are computed late."""

from rules.lazy_property import lazy_property


class Counted:
    """An object with one such property, and how often it was computed."""

    def __init__(self) -> None:
        self.times = 0

    @lazy_property
    def total(self) -> int:
        """What it comes to."""
        self.times += 1
        return 7


def test_it_is_computed_when_it_is_first_asked_for_and_then_kept() -> None:
    counted = Counted()
    assert counted.times == 0
    assert [counted.total, counted.total] == [7, 7]
    assert counted.times == 1


def test_each_object_has_its_own() -> None:
    first, second = Counted(), Counted()
    assert first.total == second.total
    assert (first.times, second.times) == (1, 1)


def test_the_class_shows_what_it_says_of_itself() -> None:
    assert Counted.total.__doc__ == "What it comes to."
