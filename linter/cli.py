"""The ``mlgate`` command: finds the subcommand and leaves the rest to its module."""

import argparse
import importlib
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from linter.errors import BROKEN_PIPE, CRASHED, INTERRUPTED, USAGE_ERROR, UserError
from linter.streams import UnwritableError, open_streams
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
    "explain": Subcommand("linter.commands.explain", "print what a rule means and why"),
    "rules": Subcommand("linter.commands.rules", "list the rules"),
    "policy": Subcommand("linter.commands.policy", "check, show, compare or draft a policy file"),
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


def run_console() -> NoReturn:
    """The console's entry: run the command and end the process, without the interpreter's
    clean-up, which costs more than linting a file."""
    import gc

    # Nearly everything lives until the end: a collection finds little, and looks at all of it.
    gc.disable()
    code = CRASHED
    try:
        open_streams()
        code = main(sys.argv[1:])
        sys.stderr.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        code = BROKEN_PIPE
    except UnwritableError:  # standard error cannot be written either
        code = USAGE_ERROR
    finally:
        error = sys.exc_info()[1]
        # os._exit would swallow the traceback too.
        if isinstance(error, Exception):
            sys.excepthook(type(error), error, error.__traceback__)
        os._exit(code)


def main(
    argv: list[str],
    *,
    stdin: TextIO | None = None,
    stdout: TextIO | None = None,
    stderr: TextIO | None = None,
) -> int:
    """Run one command; returns the exit code."""
    # Looked up here, not as defaults: run_console and tests put others in their place.
    out, err = stdout or sys.stdout, stderr or sys.stderr
    try:
        _refuse_stranger()
        choose_reader()
        return _dispatch(argv, stdin or sys.stdin, out, err)
    except UserError as error:
        err.write(f"{error}\n")
        return USAGE_ERROR
    except SystemExit as end:  # argparse, after --help
        return int(end.code or 0)


def _dispatch(argv: list[str], stdin: TextIO, out: TextIO, err: TextIO) -> int:
    name = argv[0] if argv else ""
    if name not in SUBCOMMANDS:
        return _answer(argv, out, err)
    module, parser = _load(name)
    # Of `serve` no option is read so: beside a Service of this name, Kubernetes sets MLGATE_PORT.
    stated = parser.read_environment(os.environ, argv[1:]) if name == "lint" else []
    words = [*stated, *argv[1:]]
    arguments = parser.parse_args(words, argparse.Namespace(stdin=stdin))
    code: int = module.run(arguments, out, err)
    out.flush()
    return code


def make_parser(name: str) -> CommandParser:
    """The parser of a subcommand. Raises ImportError where its extra is not installed."""
    return _load(name)[1]


def _load(name: str) -> tuple[Any, CommandParser]:
    """A subcommand's module, and its parser."""
    module = importlib.import_module(SUBCOMMANDS[name].module)
    parser = CommandParser(
        prog=f"mlgate {name}", allow_abbrev=False, formatter_class=FixedWidthFormatter
    )
    module.add_arguments(parser)
    return module, parser


def _answer(argv: list[str], out: TextIO, err: TextIO) -> int:
    """What can be said without a subcommand: help, the version, that there is no such command."""
    listing = "\n".join(f"  {name:<16}{one.summary}" for name, one in SUBCOMMANDS.items())
    parser = CommandParser(
        prog="mlgate",
        usage="mlgate COMMAND ... | mlgate --version [--verbose]",
        description="Policy linter and admission webhook for machine-learning workloads.",
        epilog=f"commands:\n{listing}\n\n`mlgate COMMAND --help` tells more of each.",
        formatter_class=FixedWidthFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="store_true", help="print the version")
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="with it, tell which YAML reader is in use"
    )
    parser.add_argument("command", nargs="?", help=argparse.SUPPRESS)
    # Flags of a misspelt subcommand are not what is wrong with the call.
    arguments, _ = parser.parse_known_args(argv)
    if arguments.version:
        _tell_version(out, verbose=arguments.verbose)
        out.flush()
        return 0
    if arguments.command:
        known = ", ".join(SUBCOMMANDS)
        raise UserError(f"mlgate: no command {arguments.command}; there are {known}")
    parser.print_help(err)
    return USAGE_ERROR


def _tell_version(out: TextIO, *, verbose: bool) -> None:
    import rules

    out.write(f"mlgate {rules.VERSION}\n")
    if verbose:
        from rules import composition

        out.write(f"reader {composition.describe()}\n")
        out.write(f"python {sys.version.split()[0]}\n")


def choose_reader() -> None:
    """``MLGATE_READER`` names the reader to use: ``pure``, or ``compiled``, which is then an error
    where it is not installed."""
    wanted = os.environ.get("MLGATE_READER")
    if not wanted:
        return
    from rules import composition

    if wanted not in composition.READERS:
        there = " or ".join(sorted(composition.READERS))
        raise UserError(f"mlgate: MLGATE_READER is {wanted}; here it can be {there}")
    composition.reader = wanted


def _refuse_stranger() -> None:
    """``rules`` is also the name of another distribution's package: stop where that one is
    found."""
    import rules

    if getattr(rules, "DISTRIBUTION", None) != "mlgate":
        raise UserError(
            f"mlgate: the package `rules` that Python finds ({rules.__file__}) is not mlgate's. "
            "Install mlgate by itself: `pipx install mlgate` or `uvx mlgate`."
        )
