"""``mlgate lint``: its arguments, and the way from them to a report."""

import os
from types import SimpleNamespace

from linter.commands.closing import report_run
from linter.commands.lint_arguments import add_lint_arguments, find_option, make_task
from linter.commands.lint_input import FixInput, LintInput, gather_input, show_files
from linter.commands.narrowing import find_narrowing, list_in_baseline
from linter.commands.outputs import ReportRequest, choose_reports
from linter.errors import CRASHED, WorkerError
from linter.input.excludes import Excludes
from linter.judging.run import exit_code, lint
from linter.judging.selection import is_off, select_rules
from linter.judging.settings import name_policy, settle_policy
from linter.judging.task import Task
from rules.record import NamedTuple
from rules.type_names import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from linter.input.stamps import Stamps
    from linter.option_table import OptionParser
    from linter.row_types import RunResult

_WRITING = ("fix", "fix_only", "diff", "add_ignore")


class LintSetup(NamedTuple):
    """What the arguments come to before anything is read: what is to be done with each file, the
    policy's own file and whether it was named, what is left out, the policy in words, the reports.
    """

    task: Task
    file: str | None
    stated: bool
    excludes: Excludes
    policy: str
    reports: tuple[ReportRequest, ...]

    def settle(self, given: LintInput) -> tuple[Task, LintInput]:
        """The task with the policies of the input, which are read, and the input without what these
        exclude. Raises UserError."""
        given = given._replace(policy=self.policy, reports=self.reports)
        if self._is_one_for_all(given):
            return self.task, given
        from linter.judging.file_policies import FilePolicies

        policies = FilePolicies(self.task.policy, self.file, stated=self.stated)
        collection = given.collection
        sources = policies.keep_included(collection.sources)
        given = given._replace(collection=collection._replace(sources=sources))
        policies.prepare(given.list_files())
        others = policies.list_others()
        words = f"; beside it {', '.join(others)}" if others else ""
        given = given._replace(policy=f"{self.policy}{words}")
        return self.task._replace(policies=policies), given

    def _is_one_for_all(self, given: LintInput) -> bool:
        """Whether one policy holds, and alike, for all: files of this folder have no other."""
        if self.task.policy.paths:
            return False
        return self.stated or not any(map(os.path.dirname, given.list_files()))


def add_arguments(parser: "OptionParser") -> None:
    """The arguments of ``mlgate lint``."""
    add_lint_arguments(parser)


def run(arguments: SimpleNamespace, out: TextIO, err: TextIO) -> int:
    """Lint. Raises UserError for a wrong flag or policy."""
    if arguments.watch:
        from linter.commands.watching import watch

        return watch(arguments, judge_input, out, err)
    setup = _prepare(arguments)
    if arguments.kustomize or arguments.helm or arguments.values:
        from linter.commands.rendered import run_rendered

        return run_rendered(arguments, setup, out, err)
    if arguments.show_files:
        return show_files(setup.settle(gather_input(arguments, setup.excludes))[1], out)
    try:
        result, found = judge_input(arguments, err, setup)
    except WorkerError as error:
        err.write(f"mlgate: {error}\n")
        return CRASHED
    return _finish(result, arguments, found, out, err)


def judge_input(
    arguments: SimpleNamespace, err: TextIO, setup: LintSetup | None = None
) -> "tuple[RunResult, FixInput]":
    """What the arguments lead to, judged, and what it was judged by. Raises UserError and
    WorkerError."""
    setup = setup or _prepare(arguments)
    task, given = setup.settle(gather_input(arguments, setup.excludes))
    narrowing = find_narrowing(arguments, given)
    given = given.put(narrowing.list_staged())
    inputs = FixInput(task, given, narrowing, _read_stamps(arguments, given))
    result = _lint(task, given, arguments, err)
    return narrowing.apply(result, given), inputs


def _read_stamps(arguments: SimpleNamespace, given: LintInput) -> "Stamps":
    """Those of files that may be written once they are judged."""
    if find_option(arguments, _WRITING) is None:
        return {}
    from linter.input.stamps import read_stamps

    return read_stamps(source.path for source in given.collection.sources)


def _lint(task: Task, given: LintInput, arguments: SimpleNamespace, err: TextIO) -> "RunResult":
    """The result; while a person waits for it at a terminal, how far it has come."""
    texts = given.texts.items()
    if arguments.quiet or not err.isatty():
        return lint(task, given.collection, texts, jobs=arguments.jobs, walked=given.walked)
    from linter.commands.progress import ProgressLine

    line = ProgressLine(err)
    task = task._replace(progress=line.follow)
    try:
        return lint(task, given.collection, texts, jobs=arguments.jobs, walked=given.walked)
    finally:
        line.clear()


def _prepare(arguments: SimpleNamespace) -> LintSetup:
    reports = choose_reports(arguments.reports, os.environ)
    selection = select_rules(arguments.select, arguments.ignore)
    start = os.path.dirname(arguments.stdin_filename or "") or os.curdir
    policy, file = settle_policy(arguments.policy, start)
    task = make_task(arguments, policy, selection)._replace(
        namespace=arguments.namespace,
        complete=arguments.complete,
        hook=arguments.hook,
        passed=arguments.show_passed or any(one.format == "json" for one in reports),
    )
    # The policy's `exclude` is relative to the file that it stands in.
    folder = os.path.dirname(os.path.abspath(file)) if file else os.getcwd()
    excludes = Excludes(folder, policy.exclude, tuple(arguments.exclude))
    words = name_policy(policy, file, arguments.profile)
    if arguments.profile is None and is_off(selection, policy):
        words += ", which switches off every rule that was to run"
    stated = arguments.policy is not None
    return LintSetup(task, file, stated, excludes, words, tuple(reports))


def _finish(
    result: "RunResult",
    arguments: SimpleNamespace,
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
