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
        help="files, folders to walk, or - for standard input (default: the working directory)",
    )
    judging = parser.add_argument_group("rules and scope")
    add_rule_arguments(judging)
    _add_scope(judging)
    add_narrowing_arguments(parser.add_argument_group("filters"))
    reports = parser.add_argument_group("reports")
    add_report_arguments(reports)
    reports.add_argument(
        "--text-edits",
        action="store_true",
        help="add to each fix in JSON the text edits that make it",
    )
    _add_building(parser.add_argument_group("build first"))
    _add_fixing(parser.add_argument_group("fixes"))
    _add_input(parser.add_argument_group("input"))


def add_rule_arguments(group: "OptionGroup") -> None:
    """The policy, and which rules run."""
    add = group.add_argument
    add("--policy", metavar="FILE", help="the policy file (default: the nearest mlgate.yaml)")
    add("--profile", choices=PROFILES, help="use this profile, whatever the policy says")
    for flag, verb in (("--select", "run only"), ("--ignore", "skip")):
        add(
            flag,
            action="append",
            default=[],
            metavar="CODES",
            help=f"{verb} these rules: codes, prefixes of codes, names or CODE/form; repeatable",
        )
    add("--no-ignores", action="store_true", help="disregard ignore comments and annotations")
    add(
        "--min-confidence",
        choices=("low", "medium", "high"),
        default="low",
        help="skip findings that depend on a role less certain than this (default: low)",
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
    add("--namespace", metavar="NS", help="the namespace of objects that do not name one")
    add(
        "--complete",
        action="store_true",
        help="treat the input as everything in its namespaces: what is missing does not exist",
    )


def add_report_arguments(group: "OptionGroup") -> None:
    """Formats, files, and when a run fails."""
    add = group.add_argument
    add_output_arguments(group)
    add(
        "--fail-on",
        choices=("deny", "warn", "audit", "never"),
        default="warn",
        help="exit with 1 on findings of this action or a heavier one (default: warn)",
    )
    add(
        "--exit-zero",
        action="store_const",
        const="never",
        dest="fail_on",
        help="exit with 0 whatever is found; the same as --fail-on never",
    )
    add("--show-audit", action="store_true", help="show audited and excepted findings too")
    add("--show-roles", action="store_true", help="show each workload's role and its evidence")
    add("--show-passed", action="store_true", help="list for each object the rules that it passed")
    add("--statistics", action="store_true", help="end with the number of findings of each rule")
    add("-q", "--quiet", action="store_true", help="print findings only, without the summary")
    add(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="colour the output (default: on a terminal; NO_COLOR and FORCE_COLOR are respected)",
    )


def _add_building(group: "OptionGroup") -> None:
    add = group.add_argument
    add(
        "--kustomize",
        action="append",
        default=[],
        metavar="DIR",
        help="lint what kustomize builds from DIR, or from each overlay below it; repeatable",
    )
    add(
        "--helm",
        action="append",
        default=[],
        metavar="CHART",
        help="lint what Helm renders from CHART; repeatable",
    )
    add(
        "--values",
        action="append",
        default=[],
        metavar="FILE",
        help="a values file for --helm; repeatable",
    )


def _add_fixing(group: "OptionGroup") -> None:
    add = group.add_argument
    add(
        "--fix",
        action="store_true",
        help="apply safe fixes to the files; print standard input fixed",
    )
    add("--unsafe-fixes", action="store_true", help="include unsafe fixes in --fix or --diff")
    add("--diff", action="store_true", help="show what --fix would change, without changing it")
    add(
        "--fix-only",
        action="store_true",
        help="like --fix, but do not report or fail on what is left",
    )
    add(
        "--add-ignore",
        metavar="REASON",
        help="write an ignore comment for each finding; with --diff, show the comments only",
    )


def _add_input(group: "OptionGroup") -> None:
    add = group.add_argument
    add(
        "--exclude",
        action="append",
        default=[],
        metavar="PATTERN",
        help="skip files that match, as in a .gitignore of this folder; repeatable",
    )
    add(
        "--show-files",
        action="store_true",
        help="list the files that would be read and skipped, and exit",
    )
    add(
        "--jobs",
        type=_read_jobs,
        default=0,
        metavar="N|auto",
        help="the number of processes (default: auto)",
    )
    add("--hook", action="store_true", help="accept files that are not manifests, for pre-commit")
    add(
        "--watch", action="store_true", help="lint again whenever a file changes, until interrupted"
    )
    add("--stdin-filename", metavar="NAME", help="the file name to use for standard input")


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
