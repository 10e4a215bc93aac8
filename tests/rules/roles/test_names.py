"""What is called after machine learning."""

import pytest

from rules.roles.vocabulary import sounds_like_ml


@pytest.mark.parametrize(
    ("names", "sounds"),
    [
        (("bert-api", "web", None), True),
        (("web", "model", "nginx"), True),
        (("web", "main", "org/llm:1"), True),
        (("web", "main", "org/Trainer-v2"), True),
        (("html", "restrain", "org/aircraft"), False),
        ((None, "", None), False),
    ],
)
def test_a_whole_word_tells(names: tuple[str | None, ...], sounds: bool) -> None:  # noqa: FBT001
    assert sounds_like_ml(*names) is sounds
