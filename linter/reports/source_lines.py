"""The lines of the files that a report shows, without the credentials in them."""

from collections.abc import Callable

from linter.input.lines import split_lines
from rules.credentials import hide


class SourceLines:
    """Lines by file; findings come file by file, so that one file is kept. A file that cannot be
    read again has none."""

    def __init__(self, read_source: Callable[[str], str]) -> None:
        self._read_source = read_source
        self._file: str | None = None
        self._lines: list[str] = []

    def __call__(self, file: str) -> list[str]:
        if file != self._file:
            self._file = file
            try:
                text = self._read_source(file).removeprefix("\ufeff")
                self._lines = split_lines(hide(text))
            except OSError:
                self._lines = []
        return self._lines
