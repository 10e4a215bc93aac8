"""The dashboard's parts without a process: a cluster that is a stand-in, a board, and its
application called directly."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import unquote

from starlette.types import ASGIApp

from linter.dashboard.app import create_dashboard
from linter.dashboard.board import Board
from linter.dashboard.cluster_scan import ClusterScan, ScanPlan, scan_cluster
from linter.dashboard.gate import Gate
from linter.dashboard.simulator import Simulator, judge_seen
from linter.dashboard.view import ScanView, make_view
from linter.judging.settings import find_today
from linter.judging.task import Task
from linter.scanning.survey import Wanted
from rules.checks import ALL
from rules.policy import DEFAULT, Policy
from tests.cluster.fake_api import running
from tests.linter.scanning.test_scan import Server

MEBIBYTE = 1024 * 1024
LOCAL = {"host": "localhost:8090"}


class Reply(NamedTuple):
    """An HTTP response."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(
    app: ASGIApp,
    path: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] = LOCAL,
    body: bytes = b"",
    peer: str = "127.0.0.1",
) -> Reply:
    """What a client is answered."""
    sent: list[Any] = []
    bare, _, query = path.partition("?")
    scope = {
        "type": "http",
        "http_version": "1.1",
        "scheme": "http",
        "method": method,
        "path": unquote(bare),
        "raw_path": bare.encode(),
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": (peer, 40000),
        "server": ("localhost", 8090),
    }
    chunks = [body[at : at + 8192] for at in range(0, len(body), 8192)] or [b""]

    async def receive() -> dict[str, Any]:
        if not chunks:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": chunks.pop(0), "more_body": bool(chunks)}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]
    start, *rest = sent
    shown = {key.decode().lower(): value.decode() for key, value in start["headers"]}
    return Reply(start["status"], shown, b"".join(one.get("body", b"") for one in rest))


def post(app: ASGIApp, choice: Any, **headers: str) -> Reply:
    """The answer to a simulation that is asked for."""
    known = {**LOCAL, "content-type": "application/json", **headers}
    body = json.dumps(choice).encode()
    return ask(app, "/api/v1/simulations", method="POST", headers=known, body=body)


@contextmanager
def cluster() -> Iterator[Server]:
    """A cluster without objects."""
    with running() as api:
        yield Server(api)


def look(
    server: Server, policy: Policy = DEFAULT, *, most: int = MEBIBYTE, profile: str | None = None
) -> ClusterScan:
    """A scan of it."""
    plan = ScanPlan(server.api.client(), Wanted(), 1000.0, most)
    task = Task(policy, find_today(), ALL, flag_profile=profile)
    return scan_cluster(plan, task, "built-in, profile standard")


def view(board: Board, done: ClusterScan) -> ScanView:
    """The view of a scan, the board's next."""
    return make_view(board.begin(), done, board.team_label)


def show(*scans: ClusterScan, gate: Gate | None = None, compare: Any = judge_seen) -> ASGIApp:
    """A dashboard that has seen these scans; policies are tried out in this process."""
    board = Board(600.0, "team")
    for one in scans:
        board.take(view(board, one))
    return create_dashboard(board, gate or Gate(), Simulator(compare))
