"""The subcommands of ``mlgate``: which there are, where each is, and how its words are read."""

from collections.abc import Mapping
from types import SimpleNamespace

from linter.option_table import OptionTable
from rules import import_module
from rules.record import NamedTuple
from rules.type_names import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from linter.command_parser import CommandParser


class Subcommand(NamedTuple):
    """A subcommand: the module that holds ``add_arguments`` and ``run``, and its line of help."""

    module: str
    summary: str


SUBCOMMANDS = {
    "lint": Subcommand("linter.commands.lint", "find what is wrong in manifests"),
    "scan": Subcommand("linter.commands.scan", "find what is wrong in a live cluster"),
    "promote": Subcommand(
        "linter.commands.promote", "suggest which rules may warn or deny, from a scan's findings"
    ),
    "dashboard": Subcommand("linter.commands.dashboard", "show a live cluster in a browser"),
    "explain": Subcommand("linter.commands.explain", "print what a rule means and why"),
    "rules": Subcommand("linter.commands.rules", "list the rules"),
    "policy": Subcommand("linter.commands.policy", "check, show, compare or draft a policy file"),
    "init": Subcommand(
        "linter.commands.init", "set a repository up: a policy, pre-commit hooks, a CI step"
    ),
    "completion": Subcommand("linter.commands.completion", "print a shell's completion script"),
    "serve": Subcommand("webhook.commands.serve", "run the admission webhook"),
    "review": Subcommand("webhook.commands.review", "replay a recorded admission review"),
    "webhook-config": Subcommand(
        "webhook.commands.webhook_config", "print the webhook configurations to register"
    ),
    "webhook-check": Subcommand(
        "webhook.commands.webhook_check", "check whether the API server reaches the webhook"
    ),
}
"""Modules are named, and imported only when called: ``lint`` pays for no other's imports."""

READER_VARIABLE = "MLGATE_READER"
"""The variable that names the reader of YAML, and states no option."""


def load_subcommand(name: str) -> Any:
    """A subcommand's module. Raises ImportError where its extra is not installed."""
    return import_module(SUBCOMMANDS[name].module)


def make_parser(name: str) -> "CommandParser":
    """The parser of a subcommand. Raises ImportError where its extra is not installed."""
    from linter.command_parser import CommandParser, TerminalHelp

    parser = CommandParser(prog=f"mlgate {name}", allow_abbrev=False, formatter_class=TerminalHelp)
    load_subcommand(name).add_arguments(parser)
    return parser


def read_arguments(
    name: str, words: list[str], environ: Mapping[str, str], stdin: TextIO
) -> SimpleNamespace:
    """What the words say to a subcommand, each option by its name, and ``stdin``. Raises UserError,
    and SystemExit after help."""
    module = load_subcommand(name)
    # Of `serve` no option is read so: beside a Service of this name, Kubernetes sets MLGATE_PORT.
    states = any(one.startswith("MLGATE_") and one != READER_VARIABLE for one in environ)
    stated = name == "lint" and states
    if name == "lint" and not stated:
        table = OptionTable()
        module.add_arguments(table)
        values = table.read(words)
        if values is not None:
            return SimpleNamespace(stdin=stdin, **values)
    parser = make_parser(name)
    words = [*parser.read_environment(environ, words), *words] if stated else words
    return parser.parse_args(words, SimpleNamespace(stdin=stdin))
