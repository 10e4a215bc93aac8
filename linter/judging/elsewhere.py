"""Places in other objects of a run that a finding refers to."""

from itertools import takewhile

from linter.input.documents import Entry
from linter.input.pieces import Piece, read_piece
from linter.input.sources import Source, SourceError
from rules.inventory import Inventory
from rules.model import ObjectKey
from rules.paths import Path
from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from rules.reader import Span

_Place = tuple[str, int, Path]
"""File, number of the document, and where the object stands in it: what an inventory has for a
source."""


def source_of(entry: Entry) -> _Place:
    """What to give an inventory for an entry's source."""
    return entry.file, entry.document.number, entry.prefix


class Elsewhere:
    """Finds the documents of other objects: those of this process in ``entries``, the others by
    reading them once more, since few findings ask. ``texts`` are the pieces of what was read before
    the run was split, by file."""

    def __init__(
        self,
        inventory: Inventory,
        entries: "Callable[[], Iterable[Entry]]",
        texts: "Mapping[str, Sequence[Piece]] | None" = None,
    ) -> None:
        self._inventory = inventory
        self._entries = entries
        self._texts = texts or {}
        self._read: dict[Piece, list[Entry]] = {}
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

    def let_go(self) -> None:
        """Hold no document of this process any more: whoever asks for one has it read again."""
        self._own = {}

    def _open(self, place: _Place) -> Entry | None:
        if self._own is None:
            self._own = {source_of(entry): entry for entry in self._entries()}
        if place in self._own:
            return self._own[place]
        return next((one for one in self._read_entries(place) if source_of(one) == place), None)

    def _read_entries(self, place: _Place) -> list[Entry]:
        """The objects of the piece that another process has judged: none where it is gone."""
        file, number, _ = place
        pieces = self._texts.get(file) or [
            Piece(file, Source(file, file, 0, named=False), named=False, size=0)
        ]
        piece = pieces[number if len(pieces) > 1 else 0]
        if piece not in self._read:
            try:
                self._read[piece] = list(read_piece(piece)[1].entries)
            except SourceError:
                self._read[piece] = []
        return self._read[piece]


def _nearness(file: str, other: str) -> int:
    """How many folders, and the name, two paths have in common."""
    pairs = zip(file.split("/"), other.split("/"), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
