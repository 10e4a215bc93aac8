"""``mlgate lint``: its arguments, and the way from them to a report."""

import argparse
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, TextIO

from linter.commands.closing import colour_for, finish_run
from linter.commands.lint_arguments import add_lint_arguments, make_task
from linter.commands.narrowing import Narrowing, find_narrowing
from linter.commands.outputs import (
    ReportRequest,
    choose_reports,
    wants_text_edits,
)
from linter.errors import CRASHED, UNREADABLE, UserError
from linter.input.sources import (
    EXCLUDED,
    STDIN,
    Collection,
    Excludes,
    PassedOver,
    Source,
    SourceError,
    collect,
    make_error,
    read_source,
    read_stdin,
)
from linter.judging.judge import Task
from linter.judging.run import exit_code, lint
from linter.judging.selection import select_rules
from linter.judging.settings import name_policy, settle_policy
from linter.judging.workers import WorkerError
from linter.reports.summary import count
from linter.reports.terminal import escape
from rules.reader import ReadError, decode
from rules.record import NamedTuple

if TYPE_CHECKING:
    from linter.row_types import RunResult


class LintInput(NamedTuple):
    """The files of a run, what came on standard input, if it was read (name and bytes), the policy
    in words, and the reports that are wanted."""

    collection: Collection
    texts: Mapping[str, bytes] = {}
    policy: str = ""
    reports: tuple[ReportRequest, ...] = ()

    def list_files(self) -> list[str]:
        """All that is judged, by the names that findings give."""
        return [*(source.path for source in self.collection.sources), *self.texts]

    def read_bytes(self, path: str) -> bytes:
        """A file as it is judged. Raises OSError."""
        try:
            known = self.texts.get(path)
            return read_source(Source(path, path, 0, named=True)) if known is None else known
        except SourceError as error:
            raise OSError(str(error)) from None

    def read_text(self, path: str) -> str:
        """Its text, as the reader takes it. Raises OSError."""
        try:
            return decode(self.read_bytes(path))
        except ReadError as error:
            raise OSError(str(error)) from None

    def put(self, staged: dict[str, bytes]) -> "LintInput":
        """The input with other texts for some of its files."""
        sources = [one for one in self.collection.sources if one.path not in staged]
        collection = self.collection._replace(sources=sources)
        return self._replace(collection=collection, texts={**self.texts, **staged})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``mlgate lint``."""
    add_lint_arguments(parser)


def run(arguments: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Lint. Raises UserError for a wrong flag or policy."""
    reports = choose_reports(arguments.reports, os.environ)
    selection = select_rules(arguments.select, arguments.ignore)
    start = os.path.dirname(arguments.stdin_filename or "") or os.curdir
    policy, file = settle_policy(arguments.policy, start)
    # The policy's `exclude` is relative to the file that it stands in.
    folder = os.path.dirname(os.path.abspath(file)) if file else os.getcwd()
    task = make_task(arguments, policy, selection)._replace(
        namespace=arguments.namespace,
        complete=arguments.complete,
        hook=arguments.hook,
        passed=arguments.show_passed or any(one.format == "json" for one in reports),
    )
    given = _gather(arguments, Excludes(folder, policy.exclude, tuple(arguments.exclude)))
    if arguments.show_files:
        return _show_files(given, out)
    narrowing = find_narrowing(arguments, given)
    given = given.put(narrowing.list_staged())._replace(
        policy=name_policy(policy, file, arguments.profile), reports=tuple(reports)
    )
    try:
        result = lint(task, given.collection, given.texts.items(), jobs=arguments.jobs)
    except WorkerError as error:
        err.write(f"mlgate: {error}\n")
        return CRASHED
    result = narrowing.apply(result, given)
    if arguments.write_baseline is not None:
        return _list_in_baseline(result, arguments, given, err)
    if arguments.fix or arguments.fix_only or arguments.diff:
        return _fix(result, arguments, FixInput(task, given, narrowing), out, err)
    _report(result, arguments, given, out, err)
    return exit_code(result, arguments.fail_on, hook=arguments.hook)


def _show_files(given: LintInput, out: TextIO) -> int:
    """List what would be read, and what is not and why."""
    collection = given.collection
    lines = [escape(file) for file in sorted(given.list_files())]
    lines += [f"{escape(file)}: not read: {reason}" for file, reason in collection.passed_over]
    lines += [f"{escape(row['file'])}: not read: {row['reason']}" for row in collection.errors]
    lines += [
        f"{name}: not entered: {count(number, 'folder')} of this name"
        for name, number in sorted(collection.left_out.items())
    ]
    out.write("".join(f"{line}\n" for line in lines))
    return UNREADABLE if collection.errors else 0


def _list_in_baseline(
    result: "RunResult", arguments: argparse.Namespace, given: LintInput, err: TextIO
) -> int:
    from linter.judging.baseline import write_baseline

    path = arguments.write_baseline
    entries, files = write_baseline(result["findings"], path, given.list_files())
    err.write(f"{count(entries, 'finding')} of {count(files, 'file')} listed in {path}\n")
    # What is not read, and what is no finding of this repository's, stays a failure.
    return exit_code(result, "never", hook=arguments.hook)


class FixInput(NamedTuple):
    """What fixing judges anew."""

    task: Task
    given: LintInput
    narrowing: Narrowing


def _fix(
    result: "RunResult", arguments: argparse.Namespace, inputs: FixInput, out: TextIO, err: TextIO
) -> int:
    """Show or make the fixes, and report what is left."""
    from pathlib import Path

    from linter.mending import fix_run
    from linter.mending.fixable import FixSelection
    from linter.reports.fixes import render_fixes, render_refusals

    task, given, narrowing = inputs
    roots = tuple(map(Path, arguments.paths or [os.curdir]))
    run = fix_run.FixRun(task, given.collection, given.texts, arguments.jobs, roots)
    selection = FixSelection(unsafe=arguments.unsafe_fixes, audit=arguments.show_audit)
    fixed = fix_run.fix_files(run, result["findings"], selection)
    if arguments.diff:
        changed = fix_run.print_diffs(fixed, out, colour=colour_for(arguments, out))
        err.write(render_refusals(fix_run.list_refusals(fixed)))
        # A diff is for the reader of the fixes: findings without one do not fail it.
        return exit_code({**result, "findings": []}, "never", hook=True) or int(changed)
    fixed = fix_run.write_fixes(run, fixed, out)
    err.write(render_refusals(fix_run.list_refusals(fixed)))
    if not arguments.quiet:
        err.write(render_fixes(fix_run.list_fixed(fixed)))
    if arguments.fix_only:
        return exit_code({**result, "findings": []}, "never", hook=True)
    texts = {name: fixed.outcomes[name].after.encode() for name in run.texts}
    given = given._replace(texts=texts)
    result = narrowing.apply(fix_run.relint(run, fixed), given)
    # The fixed text has standard output for itself: `mlgate lint --fix - <a >b`.
    _report(result, arguments, given, err if texts else out, err)
    return exit_code(result, arguments.fail_on, hook=arguments.hook)


def _report(
    result: "RunResult",
    arguments: argparse.Namespace,
    given: LintInput,
    out: TextIO,
    err: TextIO,
) -> None:
    """Write the findings where they are wanted, and the coverage to ``err``."""
    if arguments.text_edits or wants_text_edits(given.reports):
        from linter.mending.fix import decode_file
        from linter.mending.text_edits import add_text_edits

        add_text_edits(result["findings"], lambda path: decode_file(given.read_bytes(path))[0])
    finish_run(result, arguments, given, out, err)


def _gather(arguments: argparse.Namespace, excludes: Excludes) -> LintInput:
    name = arguments.stdin_filename
    paths = arguments.paths or [os.curdir if name is None else STDIN]
    if name is not None and STDIN not in paths:
        raise UserError("mlgate lint: --stdin-filename names what is read from -: give - as a path")
    files = [path for path in paths if path != STDIN]
    collection = collect(files, excludes, hook=arguments.hook)
    if STDIN not in paths:
        return LintInput(collection)
    if name is not None and excludes.match(name):
        collection.passed_over.append(PassedOver(name, EXCLUDED))
        return LintInput(collection)
    name = name or STDIN
    try:
        return LintInput(collection, {name: read_stdin(arguments.stdin.buffer)})
    except SourceError as error:
        collection.errors.append(make_error(name, str(error)))
        return LintInput(collection)
