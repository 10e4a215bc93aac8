"""The ``mlgate`` command: finds the subcommand and leaves the rest to its module."""

import os
import sys

from linter.errors import BROKEN_PIPE, CRASHED, INTERRUPTED, USAGE_ERROR, UserError
from linter.input.repository import find_place
from linter.streams import UnwritableError, open_streams
from linter.subcommands import READER_VARIABLE, SUBCOMMANDS, load_subcommand, read_arguments
from rules.type_names import NoReturn, TextIO


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
        find_place()
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
    arguments = read_arguments(name, argv[1:], os.environ, stdin)
    code: int = load_subcommand(name).run(arguments, out, err)
    out.flush()
    return code


def _answer(argv: list[str], out: TextIO, err: TextIO) -> int:
    """What can be said without a subcommand: help, the version, that there is no such command."""
    import argparse

    from linter.command_parser import CommandParser, TerminalHelp

    listing = "\n".join(f"  {name:<16}{one.summary}" for name, one in SUBCOMMANDS.items())
    parser = CommandParser(
        prog="mlgate",
        usage="mlgate COMMAND ... | mlgate --version [--verbose]",
        description="Policy linter and admission webhook for machine-learning workloads.",
        epilog=f"commands:\n{listing}\n\n`mlgate COMMAND --help` describes each in full.",
        formatter_class=TerminalHelp,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="store_true", help="print the version")
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="with --version, name the YAML reader in use"
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
    wanted = os.environ.get(READER_VARIABLE)
    if not wanted:
        return
    from rules import composition

    if wanted not in composition.READERS:
        there = " or ".join(sorted(composition.READERS))
        raise UserError(f"mlgate: {READER_VARIABLE} is {wanted}; here it can be {there}")
    composition.reader = wanted


def _refuse_stranger() -> None:
    """``rules`` is also the name of another distribution's package: stop where that one is
    found."""
    import rules

    if getattr(rules, "DISTRIBUTION", None) != "mlgate":
        raise UserError(
            f"mlgate: the package `rules` that Python finds ({rules.__file__}) is not mlgate's. "
            "Install mlgate into an environment of its own, as pipx and `uv tool` do."
        )
