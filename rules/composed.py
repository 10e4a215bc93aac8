"""What composing one document takes and gives, whichever composer does it."""

from collections.abc import Sequence

from rules.marks import Marks, Repeated
from rules.record import NamedTuple
from rules.type_names import Any


class Limits(NamedTuple):
    """What one document may hold: levels of nesting, values that its aliases stand for, and
    parser events (a scalar is one, a mapping or list two)."""

    depth: int = 200
    aliases: int = 100_000
    events: int = 500_000


class Composed(NamedTuple):
    """A document's value and marks, its duplicate keys, and where in the text it ends."""

    value: Any = None
    marks: Marks = (None,)
    duplicates: Sequence[Repeated] = ()
    end: int = 0


class UnreadableError(Exception):
    """Text that is no YAML, or none that Kubernetes takes: where in the text, and why; with the
    index of what else the reason speaks of, as ``{line}``."""

    def __init__(self, index: int, reason: str, other: int | None = None) -> None:
        super().__init__(f"{index}: {reason}")
        self.index = index
        self.reason = reason
        self.other = other
