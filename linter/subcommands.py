"""The subcommands of ``mlgate``: which there are, where each is, and how its words are read."""

import argparse
import importlib
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from linter.errors import UserError
from rules.record import NamedTuple

if TYPE_CHECKING:
    from _typeshed import SupportsWrite


class Subcommand(NamedTuple):
    """A subcommand: the module that holds ``add_arguments`` and ``run``, and its line of help."""

    module: str
    summary: str


SUBCOMMANDS = {
    "lint": Subcommand("linter.commands.lint", "find what is wrong in manifests"),
    "scan": Subcommand("linter.commands.scan", "find what is wrong in a live cluster"),
    "promote": Subcommand(
        "linter.commands.promote", "say which rules may warn or deny, by what a scan found"
    ),
    "dashboard": Subcommand("linter.commands.dashboard", "show a live cluster in a browser"),
    "explain": Subcommand("linter.commands.explain", "print what a rule means and why"),
    "rules": Subcommand("linter.commands.rules", "list the rules"),
    "policy": Subcommand("linter.commands.policy", "check, show, compare or draft a policy file"),
    "init": Subcommand("linter.commands.init", "write a first policy, hooks and a step of CI"),
    "completion": Subcommand("linter.commands.completion", "print what a shell completes by"),
    "serve": Subcommand("webhook.commands.serve", "answer admission reviews of a cluster"),
    "review": Subcommand("webhook.commands.review", "replay a recorded admission review"),
    "webhook-config": Subcommand(
        "webhook.commands.webhook_config", "print the webhook's configurations"
    ),
}
"""Modules are named, and imported only when called: ``lint`` pays for no other's imports."""


class FixedWidthFormatter(argparse.RawDescriptionHelpFormatter):
    """Help of a fixed width: argparse would import shutil, and every compressor with it, to ask
    the terminal for its own each time that an argument is added."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=100)


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
        if not any(name.startswith("MLGATE_") for name in environ):
            return []
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


def make_parser(name: str) -> CommandParser:
    """The parser of a subcommand. Raises ImportError where its extra is not installed."""
    return load_subcommand(name)[1]


def load_subcommand(name: str) -> tuple[Any, CommandParser]:
    """A subcommand's module, and its parser."""
    module = importlib.import_module(SUBCOMMANDS[name].module)
    parser = CommandParser(
        prog=f"mlgate {name}", allow_abbrev=False, formatter_class=FixedWidthFormatter
    )
    module.add_arguments(parser)
    return module, parser
