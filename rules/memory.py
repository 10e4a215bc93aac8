"""Memory of what was made of a text: a webhook is shown an object twice, and at each update again.

It is bounded in both ways: the last texts alone are kept, and none that is long, for nobody should
be able to fill it.
"""

from collections.abc import Callable

from rules.type_names import Any, TypeVar

_T = TypeVar("_T")


def remember(size: int, longest: int) -> Callable[[Callable[[str], _T]], Callable[[str], _T]]:
    """A decorator for a function of a text: it remembers ``size`` results, each of a text of at
    most ``longest`` characters. Results must not be changed."""

    def decorate(read: Callable[[str], _T]) -> Callable[[str], _T]:
        # The look-up itself is the function: what is known takes no call of Python's.
        return _Memory(read, size, longest).__getitem__

    return decorate


class _Memory(dict[str, Any]):
    """Texts and what was made of each. When it is full it begins anew."""

    def __init__(self, read: Callable[[str], Any], size: int, longest: int) -> None:
        super().__init__()
        self._read = read
        self._size = size
        self._longest = longest

    def __missing__(self, text: str) -> Any:
        found = self._read(text)
        if len(text) <= self._longest:
            if len(self) >= self._size:
                self.clear()
            self[text] = found
        return found
