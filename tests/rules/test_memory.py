"""What is remembered of texts: the last ones, and none that is long."""

from rules.memory import remember


def test_a_text_is_read_once_and_a_long_one_each_time() -> None:
    read: list[str] = []

    @remember(2, 3)
    def measure(text: str) -> int:
        read.append(text)
        return len(text)

    assert [measure(text) for text in ("one", "one", "four", "four")] == [3, 3, 4, 4]
    assert read == ["one", "four", "four"]


def test_no_more_is_kept_than_was_said() -> None:
    read: list[str] = []

    @remember(2, 3)
    def measure(text: str) -> int:
        read.append(text)
        return len(text)

    for text in ("a", "b", "c", "c", "a"):
        measure(text)
    assert read == ["a", "b", "c", "a"]
