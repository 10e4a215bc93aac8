"""``mlgate lint``: its arguments, and the way from them to a report."""

import argparse
from typing import TYPE_CHECKING, TextIO

from linter.commands.closing import report_run
from linter.commands.lint_arguments import add_lint_arguments
from linter.commands.lint_input import FixInput, gather_input, show_files
from linter.commands.lint_setup import prepare_run
from linter.commands.narrowing import find_narrowing, list_in_baseline
from linter.errors import CRASHED
from linter.judging.run import exit_code, lint
from linter.judging.workers import WorkerError

if TYPE_CHECKING:
    from linter.row_types import RunResult


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``mlgate lint``."""
    add_lint_arguments(parser)


def run(arguments: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Lint. Raises UserError for a wrong flag or policy."""
    setup = prepare_run(arguments)
    if arguments.kustomize or arguments.helm or arguments.values:
        from linter.commands.rendered import run_rendered

        return run_rendered(arguments, setup, out, err)
    given = setup.settle(gather_input(arguments, setup.excludes))
    if arguments.show_files:
        return show_files(given, out)
    narrowing = find_narrowing(arguments, given)
    given = given.put(narrowing.list_staged())
    task = setup.task
    try:
        texts = given.texts.items()
        result = lint(task, given.collection, texts, jobs=arguments.jobs, walked=given.walked)
    except WorkerError as error:
        err.write(f"mlgate: {error}\n")
        return CRASHED
    found = FixInput(task, given, narrowing)
    return _finish(narrowing.apply(result, given), arguments, found, out, err)


def _finish(
    result: "RunResult",
    arguments: argparse.Namespace,
    inputs: FixInput,
    out: TextIO,
    err: TextIO,
) -> int:
    """Do with the findings what is asked for; the exit code."""
    if arguments.write_baseline is not None:
        return list_in_baseline(result, arguments, inputs.given, err)
    if arguments.add_ignore is not None:
        from linter.commands.ignoring import add_ignores

        return add_ignores(result, arguments, inputs, out, err)
    if arguments.fix or arguments.fix_only or arguments.diff:
        from linter.commands.fixing import fix_findings

        return fix_findings(result, arguments, inputs, out, err)
    report_run(result, arguments, inputs.given, out, err)
    return exit_code(result, arguments.fail_on, hook=arguments.hook)
