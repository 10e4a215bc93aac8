"""What one run finds and another does not, or with another action."""

from collections.abc import Iterable

from rules.record import NamedTuple
from rules.type_names import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linter.row_types import FindingRow

NOTHING = "nothing"
TOLD_ACTIONS = ("deny", "warn")
"""What somebody is told of."""


class FindingChange(NamedTuple):
    """What becomes of a finding: its action before and after, ``NOTHING`` where it is not found.
    ``row`` is the finding, as it is in the end."""

    row: "FindingRow"
    before: str
    after: str

    @property
    def counts(self) -> bool:
        """Whether users see it: it warns or denies, before or after."""
        return self.before in TOLD_ACTIONS or self.after in TOLD_ACTIONS


def compare_findings(
    before: Iterable["FindingRow"], after: Iterable["FindingRow"]
) -> list[FindingChange]:
    """The findings that one run has and the other has not, or with another action. They are told
    by file, document and fingerprint, of several with one fingerprint in their order."""
    pending: dict[Any, list[FindingRow]] = {}
    for row in before:
        pending.setdefault(_key(row), []).append(row)
    changes = []
    for row in after:
        held = pending.get(_key(row))
        changes.append(
            FindingChange(row, held.pop(0)["action"] if held else NOTHING, row["action"])
        )
    lost = (row for rows in pending.values() for row in rows)
    changes += [FindingChange(row, row["action"], NOTHING) for row in lost]
    changed = (one for one in changes if one.before != one.after)
    return sorted(changed, key=lambda one: (one.row["file"], one.row["line"], one.row["rule"]))


class ChangeCounts(NamedTuple):
    """How many findings come, go, and get another action."""

    gained: int
    lost: int
    changed: int


def count_changes(changes: Iterable[FindingChange]) -> ChangeCounts:
    """The changes by what they are."""
    sorts = [(one.before == NOTHING, one.after == NOTHING) for one in changes]
    gained, lost = sorts.count((True, False)), sorts.count((False, True))
    return ChangeCounts(gained, lost, len(sorts) - gained - lost)


def _key(row: "FindingRow") -> tuple[str, int, str]:
    return row["file"], row["document"], row["fingerprint"]


def count_actions(rows: Iterable["FindingRow"]) -> dict[str, int]:
    """How many findings deny and warn."""
    found = [row["action"] for row in rows]
    return {action: found.count(action) for action in TOLD_ACTIONS}
