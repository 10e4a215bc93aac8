"""What ``--fix`` did, and what it left: a line for each."""

from collections.abc import Iterable

from linter.reports.summary import count
from linter.reports.terminal import escape
from linter.reports.text import locate
from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    from linter.row_types import FindingRow


def render_fixes(rows: "Iterable[FindingRow]") -> str:
    """The findings that were mended, where they stood, and how many there are."""
    lines = [_draw(row, f"fixed: {row['fix']['title'] if row['fix'] else ''}") for row in rows]
    return "".join([*lines, f"{len(lines)} fixed\n"])


def render_refusals(refusals: "Iterable[tuple[FindingRow, str]]") -> str:
    """Fixes that were wanted and could not be made."""
    return "".join(_draw(row, f"not fixed: {reason}") for row, reason in refusals)


def render_ignored(number: int, files: int, refusals: "Iterable[tuple[FindingRow, str]]") -> str:
    """How many findings have a comment now that ignores them, and those that have none."""
    lines = [_draw(row, f"not ignored: {reason}") for row, reason in refusals]
    return "".join([*lines, f"{count(number, 'finding')} ignored in {count(files, 'file')}\n"])


def _draw(row: "FindingRow", text: str) -> str:
    return f"{locate(row)}: {row['rule']} {escape(text)}\n"
