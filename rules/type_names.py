"""The names of ``typing`` that annotations use, without ``typing`` at run time.

To import that takes as long as to read and judge a small object, and nothing of it is used but
words in annotations. Type checkers see ``typing`` itself.
"""

__all__ = [
    "TYPE_CHECKING", "Any", "BinaryIO", "NewType", "NoReturn", "Protocol", "Self", "TextIO",
    "TypeAlias", "TypeVar", "cast",
]  # fmt: skip

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import (
        Any,
        BinaryIO,
        NewType,
        NoReturn,
        Protocol,
        Self,
        TextIO,
        TypeAlias,
        TypeVar,
        cast,
    )
else:

    class Any:
        """Stands for every name that is only a word in annotations."""

    BinaryIO = NoReturn = Protocol = Self = TextIO = TypeAlias = Any

    def TypeVar(_name: str) -> type:  # noqa: N802 - as the library has it
        return Any

    def NewType(_name: str, of: type) -> type:  # noqa: N802
        return of

    def cast(_to: object, value: object) -> object:
        return value
