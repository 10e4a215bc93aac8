"""The arguments of ``mlgate lint``, in the groups that its help shows."""

from collections.abc import Iterable
from types import SimpleNamespace

from linter.commands.narrowing import add_narrowing_arguments
from linter.commands.outputs import add_output_arguments
from linter.judging.task import Task
from rules.policy.values import PROFILES
from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    from linter.judging.selection import Selection
    from linter.option_table import OptionGroup, OptionParser
    from rules.policy import Policy

LINT_EXAMPLES = """\
examples:
  mlgate lint manifests/                              # a folder
  mlgate lint --helm charts/trainer                   # what a chart renders
  mlgate lint --fix --diff train.yaml                 # what --fix would change

Each option that takes a value can be set in the environment: MLGATE_FAIL_ON=deny."""


def add_lint_arguments(parser: "OptionParser") -> None:
    """All of them."""
    parser.epilog = LINT_EXAMPLES
    parser.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="files, folders to walk, or - for standard input; without any, the working directory",
    )
    judging = parser.add_argument_group("what is judged, and how")
    add_rule_arguments(judging)
    _add_scope(judging)
    add_narrowing_arguments(parser.add_argument_group("what is reported of it"))
    reports = parser.add_argument_group("reports")
    add_report_arguments(reports)
    reports.add_argument(
        "--text-edits",
        action="store_true",
        help="in JSON too: where in the text a fix writes what",
    )
    _add_building(parser.add_argument_group("what is built first"))
    _add_fixing(parser.add_argument_group("fixes"))
    _add_input(parser.add_argument_group("input"))


def add_rule_arguments(group: "OptionGroup") -> None:
    """The policy, and which rules run."""
    add = group.add_argument
    add("--policy", metavar="FILE", help="the policy file; else mlgate.yaml here or above")
    add("--profile", choices=PROFILES, help="the profile, over what the policy says")
    for flag, verb in (("--select", "run only"), ("--ignore", "leave out")):
        add(
            flag,
            action="append",
            default=[],
            metavar="CODES",
            help=f"{verb} these rules: codes, beginnings of codes, names, CODE/form",
        )
    add("--no-ignores", action="store_true", help="judge as if nothing were ignored")
    add(
        "--min-confidence",
        choices=("low", "medium", "high"),
        default="low",
        help="leave out findings that hang on a role less sure than this (default: low)",
    )


def make_task(arguments: SimpleNamespace, policy: "Policy", selection: "Selection") -> Task:
    """What the arguments on rules, and on how roles are shown, ask for of each object."""
    return Task(
        policy,
        None,
        selection.rules,
        selection.unwanted,
        arguments.min_confidence,
        flag_profile=arguments.profile,
        ignores=not arguments.no_ignores,
        roles=arguments.show_roles,
    )


def _add_scope(group: "OptionGroup") -> None:
    add = group.add_argument
    add("--namespace", metavar="NS", help="the namespace of objects that name none")
    add(
        "--complete",
        action="store_true",
        help="the input is all that there is in its namespaces: what is not in it does not exist",
    )


def add_report_arguments(group: "OptionGroup") -> None:
    """Formats, files, and when a run fails."""
    add = group.add_argument
    add_output_arguments(group)
    add(
        "--fail-on",
        choices=("deny", "warn", "audit", "never"),
        default="warn",
        help="the least action that makes the exit code 1 (default: warn)",
    )
    add(
        "--exit-zero",
        action="store_const",
        const="never",
        dest="fail_on",
        help="findings do not fail: --fail-on never",
    )
    add("--show-audit", action="store_true", help="show audited and excepted findings too")
    add("--show-roles", action="store_true", help="show each workload's role and its evidence")
    add("--show-passed", action="store_true", help="list the rules that found nothing, by object")
    add("--statistics", action="store_true", help="count the findings of each rule at the end")
    add("-q", "--quiet", action="store_true", help="findings alone, without the last lines")
    add(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="colours (default: on a terminal; NO_COLOR and FORCE_COLOR count)",
    )


def _add_building(group: "OptionGroup") -> None:
    add = group.add_argument
    add(
        "--kustomize",
        action="append",
        default=[],
        metavar="DIR",
        help="judge what kustomize builds of DIR, or of each overlay below it; again for more",
    )
    add(
        "--helm",
        action="append",
        default=[],
        metavar="CHART",
        help="judge what Helm renders of CHART; again for more",
    )
    add(
        "--values",
        action="append",
        default=[],
        metavar="FILE",
        help="values for --helm; again for more",
    )


def _add_fixing(group: "OptionGroup") -> None:
    add = group.add_argument
    add("--fix", action="store_true", help="make the safe fixes in the files; fixed text of -")
    add("--unsafe-fixes", action="store_true", help="with --fix or --diff, the unsafe ones too")
    add("--diff", action="store_true", help="show what --fix would change, and change nothing")
    add("--fix-only", action="store_true", help="--fix, and what is left is no failure")
    add(
        "--add-ignore",
        metavar="REASON",
        help="write a comment for each finding that ignores it; with --diff show them",
    )


def _add_input(group: "OptionGroup") -> None:
    add = group.add_argument
    add(
        "--exclude",
        action="append",
        default=[],
        metavar="PATTERN",
        help="leave out files, as a line of .gitignore here would; again for more",
    )
    add("--show-files", action="store_true", help="list what is read and what is left out, and end")
    add("--jobs", type=_read_jobs, default=0, metavar="N|auto", help="how many processes work")
    add("--hook", action="store_true", help="files that hold no manifest are no fault")
    add("--watch", action="store_true", help="judge again what changes, until it is interrupted")
    add("--stdin-filename", metavar="NAME", help="the file that standard input stands for")


def find_option(arguments: SimpleNamespace, names: Iterable[str]) -> str | None:
    """The first of some options, by their names in ``arguments``, that was given, as it is written
    there; None where none was."""
    given = (name for name in names if getattr(arguments, name))
    return next((f"--{name.replace('_', '-')}" for name in given), None)


def _read_jobs(text: str) -> int:
    """A number of processes; 0 stands for ``auto``."""
    if text == "auto":
        return 0
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 64:
        from argparse import ArgumentTypeError

        raise ArgumentTypeError(f"expected a number from 1 to 64 or auto, found {text}")
    return int(text)
