"""Which of the fixes that a run offers are wanted, and how many: known without making any.

Apart from what makes them, which takes longer to import than a file to judge.
"""

from rules.record import NamedTuple
from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from linter.judging.rows import RowOutcome
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
        return self.shows_action(row["action"])

    def shows_action(self, action: str) -> bool:
        """Whether findings of an action are shown."""
        return action in ("deny", "warn") or (self.audit and action == "audit")


def identify_finding(row: "FindingRow") -> tuple[str, int, str]:
    """What tells a finding from all others of a run, before and after fixes.

    Not its line: a fix further up in the file moves it.
    """
    return row["file"], row["document"], row["fingerprint"]


def summarize_fixable(counts: "Mapping[RowOutcome, int]", selection: FixSelection) -> str:
    """The report's last line about fixes of so many findings; empty where there are none."""
    number = {"": 0, "safe": 0, "unsafe": 0}
    for one, count in counts.items():
        number[one.safety] += count if selection.shows_action(one.action) else 0
    safe, unsafe = number["safe"], number["unsafe"]
    if not safe:
        return f"{unsafe} fixable with --fix --unsafe-fixes" if unsafe else ""
    return f"{safe} fixable with --fix{f' ({unsafe} more with --unsafe-fixes)' if unsafe else ''}"
