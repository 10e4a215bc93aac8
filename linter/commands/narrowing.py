"""Which of a run's findings are reported: those on what changed, and those that a baseline does not
list."""

from types import SimpleNamespace

from linter.errors import UserError
from linter.judging.run import exit_code
from linter.reports.summary import count
from rules.record import NamedTuple
from rules.type_names import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from linter.input.revisions import FileChange
    from linter.judging.baseline import Baseline
    from linter.option_table import OptionGroup
    from linter.row_types import RunResult

    class JudgedFiles(Protocol):
        """The files of a run, by the names that findings give them."""

        def list_files(self) -> list[str]: ...
        def read_bytes(self, path: str) -> bytes: ...


def add_narrowing_arguments(parser: "OptionGroup") -> None:
    """``--baseline``, ``--write-baseline``, ``--since`` and ``--staged``."""
    add = parser.add_argument
    add("--baseline", metavar="FILE", help="report only findings that FILE does not list")
    add("--write-baseline", metavar="FILE", help="write the findings of this run to FILE")
    add("--since", metavar="REV", help="report only on objects changed since the git revision REV")
    add("--staged", action="store_true", help="report only on objects staged for a commit in git")


_MIXTURES = (
    ("--since", "--staged", "give one of them"),
    ("--fix", "--staged", "fix the files, then stage them"),
    ("--fix", "--write-baseline", "fix the files, then write the baseline"),
    ("--add-ignore", "--staged", "write the comments, then stage the files"),
    ("--add-ignore", "--write-baseline", "a finding is ignored or listed"),
    ("--baseline", "--write-baseline", "--write-baseline alone brings a baseline up to date"),
    ("--since", "--write-baseline", "a baseline lists all there is"),
    ("--staged", "--write-baseline", "a baseline lists all there is"),
)


class Narrowing(NamedTuple):
    """What limits a run's findings: changes by file and a baseline, where they are asked for."""

    changes: "dict[str, FileChange] | None" = None
    baseline: "Baseline | None" = None

    def list_staged(self) -> dict[str, bytes]:
        """The files that are judged as they are staged, and not as they are in the work tree."""
        changes = (self.changes or {}).items()
        return {file: one.staged for file, one in changes if one.staged is not None}

    def apply(self, result: "RunResult", judged: "JudgedFiles") -> "RunResult":
        """The result with the findings that are left, and how many the others are."""
        if self.changes is not None:
            result = _keep_changed(result, self.changes, judged)
        if self.baseline is None:
            return result
        from linter.judging.baseline import compare_with_baseline

        found = compare_with_baseline(result["findings"], self.baseline, judged.list_files())
        return {**result, "findings": found[0], "baseline": found[1]}


def _keep_changed(
    result: "RunResult", changes: "dict[str, FileChange]", judged: "JudgedFiles"
) -> "RunResult":
    from linter.judging.changes import select_changed

    kept = select_changed(result["findings"], changes, judged.read_bytes)
    return {**result, "findings": kept, "unchanged": len(result["findings"]) - len(kept)}


def find_narrowing(arguments: SimpleNamespace, judged: "JudgedFiles") -> Narrowing:
    """What the arguments ask for. Raises UserError."""
    _refuse_mixtures(arguments)
    narrowing = Narrowing()
    if arguments.since is not None or arguments.staged:
        from linter.input.revisions import find_changes

        changes = find_changes(judged.list_files(), arguments.since)
        narrowing = narrowing._replace(changes=changes)
    if arguments.baseline is not None:
        from linter.judging.baseline import read_baseline

        narrowing = narrowing._replace(baseline=read_baseline(arguments.baseline))
    return narrowing


def _refuse_mixtures(arguments: SimpleNamespace) -> None:
    given = {
        "--fix": arguments.fix or arguments.fix_only or arguments.diff,
        "--add-ignore": arguments.add_ignore is not None,
        "--since": arguments.since is not None,
        "--staged": arguments.staged,
        "--baseline": arguments.baseline is not None,
        "--write-baseline": arguments.write_baseline is not None,
    }
    for first, second, advice in _MIXTURES:
        if given[first] and given[second]:
            raise UserError(f"mlgate lint: {first} and {second} do not go together: {advice}")
    if given["--add-ignore"] and (arguments.fix or arguments.fix_only):
        raise UserError(
            "mlgate lint: --fix and --add-ignore do not go together: fix what can be fixed, then "
            "ignore what is left"
        )


def list_in_baseline(
    result: "RunResult", arguments: SimpleNamespace, judged: "JudgedFiles", err: TextIO
) -> int:
    """Write the baseline that ``--write-baseline`` asks for, and tell of it; the exit code."""
    from linter.judging.baseline import write_baseline

    path = arguments.write_baseline
    entries, files = write_baseline(result["findings"], path, judged.list_files())
    err.write(f"{count(entries, 'finding')} of {count(files, 'file')} listed in {path}\n")
    # What is not read, and what is no finding of this repository's, stays a failure.
    return exit_code(result, "never", hook=arguments.hook)
