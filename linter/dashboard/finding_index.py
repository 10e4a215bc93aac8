"""Findings as programs ask for them: each as JSON, found by what it is about."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from linter.reports.json import dump_safely, export_finding_row

if TYPE_CHECKING:
    from linter.row_types import FindingRow


class FindingIndex:
    """The findings of a scan in their order. ``columns`` hold what each is about, by name."""

    def __init__(self, rows: "Iterable[FindingRow]", columns: Mapping[str, Sequence[str]]) -> None:
        self._texts = [dump_safely(export_finding_row(row), None).encode() for row in rows]
        self._columns = columns
        self._places = {name: _place(column) for name, column in columns.items()}

    def answer(self, wanted: Mapping[str, str], offset: int, limit: int) -> bytes:
        """A ``FindingPage`` as JSON, of the findings that have each value that is wanted."""
        found = self._find(wanted)
        shown = b",".join(self._texts[at] for at in found[offset : offset + limit])
        return b'{"total": %d, "offset": %d, "findings": [%s]}\n' % (len(found), offset, shown)

    def _find(self, wanted: Mapping[str, str]) -> Sequence[int]:
        held = [self._places[name].get(value, ()) for name, value in wanted.items()]
        if len(held) < 2:
            return held[0] if held else range(len(self._texts))
        tests = [(self._columns[name], value) for name, value in wanted.items()]
        fewest = min(held, key=len)
        return [at for at in fewest if all(column[at] == value for column, value in tests)]


def _place(column: Sequence[str]) -> dict[str, list[int]]:
    """Where each value stands."""
    places: dict[str, list[int]] = {}
    for at, value in enumerate(column):
        places.setdefault(value, []).append(at)
    return places
