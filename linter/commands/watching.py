"""``mlgate lint --watch``: files are judged again as they change, until somebody interrupts.

All of them are judged each time, since what changes in one may be found in another. Reported is
what stands in files that changed, and what was not found before.
"""

import os
import time
from collections.abc import Callable
from types import SimpleNamespace

from linter.commands.closing import report_run
from linter.commands.lint_arguments import find_option
from linter.errors import UserError, WorkerError
from linter.input.excludes import Excludes
from linter.input.repository import find_place, find_root, list_parents
from linter.input.sources import STDIN, collect
from linter.input.stamps import Stamps, read_stamps
from linter.judging.settings import FILE_NAMES, list_bases
from linter.reports.summary import count
from linter.reports.terminal import escape
from rules.type_names import TYPE_CHECKING, NoReturn, TextIO, TypeAlias

if TYPE_CHECKING:
    from linter.commands.lint_input import FixInput
    from linter.row_types import FindingRow, RunResult

    Judge: TypeAlias = Callable[[SimpleNamespace, TextIO], tuple[RunResult, FixInput]]

_EVERY = 0.5
"""Seconds between two looks at the files."""
_ONCE = ("fix", "fix_only", "diff", "add_ignore", "staged", "write_baseline", "show_files")
_MOST_NAMED = 3
_UNREAD = (0, 0)

_Mark: TypeAlias = tuple[str, str, str]
"""What a finding is known by: another action is news."""


def watch(
    arguments: SimpleNamespace,
    judge: "Judge",
    out: TextIO,
    err: TextIO,
    pause: Callable[[float], None] = time.sleep,
) -> NoReturn:
    """Judge and report, again and again; ``pause`` waits between two looks. It ends by
    KeyboardInterrupt. Raises UserError for options that are for one run."""
    _refuse_options(arguments)
    known: set[_Mark] = set()
    stamps: Stamps | None = None
    while True:
        before, stamps = stamps, _read_stamps(arguments)
        changed = _compare(before, stamps) if before is not None else []
        if before is None or changed:
            _tell_changed(changed, err)
            known = _judge_once(arguments, judge, (changed, known), out, err)
        pause(_EVERY)


def _judge_once(
    arguments: SimpleNamespace,
    judge: "Judge",
    seen: tuple[list[str], set[_Mark]],
    out: TextIO,
    err: TextIO,
) -> set[_Mark]:
    """The findings of a run by what they are known by; those that are new are reported."""
    changed, known = seen
    try:
        result, found = judge(arguments, err)
    except (UserError, WorkerError) as error:  # a policy may be in the middle of a change
        err.write(f"{error}\n")
        return known
    files = {os.path.abspath(file) for file in changed}
    rows = [row for row in result["findings"] if _is_news(row, files, known)]
    marks = {_mark(row) for row in result["findings"]}
    # Unreadable input is told each time: nothing else was found in it.
    report_run({**result, "findings": rows}, arguments, found.given, out, err)
    still = len(result["findings"]) - len(rows)
    err.write(f"watching {count(len(found.given.list_files()), 'file')}")
    err.write(f"; {count(still, 'finding')} as before\n" if still else "\n")
    err.flush()
    return marks


def _is_news(row: "FindingRow", files: set[str], known: set[_Mark]) -> bool:
    return os.path.abspath(row["file"]) in files or _mark(row) not in known


def _mark(row: "FindingRow") -> _Mark:
    return row["file"], row["fingerprint"], row["action"]


def _tell_changed(changed: list[str], err: TextIO) -> None:
    if not changed:
        return
    named = ", ".join(escape(os.path.relpath(one)) for one in changed[:_MOST_NAMED])
    more = f" and {len(changed) - _MOST_NAMED} more" if len(changed) > _MOST_NAMED else ""
    err.write(f"\n{time.strftime('%H:%M:%S')} changed: {named}{more}\n")


def _compare(before: Stamps, after: Stamps) -> list[str]:
    """The files that changed, came or went."""
    return sorted(file for file in before.keys() | after if before.get(file) != after.get(file))


def _read_stamps(arguments: SimpleNamespace) -> Stamps:
    """Those of the files that the arguments lead to, and those that say how they are judged."""
    here = find_place()
    excludes = Excludes(here, (), tuple(arguments.exclude))
    sources, errors, *_ = collect(arguments.paths or [os.curdir], excludes)
    settings = {arguments.policy, arguments.baseline}
    folders = {os.path.dirname(os.path.abspath(one.path)) for one in sources}
    folders.update(list_parents(here, find_root(here)))
    settings |= {os.path.join(folder, name) for folder in folders for name in FILE_NAMES}
    policies = {os.path.abspath(file) for file in filter(None, settings)}
    policies |= {base for file in policies if os.path.isfile(file) for base in list_bases(file)}
    # What cannot be read, such as a link that leads nowhere, is told when it comes and goes.
    unread = {os.path.abspath(row["file"]): _UNREAD for row in errors}
    return unread | read_stamps((*(os.path.abspath(one.path) for one in sources), *policies))


def _refuse_options(arguments: SimpleNamespace) -> None:
    option = find_option(arguments, _ONCE)
    if option is not None:
        raise UserError(f"mlgate lint: --watch and {option} do not go together")
    if arguments.kustomize or arguments.helm:
        raise UserError("mlgate lint: --watch looks at files: it builds nothing")
    if STDIN in arguments.paths:
        raise UserError("mlgate lint: --watch looks at files: standard input does not change")
