"""Places in other objects of a run, which a finding on one object speaks of."""

from itertools import takewhile
from typing import TYPE_CHECKING

from linter.input.documents import Entry, read_contents
from linter.input.sources import Source, SourceError, read_source
from rules.inventory import Inventory
from rules.model import ObjectKey
from rules.paths import Path
from rules.reader import ReadError, decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rules.reader import Span

_Place = tuple[str, int, Path]
"""File, number of the document, and where the object stands in it: what an inventory has for a
source."""


def source_of(entry: Entry) -> _Place:
    """What to give an inventory for an entry's source."""
    return entry.file, entry.document.number, entry.prefix


class Elsewhere:
    """Finds the documents of other objects: those of this process in ``entries``, the others by
    reading their file once more, since few findings ask."""

    def __init__(self, inventory: Inventory, entries: "Callable[[], Iterable[Entry]]") -> None:
        self._inventory = inventory
        self._entries = entries
        self._files: dict[str, list[Entry]] = {}
        self._own: dict[_Place, Entry] | None = None

    def find(self, key: ObjectKey, path: Path, near: str) -> "tuple[Entry, Span] | None":
        """The entry of the object ``key``, and where ``path`` stands; None where it is in no file
        that can be read. Of several that call themselves that the one nearest to the file
        ``near``."""
        places = [one.source for one in self._inventory.find(key) if one.source is not None]
        for place in sorted(places, key=lambda place: (-_nearness(place[0], near), place)):
            entry = self._open(place)
            if entry is not None:
                return entry, entry.document.span((*entry.prefix, *path))
        return None

    def _open(self, place: _Place) -> Entry | None:
        if self._own is None:
            self._own = {source_of(entry): entry for entry in self._entries()}
        if place in self._own:
            return self._own[place]
        file = place[0]
        if file not in self._files:
            self._files[file] = _read_entries(file)
        return next((one for one in self._files[file] if source_of(one) == place), None)


def _nearness(file: str, other: str) -> int:
    """How many folders, and the name, two paths have in common."""
    pairs = zip(file.split("/"), other.split("/"), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _read_entries(file: str) -> list[Entry]:
    """The objects of a file that another process has judged: none where it is gone."""
    try:
        text = decode(read_source(Source(file, file, 0, named=False)))
        return list(read_contents(file, text).entries)
    except (SourceError, ReadError):
        return []
