"""argparse's parser as every subcommand has it."""

import argparse
import os
import sys
from collections.abc import Mapping

from linter.errors import UserError
from rules.type_names import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from _typeshed import SupportsWrite


HELP_COLUMNS = 100
"""The width of help: on a terminal with fewer columns, that of the terminal."""


class TerminalHelp(argparse.RawDescriptionHelpFormatter):
    """Help that fits the terminal. argparse would import shutil, and every compressor with it, to
    ask for the width each time that an argument is added."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_count_columns())


def _count_columns() -> int:
    try:
        columns = os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError):  # not a terminal
        return HELP_COLUMNS
    return min(columns, HELP_COLUMNS) if columns else HELP_COLUMNS


class CommandParser(argparse.ArgumentParser):
    """argparse whose complaints are UserErrors, and whose help is not lost in silence where it
    cannot be written."""

    def print_help(self, file: "SupportsWrite[str] | None" = None) -> None:
        (file or sys.stdout).write(self.format_help())
        sys.stdout.flush()

    def error(self, message: str) -> NoReturn:
        unknown = message.removeprefix("unrecognized arguments: ")
        if unknown != message:
            message = self._tell_unknown(unknown.split()[0])
        raise UserError(f"{self.prog}: {message} (`{self.prog} --help` lists all options)")

    def read_environment(self, environ: Mapping[str, str], given: list[str]) -> list[str]:
        """Options that take a value, as ``MLGATE_`` variables state them, but for those given."""
        said = {word.partition("=")[0] for word in given}
        words = []
        for action in self._actions:
            long = next((one for one in action.option_strings if one.startswith("--")), "")
            value = environ.get("MLGATE_" + long[2:].upper().replace("-", "_"))
            takes_value = long and action.nargs is None
            if value and takes_value and said.isdisjoint(action.option_strings):
                words.append(f"{long}={value}")
        return words

    def _tell_unknown(self, word: str) -> str:
        from rules.wording import suggestion

        flag = word.partition("=")[0]
        known = tuple(name for name in self._option_string_actions if name.startswith("--"))
        what = "no option" if flag.startswith("-") else "no use for"
        return f"{what} {word}{suggestion(flag, known)}"
