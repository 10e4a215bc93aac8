"""Which of the fixes that a run offers are wanted, and how many: known without making any.

Apart from what makes them, which takes longer to import than a file to judge.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from linter.row_types import FindingRow


class FixSelection(NamedTuple):
    """Which fixes are wanted: those of the findings that are shown."""

    unsafe: bool = False
    audit: bool = False

    def wants(self, row: "FindingRow") -> bool:
        """Whether the finding is shown, and its fix safe enough."""
        fix = row["fix"]
        return fix is not None and self.shows(row) and (self.unsafe or fix["safety"] == "safe")

    def shows(self, row: "FindingRow") -> bool:
        """Whether the finding is shown."""
        return row["action"] in ("deny", "warn") or (self.audit and row["action"] == "audit")


def summarize_fixable(rows: "Iterable[FindingRow]", selection: FixSelection) -> str:
    """The report's last line about fixes; empty where there are none."""
    safety = [row["fix"]["safety"] for row in rows if row["fix"] and selection.shows(row)]
    if not safety:
        return ""
    safe = safety.count("safe")
    more = f" ({len(safety) - safe} more with --unsafe-fixes)" if safe < len(safety) else ""
    return f"{safe} fixable with --fix{more}"
