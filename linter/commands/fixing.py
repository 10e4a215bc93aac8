"""``mlgate lint --fix``, ``--fix-only`` and ``--diff``: fixes made or shown, and what is left."""

import os
from pathlib import Path
from types import SimpleNamespace

from linter.commands.closing import colour_for, report_run
from linter.commands.lint_input import FixInput
from linter.errors import USAGE_ERROR
from linter.judging.run import exit_code
from linter.mending import fix_run
from linter.mending.fixable import FixSelection
from linter.reports.fixes import render_fixes, render_refusals
from rules.type_names import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from linter.row_types import RunResult


def make_fix_run(arguments: SimpleNamespace, inputs: FixInput) -> fix_run.FixRun:
    """What is judged again, and where files may be written."""
    roots = tuple(map(Path, arguments.paths or [os.curdir]))
    given = inputs.given
    return fix_run.FixRun(
        inputs.task, given.collection, given.texts, inputs.stamps, arguments.jobs, roots
    )


def fix_findings(
    result: "RunResult", arguments: SimpleNamespace, inputs: FixInput, out: TextIO, err: TextIO
) -> int:
    """Show or make the fixes, and report what is left."""
    given, narrowing = inputs.given, inputs.narrowing
    run = make_fix_run(arguments, inputs)
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
    if arguments.fix_only and not fixed.unwritten:
        return exit_code({**result, "findings": []}, "never", hook=True)
    texts = fix_run.encode_texts(run, fixed)
    given = given._replace(texts=texts)
    result = narrowing.apply(fix_run.relint(run, fixed), given)
    # The fixed text has standard output for itself: `mlgate lint --fix - <a >b`.
    report_run(result, arguments, given, err if texts else out, err)
    if fixed.unwritten:
        return USAGE_ERROR
    return exit_code(result, arguments.fail_on, hook=arguments.hook)
