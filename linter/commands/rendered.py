"""``mlgate lint --kustomize DIR --helm CHART``: what is built is judged in the place of sources."""

from types import SimpleNamespace

from linter.commands.closing import finish_run
from linter.commands.lint_arguments import find_option
from linter.commands.lint_input import LintInput
from linter.commands.narrowing import find_narrowing, list_in_baseline
from linter.errors import CRASHED, UserError, WorkerError
from linter.input.sources import STDIN, Source, collect
from linter.judging.run import exit_code, lint
from linter.rendering.builds import make_builds
from linter.rendering.rendered_run import join_results, lint_build
from rules.type_names import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from linter.commands.lint import LintSetup
    from linter.row_types import RunResult

_OF_FILES = (
    "fix",
    "fix_only",
    "diff",
    "add_ignore",
    "staged",
    "since",
    "show_files",
    "stdin_filename",
    "text_edits",
    "hook",
)
"""Options that only mean something where files are judged as they stand."""


def run_rendered(arguments: SimpleNamespace, setup: "LintSetup", out: TextIO, err: TextIO) -> int:
    """Build, judge and report; beside it the files that the arguments name. Raises UserError."""
    _refuse_options(arguments)
    made = make_builds(arguments.kustomize, arguments.helm, arguments.values, arguments.namespace)
    collection = collect(arguments.paths, setup.excludes)
    collection.errors.extend(made.errors)
    texts = {one.name: one.text for one in made.builds}
    task, given = setup.settle(LintInput(collection, texts))
    collection = given.collection
    narrowing = find_narrowing(arguments, given)
    try:
        results = [lint(task, collection, jobs=arguments.jobs)]
        results += [lint_build(task, one, jobs=arguments.jobs) for one in made.builds]
    except WorkerError as error:
        err.write(f"mlgate: {error}\n")
        return CRASHED
    result = join_results(results)
    given = _add_sources(given, result)
    if arguments.write_baseline is not None:
        return list_in_baseline(result, arguments, given, err)
    result = narrowing.apply(result, given)
    finish_run(result, arguments, given, out, err)
    return exit_code(result, arguments.fail_on)


def _add_sources(given: LintInput, result: "RunResult") -> LintInput:
    """The input with the files that findings on builds stand in."""
    files = {row["file"] for row in result["findings"]} - {*given.list_files()}
    sources = [Source(file, file, 0, named=True) for file in sorted(files)]
    collection = given.collection
    return given._replace(collection=collection._replace(sources=[*collection.sources, *sources]))


def _refuse_options(arguments: SimpleNamespace) -> None:
    """Raises UserError for an option that asks for something else."""
    flag = "--kustomize" if arguments.kustomize else "--helm"
    if arguments.values and not arguments.helm:
        raise UserError("mlgate lint: --values are for a chart: give --helm CHART")
    option = find_option(arguments, _OF_FILES)
    if option is not None:
        advice = f"judge the sources for it: mlgate lint {option} PATH"
        raise UserError(f"mlgate lint: {flag} and {option} do not go together: {advice}")
    if STDIN in arguments.paths:
        raise UserError(f"mlgate lint: {flag} and - do not go together: give them a run each")
