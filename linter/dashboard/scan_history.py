"""What became of the last scans, kept in a file for the next process."""

from collections.abc import Callable, Iterable

from pydantic import ValidationError

from linter.dashboard.answers import ScanSummary
from linter.errors import UserError
from linter.input.sources import explain_error
from linter.whole_file import write_whole

MOST_BYTES = 16 * 1024 * 1024


class HistoryFile:
    """A line of JSON for each scan, written anew as a whole after each. ``tell`` is given a line
    where it cannot be: scans go on."""

    def __init__(self, path: str, tell: Callable[[str], None]) -> None:
        self._path = path
        self._tell = tell

    def read(self) -> list[ScanSummary]:
        """The scans in it; none where there is no file yet. Raises UserError for one that is no
        history: it would be written over."""
        try:
            with open(self._path, encoding="utf-8") as file:
                text = file.read(MOST_BYTES)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._refuse(explain_error(error)) from None
        except UnicodeDecodeError:
            raise self._refuse("no text in UTF-8; name another file") from None
        # JSON does not escape all that ``splitlines`` takes for the end of a line.
        lines = enumerate(text.split("\n"), 1)
        return [self._read_line(number, line) for number, line in lines if line]

    def _refuse(self, reason: str) -> UserError:
        return UserError(f"mlgate dashboard: --history {self._path}: {reason}")

    def _read_line(self, number: int, line: str) -> ScanSummary:
        try:
            return ScanSummary.model_validate_json(line)
        except ValidationError:
            raise UserError(
                f"mlgate dashboard: --history {self._path}:{number}: no scan of a dashboard's; "
                "it would be written over: name another file"
            ) from None

    def write(self, scans: Iterable[ScanSummary]) -> None:
        """Replace what is in it."""
        # What could not be read is told of the last scan alone.
        lines = [one.model_dump_json(exclude={"errors"}) for one in scans]
        try:
            write_whole(self._path, "".join(f"{line}\n" for line in lines))
        except OSError as error:
            self._tell(f"the history {self._path} cannot be written: {error.strerror}")
