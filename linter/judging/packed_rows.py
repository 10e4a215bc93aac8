"""Rows in their order: few as they are, many packed, in a thirtieth of the memory.

They come in any order. Past some thousand they are sorted and packed as a run, and the runs are
merged for whoever goes through them, so that a few rows of each are unpacked at a time.
"""

import marshal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from rules.type_names import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Collection

    RowOrder: TypeAlias = Callable[[Any], tuple[Any, ...]]
    """What rows are sorted by."""

RowRun: TypeAlias = list[Any]
"""Some rows, in no order, or packed and in order: plain data, for another process."""

MOST_LOOSE = 2_000
"""Rows that are held as they are, in each process."""
_PACKET = 100
"""Rows that are packed together: so many of each run are unpacked at a time."""


class RowCollector:
    """Takes the rows of one process, in any order, and keeps those that are wanted."""

    def __init__(self, order: "RowOrder", wants: Callable[[Any], bool] | None = None) -> None:
        self._order = order
        self._wants = wants
        self._packed: list[RowRun] = []
        self._loose: RowRun = []

    def add(self, rows: Iterable[Any]) -> None:
        """Take some more."""
        for row in filter(self._wants, rows):
            self._loose.append(row)
            if len(self._loose) == MOST_LOOSE:
                self._packed.append(_pack(self._loose, self._order))
                self._loose = []

    def list_runs(self) -> list[RowRun]:
        """All rows so far."""
        return [*self._packed, self._loose] if self._loose else self._packed


def keep_rows(rows: Iterable[Any], order: "RowOrder") -> "Collection[Any]":
    """Rows of one process, in order."""
    collector = RowCollector(order)
    collector.add(rows)
    return join_runs(collector.list_runs(), order)


def join_runs(runs: Iterable[RowRun], order: "RowOrder") -> "Collection[Any]":
    """All rows of some runs, in order."""
    runs = list(runs)
    if any(map(_is_packed, runs)):
        packed = [one if _is_packed(one) else _pack(one, order) for one in runs]
        return PackedRows(packed, order)
    return sorted(chain.from_iterable(runs), key=order)


class PackedRows:
    """Findings, or other rows, in order. Whoever goes through them gets each anew: what is changed
    in one is gone with it."""

    def __init__(self, runs: Sequence[RowRun], order: "RowOrder") -> None:
        self._runs = runs
        self._order = order
        self._turns: Sequence[int] | None = None
        """The run of each row, in order, when somebody has gone through all of them."""
        self._counts: dict[Callable[[Any], Any], Counter[Any]] = {}

    def __len__(self) -> int:
        return sum(len(run[:-1]) * _PACKET + len(_open(run[-1])) for run in self._runs)

    def __iter__(self) -> Iterator[Any]:
        if self._turns is None:
            return self._merge()
        unpacked = [_unpack(run) for run in self._runs]
        return (next(unpacked[turn]) for turn in self._turns)

    def __contains__(self, row: object) -> bool:
        return any(one == row for one in self)

    def _merge(self) -> Iterator[Any]:
        from array import array
        from heapq import merge

        turns = array("I")
        # Rows themselves are never compared: those of one run stand in order.
        for _, turn, row in merge(*map(self._number, range(len(self._runs)))):
            turns.append(turn)
            yield row
        self._turns = turns

    def _number(self, turn: int) -> Iterator[tuple[Any, ...]]:
        return ((self._order(row), turn, row) for row in _unpack(self._runs[turn]))

    def count_by(self, key: Callable[[Any], Any]) -> "Counter[Any]":
        """How many rows have each key: counted once, however many ask."""
        if key not in self._counts:
            self._counts[key] = Counter(map(key, self))
        return self._counts[key]


def count_by(rows: Iterable[Any], key: Callable[[Any], Any]) -> "Counter[Any]":
    """How many rows have each key."""
    return rows.count_by(key) if isinstance(rows, PackedRows) else Counter(map(key, rows))


def _is_packed(run: RowRun) -> bool:
    return isinstance(run[0], bytes)


def _pack(rows: RowRun, order: "RowOrder") -> RowRun:
    from zlib import compress

    rows = sorted(rows, key=order)
    parts = (rows[start : start + _PACKET] for start in range(0, len(rows), _PACKET))
    return [compress(marshal.dumps(part), 1) for part in parts]


def _unpack(run: RowRun) -> Iterator[Any]:
    for packet in run:
        yield from _open(packet)


def _open(packet: bytes) -> list[Any]:
    from zlib import decompress

    rows: list[Any] = marshal.loads(decompress(packet))  # noqa: S302 - packed by ourselves
    return rows
