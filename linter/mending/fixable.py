"""Which of the fixes that a run offers are wanted, and how many: known without making any.

Apart from what makes them, which takes longer to import than a file to judge.
"""

from collections.abc import Iterable

from rules.record import NamedTuple
from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    from linter.row_types import FindingRow


class FixSelection(NamedTuple):
    """Which fixes are wanted: those of the findings that are shown."""

    unsafe: bool = False
    audit: bool = False

    def wants(self, row: "FindingRow") -> bool:
        """Whether the finding is shown, and its fix safe enough."""
        fix = row["fix"]
        if fix is None or "refused" in fix or not self.shows(row):
            return False
        return self.unsafe or fix["safety"] == "safe"

    def shows(self, row: "FindingRow") -> bool:
        """Whether the finding is shown."""
        return row["action"] in ("deny", "warn") or (self.audit and row["action"] == "audit")


def identify_finding(row: "FindingRow") -> tuple[str, int, str]:
    """What tells a finding from all others of a run, before and after fixes.

    Not its line: a fix further up in the file moves it.
    """
    return row["file"], row["document"], row["fingerprint"]


def summarize_fixable(rows: "Iterable[FindingRow]", selection: FixSelection) -> str:
    """The report's last line about fixes; empty where there are none."""
    every = selection._replace(unsafe=True)
    safety = [row["fix"]["safety"] for row in rows if row["fix"] and every.wants(row)]
    safe = safety.count("safe")
    unsafe = len(safety) - safe
    if not safe:
        return f"{unsafe} fixable with --fix --unsafe-fixes" if unsafe else ""
    return f"{safe} fixable with --fix{f' ({unsafe} more with --unsafe-fixes)' if unsafe else ''}"
