"""Questions about other objects, and what may come back."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias


class Reference(NamedTuple):
    """Another object, by what the referring one says of it. Any of ``kinds`` will do."""

    group: str
    kinds: tuple[str, ...]
    namespace: str | None
    name: str


class Answer(StrEnum):
    """What a look-up says. Unknown is no evidence."""

    FOUND = "found"
    ABSENT = "absent"
    UNKNOWN = "unknown"


Ask: TypeAlias = Callable[[Reference, str], tuple[Answer, Any]]
"""(reference, fact) -> what the inventory says of that fact of that object."""
