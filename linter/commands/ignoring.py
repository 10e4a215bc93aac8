"""``mlgate lint --add-ignore REASON``: what is found is ignored from now on, in comments."""

from types import SimpleNamespace

from linter.commands.closing import colour_for, report_run
from linter.commands.fixing import make_fix_run
from linter.commands.lint_input import FixInput
from linter.errors import USAGE_ERROR, UserError
from linter.judging.run import exit_code
from linter.mending import fix_run
from linter.mending.fixable import FixSelection
from linter.mending.ignoring import NEVER_IGNORED, ignore_findings
from linter.reports.fixes import render_ignored
from rules.type_names import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from linter.row_types import RunResult


def add_ignores(
    result: "RunResult", arguments: SimpleNamespace, inputs: FixInput, out: TextIO, err: TextIO
) -> int:
    """Write a comment for each finding that is shown, and report what is left; with ``--diff`` show
    what would be written. Raises UserError for a reason that is none."""
    reason = _check_reason(arguments.add_ignore)
    run = make_fix_run(arguments, inputs)
    selection = FixSelection(audit=arguments.show_audit)
    shown = filter(selection.shows, result["findings"])
    rows = [row for row in shown if row["rule"] not in NEVER_IGNORED]
    judged = fix_run.read_files(run, rows)
    written = ignore_findings(judged.texts, rows, reason)
    done = fix_run.FixedFiles(judged.raw, {**judged.lost, **written})
    if arguments.diff:
        changed = fix_run.print_diffs(done, out, colour=colour_for(arguments, out))
        return exit_code({**result, "findings": []}, "never", hook=True) or int(changed)
    done = fix_run.write_fixes(run, done, out)
    ignored = [one for one in done.outcomes.values() if one.fixed]
    number = sum(len(one.fixed) for one in ignored)
    err.write(render_ignored(number, len(ignored), fix_run.list_refusals(done)))
    given = inputs.given._replace(texts=fix_run.encode_texts(run, done))
    left = fix_run.relint(run, done)
    del left["fixed"]
    left = inputs.narrowing.apply(left, given)
    # The changed text has standard output for itself: `mlgate lint --add-ignore old - <a >b`.
    report_run(left, arguments, given, err if run.texts else out, err)
    if done.unwritten:
        return USAGE_ERROR
    return exit_code(left, arguments.fail_on, hook=arguments.hook)


def _check_reason(reason: str) -> str:
    reason = reason.strip()
    if not reason or not reason.isprintable():
        raise UserError("mlgate lint: --add-ignore needs a reason, in one line: why this is right")
    if "# mlgate" in reason:
        raise UserError("mlgate lint: --add-ignore: the reason holds an ignore of its own")
    return reason
