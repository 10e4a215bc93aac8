"""Memory of what was made of a text: a webhook is shown an object twice, and at each update again.

It is bounded in both ways: the last texts alone are kept, and none that is long, for nobody should
be able to fill it.
"""

from collections.abc import Callable
from functools import lru_cache, wraps

from rules.type_names import TypeVar

_T = TypeVar("_T")


def remember(size: int, longest: int) -> Callable[[Callable[[str], _T]], Callable[[str], _T]]:
    """A decorator for a function of a text: it remembers ``size`` results, each of a text of at
    most ``longest`` characters. Results must not be changed."""

    def decorate(read: Callable[[str], _T]) -> Callable[[str], _T]:
        kept = lru_cache(maxsize=size)(read)

        @wraps(read)
        def find(text: str) -> _T:
            return kept(text) if len(text) <= longest else read(text)

        return find

    return decorate
