"""The pipeline: files in, one result out, whatever the order of files or number of processes."""

import os
from collections.abc import Container, Iterable, Sequence

from linter.errors import CRASHED, FINDINGS, NOTHING_CHECKED, UNREADABLE
from linter.input.pieces import Piece, cut_sources, cut_texts
from linter.input.sources import Collection, Source
from linter.judging.coverage import Coverage
from linter.judging.packed_rows import count_by, join_runs
from linter.judging.rows import read_outcome, row_order, workload_order
from linter.judging.share import Facts, Share
from linter.judging.task import Task
from rules.type_names import TYPE_CHECKING

if TYPE_CHECKING:
    from linter.judging.workers import Exchange, WorkerTask
    from linter.row_types import ErrorRow, RunResult, ShareResult

MOST_ALONE = 4_000_000
"""Bytes up to which a run in one process holds all documents until the last is read, which spares
it to gather what they may be asked for."""
SPLIT_FILES = 200
SPLIT_BYTES = 1_000_000
"""From how many files or bytes on ``--jobs auto`` splits the work: below, a fork costs more than
it saves."""

_GATES = {
    "deny": frozenset({"deny"}),
    "warn": frozenset({"deny", "warn"}),
    "audit": frozenset({"deny", "warn", "audit"}),
    "never": frozenset[str](),
}


def lint(
    task: Task,
    collection: Collection,
    texts: Iterable[tuple[str, bytes]] = (),
    *,
    jobs: int = 0,
    walked: Container[str] = (),
) -> "RunResult":
    """The result of a run over the files of ``collection`` and over ``texts`` (name and bytes, as
    read from standard input, or staged; a walk met those in ``walked``). ``jobs`` is the number of
    processes, 0 for as many as pay.

    Raises WorkerError.
    """
    pieces = list(cut_sources(collection.sources, hook=task.hook))
    given = list(cut_texts(texts, hook=task.hook, walked=walked))
    held = _by_file(piece for piece in (*pieces, *given) if not isinstance(piece.content, Source))
    # The largest first, as they are dealt out; the path keeps the order fixed.
    pieces = sorted((*pieces, *given), key=lambda one: (-one.size, one.file, one.number))
    count = min(jobs or _count_jobs(pieces), max(len(pieces), 1))
    found = _run_split(task, pieces, held, count) if count > 1 else [_run_alone(task, pieces, held)]
    coverage = Coverage()
    for path, reason in collection.passed_over:
        coverage.files += 1
        coverage.skip(path, None, reason)
    coverage.left_out = dict(collection.left_out)
    for one in found:
        coverage.add(one["coverage"])
    findings = [run for one in found for run in one["findings"]]
    workloads = [row for one in found for row in one["workloads"]]
    passed = [run for one in found for run in one["passed"]]
    errors = [row for one in found for row in one["errors"]]
    return {
        "findings": join_runs(findings, row_order),
        "workloads": sorted(workloads, key=workload_order),
        "passed": join_runs(passed, workload_order),
        "errors": sorted(collection.errors + errors, key=error_order),
        "suppressed": sum(one["suppressed"] for one in found),
        "coverage": coverage.export(),
    }


def exit_code(result: "RunResult", fail_on: str, *, hook: bool = False) -> int:
    """3 where a rule crashed, 4 where some input could not be read, 1 for findings at or above
    ``fail_on``, 5 where there was nothing to check, else 0: the first of these that holds.

    With ``hook`` nothing to check is no fault: the commit had no manifest in it.
    """
    found = count_by(result["findings"], read_outcome)
    if any(one.rule == "MLG005" for one in found):
        return CRASHED
    if result["errors"]:
        return UNREADABLE
    if any(one.action in _GATES[fail_on] for one in found):
        return FINDINGS
    return NOTHING_CHECKED if not result["coverage"]["objects"] and not hook else 0


def _count_jobs(pieces: list[Piece]) -> int:
    total = sum(piece.size for piece in pieces)
    if len(pieces) < SPLIT_FILES and total < SPLIT_BYTES:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def _by_file(pieces: Iterable[Piece]) -> dict[str, list[Piece]]:
    found: dict[str, list[Piece]] = {}
    for piece in pieces:
        found.setdefault(piece.file, []).append(piece)
    return found


def _run_alone(task: Task, pieces: list[Piece], texts: dict[str, list[Piece]]) -> "ShareResult":
    alone = sum(piece.size for piece in pieces) <= MOST_ALONE
    share = Share(task, pieces, alone=alone, texts=texts)
    share.read(range(len(pieces)))
    return share.judge(share.facts())


def _run_split(
    task: Task, pieces: list[Piece], texts: dict[str, list[Piece]], count: int
) -> "list[ShareResult]":
    # What is imported before the processes part is imported once, and shared by all of them.
    import rules.composer
    import rules.kinds.podless
    import rules.kinds.unknown  # noqa: F401
    from linter.judging.workers import Turns, run_workers
    from rules.checks import ALL  # noqa: F401
    from rules.kinds import BUILT_IN  # noqa: F401

    # One process speaks for all of them.
    others = task._replace(progress=None)
    with Turns(len(pieces)) as turns:
        shares = [
            Share(others if at else task, pieces, texts=texts, turns=turns) for at in range(count)
        ]
        return run_workers(
            [_make_part(share, range(at, len(pieces), count)) for at, share in enumerate(shares)]
        )


def _make_part(share: Share, numbers: Sequence[int]) -> "WorkerTask":
    def part(exchange: "Exchange") -> "ShareResult":
        share.read(numbers)
        facts = exchange(tuple(share.facts()))
        return share.judge(
            Facts(*([row for one in facts for row in one[kind]] for kind in range(len(facts[0]))))
        )

    return part


def error_order(error: "ErrorRow") -> tuple[str, list[int], str]:
    """Errors by place, then by reason."""
    places = (error["document"], error["line"], error["column"])
    return error["file"], [-1 if place is None else place for place in places], error["reason"]
