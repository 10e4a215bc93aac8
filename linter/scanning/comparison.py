"""A scan held against the report of an earlier one."""

import json

from linter.errors import UserError
from linter.reports.terminal import escape
from rules.type_names import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from linter.row_types import RunResult

_MOST_MENDED = 20


def read_fingerprints(file: str | None) -> set[str] | None:
    """The fingerprints in a JSON report of an earlier scan."""
    if file is None:
        return None
    try:
        with open(file, encoding="utf-8") as text:
            report = json.load(text)
        return {row["fingerprint"] for row in report["findings"]}
    except OSError as error:
        raise UserError(f"mlgate scan: cannot read {file}: {error.strerror}") from None
    except (ValueError, TypeError, KeyError):
        raise UserError(f"mlgate scan: {file} is no JSON report of mlgate's") from None


def keep_new(result: "RunResult", old: set[str], err: TextIO) -> "RunResult":
    """The result with its new findings alone; the others are counted, and what is gone is named."""
    fresh = [row for row in result["findings"] if row["fingerprint"] not in old]
    now = {row["fingerprint"] for row in result["findings"]}
    mended = sorted(old - now)
    err.write(f"{len(fresh)} new, {len(now & old)} as before, {len(mended)} gone\n")
    err.write("".join(f"gone: {escape(mark)}\n" for mark in mended[:_MOST_MENDED]))
    if len(mended) > _MOST_MENDED:
        err.write(f"gone: {len(mended) - _MOST_MENDED} more\n")
    return {**result, "findings": fresh}
