"""Scans again and again: what is shown when one fails, and how fresh it is said to be."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from linter.dashboard.answers import ActionCounts
from linter.dashboard.app import create_dashboard
from linter.dashboard.board import KEPT, Board
from linter.dashboard.board_metrics import render_board
from linter.dashboard.cluster_scan import ClusterScan
from linter.dashboard.gate import Gate
from linter.dashboard.rounds import ScanRounds
from linter.dashboard.scan_history import HistoryFile
from linter.dashboard.side_process import SideProcessError
from linter.dashboard.view import ScanView, make_view
from linter.errors import UserError
from tests.cluster.waiting import until
from tests.linter.dashboard.in_process import ask, cluster, look, view
from tests.linter.scanning.test_scan import Server
from tests.linter.test_cli import FIXABLE


@pytest.fixture
def server() -> Iterator[Server]:
    with cluster() as one:
        one.put(FIXABLE)
        yield one


def run(board: Board, *steps: Callable[[], ClusterScan]) -> list[str]:
    """The lines that are told of so many scans."""
    told: list[str] = []
    pending = list(steps)
    rounds: list[ScanRounds] = []

    def step(number: int) -> ScanView:
        return make_view(number, pending.pop(0)(), board.team_label)

    def tell(line: str) -> None:
        told.append(line)
        if not pending:
            rounds[0].stop()

    rounds.append(ScanRounds(step, board, tell, first_pause=0.001))
    rounds[0].start()
    rounds[0].join(20)
    assert not rounds[0].is_alive()
    return told


def refuse(*_: int) -> Any:
    raise UserError("the API server cannot be asked: it is away")


def crash() -> ClusterScan:
    raise ValueError("a value of an object")


def test_scans_follow_each_other(server: Server) -> None:
    board = Board(0.01, "team")
    told = run(board, lambda: look(server), lambda: look(server))
    assert [line.partition(" (whole")[0] for line in told] == ["scan 1", "scan 2"]
    assert [one.outcome for one in board.list_history()] == ["whole", "whole"]


def test_the_last_good_scan_stays_and_its_age_is_told(server: Server) -> None:
    board = Board(0.01, "team")
    told = run(board, lambda: look(server), refuse, crash)
    status = board.describe()
    assert (status.state, status.scan and status.scan.number) == ("stale", 1)
    assert status.failure is not None
    assert status.failure.reason == "the scan crashed: ValueError; please report it"
    assert "a value" not in "".join(told)
    assert board.view is not None
    assert board.view.number == 1


def test_a_scan_that_works_again_ends_the_failure(server: Server) -> None:
    board = Board(0.01, "team")
    run(board, refuse)
    assert b"mlgate_dashboard_stale 1.0" in render_board(board)
    run(board, lambda: look(server))
    assert b"mlgate_dashboard_stale 0.0" in render_board(board)
    status = board.describe()
    assert (status.state, status.failure) == ("fresh", None)
    assert [one.outcome for one in board.list_history()] == ["failed", "whole"]


def test_what_may_not_be_listed_is_shown_as_missing(server: Server) -> None:
    server.kinds["batch", "Job"].list_status = 403
    board = Board(0.01, "team")
    told = run(board, lambda: look(server))
    assert told[0].endswith("not read: 1 collections")
    summary = board.list_history()[0]
    assert (summary.outcome, summary.errors[0].name) == ("partial", "jobs.batch")
    assert "forbidden" in summary.errors[0].reason
    assert board.describe().state == "fresh"


def test_what_could_not_be_read_for_a_while_does_not_replace_what_could(server: Server) -> None:
    board = Board(0.01, "team")
    board.take(view(board, look(server)))
    server.kinds["batch", "CronJob"].list_status = 401
    summary = board.take(view(board, look(server)))
    assert summary.outcome == "failed"
    assert summary.reason.startswith("not all could be read: 401")
    assert board.view is not None
    assert (board.view.summary.counts or ActionCounts()).deny == 1
    # It does not pass: what can be read is shown by now.
    seen = [board.take(view(board, look(server))) for _ in range(3)]
    assert [one.outcome for one in seen] == ["failed", "failed", "partial"]
    assert seen[-1].counts is not None
    assert seen[-1].counts.deny == 0
    # Nor does it keep the next from being shown.
    assert board.take(view(board, look(server))).outcome == "partial"
    # There was nothing to show before: something is better than nothing.
    fresh = Board(0.01, "team")
    assert fresh.take(view(fresh, look(server))).outcome == "partial"


def test_failures_are_waited_for_longer_and_longer() -> None:
    rounds = ScanRounds(refuse, Board(600.0, "team"), lambda _: None)
    failure: Any = Board(600.0, "team").fail("away")
    pauses = [rounds._choose_pause(failure) for _ in range(12)]
    assert 5 <= pauses[0] <= 15
    assert pauses[3] > 2 * pauses[0]
    assert max(pauses) <= 900
    assert min(pauses[-3:]) >= 300


def test_a_scan_that_ends_with_the_dashboard_is_no_failure() -> None:
    board, told = Board(600.0, "team"), list[str]()

    def end(_: int) -> ScanView:
        rounds.stop()
        raise SideProcessError("its process was ended by signal 15")

    rounds = ScanRounds(end, board, told.append)
    rounds.start()
    rounds.join(20)
    assert (told, board.list_history()) == ([], [])


def test_the_interval_varies_a_little(server: Server) -> None:
    board = Board(600.0, "team")
    rounds = ScanRounds(refuse, board, lambda _: None)
    summary = board.take(view(board, look(server)))
    pauses = {rounds._choose_pause(summary) for _ in range(20)}
    assert len(pauses) > 10
    assert all(540 <= pause <= 660 for pause in pauses)


def test_it_is_told_that_a_scan_is_going_on(server: Server) -> None:
    board, going, go_on = Board(600.0, "team"), threading.Event(), threading.Event()

    def slow(number: int) -> ScanView:
        going.set()
        go_on.wait(20)
        return make_view(number, look(server), board.team_label)

    rounds = ScanRounds(slow, board, lambda _: None)
    rounds.start()
    assert going.wait(20)
    assert (board.describe().scanning, board.describe().next_scan) == (True, None)
    go_on.set()
    until(lambda: not board.describe().scanning)
    assert board.describe().next_scan is not None
    rounds.stop()
    rounds.join(20)


def test_the_history_is_bounded() -> None:
    board = Board(600.0, "team")
    for number in range(KEPT + 50):
        board.fail(str(number))
    assert len(board.list_history()) == KEPT
    assert board.list_history()[-1].reason == str(KEPT + 49)


def test_the_history_outlives_the_process(server: Server, tmp_path: Path) -> None:
    told: list[str] = []
    path = tmp_path / "history.jsonl"

    def start() -> Board:
        return Board(600.0, "team", HistoryFile(str(path), told.append))

    first = start()
    first.take(view(first, look(server)))
    first.begin()
    first.fail("the API server cannot be asked: it is away")
    second = start()
    assert [one.outcome for one in second.list_history()] == ["whole", "failed"]
    assert second.describe().state == "starting"
    assert second.take(view(second, look(server))).number == 3
    assert len(path.read_text().splitlines()) == 3
    assert [one.name for one in tmp_path.iterdir()] == ["history.jsonl"]
    path.unlink()
    path.mkdir()
    second.fail("away")
    assert told == [f"the history {path} cannot be written: Is a directory"]


def test_the_history_keeps_what_unicode_ends_lines_by(tmp_path: Path) -> None:
    history = HistoryFile(str(tmp_path / "history.jsonl"), lambda _: None)
    reason = "a \u2028 b \x85 c \r\n d"
    Board(600.0, "team", history).fail(reason)
    assert [one.reason for one in history.read()] == [reason]


def test_half_a_character_ends_neither_scans_nor_answers(tmp_path: Path) -> None:
    """As in the name of a policy file that is no UTF-8."""
    history = HistoryFile(str(tmp_path / "history.jsonl"), lambda _: None)
    board = Board(0.01, "team", history)

    def refuse_badly() -> ClusterScan:
        raise UserError("policies/\udcff.yaml: a mapping is expected")

    told = run(board, refuse_badly, refuse_badly)
    assert [line.partition(" (failed")[0] for line in told] == ["scan 1", "scan 2"]
    reason = r"policies/\udcff.yaml: a mapping is expected"
    assert [one.reason for one in history.read()] == [reason, reason]
    assert (
        ask(create_dashboard(board, Gate()), "/api/v1/status").json["failure"]["reason"] == reason
    )


def test_a_history_that_cannot_be_read_is_told_in_plain_words(tmp_path: Path) -> None:
    with pytest.raises(UserError) as raised:
        HistoryFile(str(tmp_path), lambda _: None).read()
    assert str(raised.value) == f"mlgate dashboard: --history {tmp_path}: is a directory"


@pytest.mark.parametrize("text", ["notes of mine\n", "{}\n", "\udcff"])
def test_another_file_is_not_written_over(tmp_path: Path, text: str) -> None:
    path = tmp_path / "notes"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(UserError, match=r"--history .*notes"):
        HistoryFile(str(path), lambda _: None).read()
    assert path.read_bytes() == text.encode(errors="surrogateescape")
