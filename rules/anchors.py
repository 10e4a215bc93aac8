"""What the aliases and merges of one document stand for, and how much that may be together."""

from rules.composed import UnreadableError
from rules.marks import Extent
from rules.scalars import quoted
from rules.type_names import Any, NoReturn

_LINE = 64  # characters


class Anchors:
    """The anchors met so far; ``most`` is how many values all aliases together may stand for, so
    that ten lines of aliases to aliases cannot become a billion values."""

    __slots__ = ("_known", "_most", "_spent")

    def __init__(self, most: int) -> None:
        self._known: dict[str, tuple[Any, Any] | None] = {}
        self._most = most
        self._spent = 0

    def begin(self, name: str) -> None:
        """Note that a mapping or list of that name has begun: it is not whole yet."""
        self._known[name] = None

    def add(self, name: str, value: Any, mark: Any) -> None:
        """Note a whole value, with its mark (an extent for a scalar)."""
        self._known[name] = value, mark

    def resolve(self, alias: Any) -> tuple[Any, Any]:
        """The value and the mark that an alias event stands for. Raises UnreadableError."""
        name = alias.anchor
        if name not in self._known:
            refuse(alias, f"unknown anchor {quoted(name)}")
        found = self._known[name]
        if found is None:
            refuse(alias, f"anchor {quoted(name)} contains itself")
        self._spent += _size(found[0], self._most)
        if self._spent > self._most:
            refuse(alias, f"aliases stand for more than {self._most} values")
        return found


def _size(value: Any, limit: int) -> int:
    """How many values ``value`` holds, itself among them; counted to just beyond ``limit``. A text
    counts once a line, for whoever reads it reads all of it."""
    size, inside = 0, [value]
    while inside and size <= limit:
        value = inside.pop()
        size += 1
        if isinstance(value, dict):
            inside.extend(value.values())
        elif isinstance(value, list):
            inside.extend(value)
        elif isinstance(value, str):
            size += len(value) // _LINE
    return size


def list_sources(value: Any, mark: Any) -> list[tuple[Any, Any]]:
    """What is to be merged, from the last to the first: of a list the earlier ones win."""
    if isinstance(value, dict):
        return [(value, mark)]
    return list(zip(value, mark[1:], strict=True))[::-1]


def extent(event: Any) -> Extent:
    """Where an event stands in the text."""
    return event.start_mark.index, event.end_mark.index


def refuse(event: Any, reason: str) -> NoReturn:
    """Say that the text cannot be read from ``event`` on."""
    raise UnreadableError(event.start_mark.index, reason)
