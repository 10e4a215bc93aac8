"""How fast the dashboard answers with 10,000 findings: to one user, alone and while a policy is
tried out, and to fifty, who look at a page for about a second, or ask for the next at once.

``python -m bench.dashboard [FINDINGS]``: the dashboard in a process of its own, asked over HTTP on
loopback. Wanted: every page in less than 200 ms, and no failure.
"""

import http.client
import json
import random
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from statistics import median, quantiles
from typing import Any

import orjson

from bench.scanning import Answer, make_reader
from linter.dashboard.app import create_dashboard
from linter.dashboard.board import Board
from linter.dashboard.cluster_scan import ClusterScan, ScanPlan, scan_cluster
from linter.dashboard.gate import Gate
from linter.dashboard.server import ListenOptions, listen, make_server
from linter.dashboard.side_process import call_aside
from linter.dashboard.view import ScanView, make_view
from linter.judging.settings import find_today
from linter.judging.task import Task
from linter.scanning.survey import Wanted
from rules.checks import ALL
from rules.policy import DEFAULT

FINDINGS, USERS, ROUNDS = 10_000, 50, 5
LOOK_SECONDS = (0.5, 1.5)
"""How long somebody looks at a page."""
MOST_MS = 200
PAGES = (
    "/",
    "/report",
    "/api/v1/status",
    "/api/v1/history",
    "/api/v1/groups/namespace",
    "/api/v1/findings?limit=100",
    "/api/v1/findings?namespace=team-7&limit=500",
    "/api/v1/rules",
    "/api/v1/rules/TRN003",
)
_JOBS = {
    "resource": "jobs",
    "responseKind": {"kind": "Job"},
    "scope": "Namespaced",
    "verbs": ["list", "watch"],
}
_GROUPS = [{"metadata": {"name": "batch"}, "versions": [{"version": "v1", "resources": [_JOBS]}]}]
_SAMPLE = 20


class FaultyCluster:
    """A cluster of Jobs that all have something wrong with them."""

    def __init__(self, objects: int) -> None:
        self._read = make_reader(objects)

    def read(self, path: str, headers: Mapping[str, str], timeout: float) -> Answer:
        """What an API server answers."""
        if path in ("/api", "/apis"):
            groups = _GROUPS if path == "/apis" else []
            return Answer({"kind": "APIGroupDiscoveryList", "items": groups})
        body = orjson.loads(self._read(path, headers, timeout).data)
        for item in body["items"]:
            del item["spec"]["backoffLimit"], item["spec"]["ttlSecondsAfterFinished"]
            item["spec"].pop("activeDeadlineSeconds", None)
        return Answer(body)


def scan(objects: int) -> ClusterScan:
    """A scan of so many objects."""
    client: Any = FaultyCluster(objects)
    plan = ScanPlan(client, Wanted(), 1e9, 1 << 30)
    return scan_cluster(plan, Task(DEFAULT, find_today(), ALL), "built-in")


def scan_findings(findings: int) -> ScanView:
    """What is shown of a scan with so many."""
    each = len(scan(_SAMPLE).result["findings"]) / _SAMPLE
    return make_view(1, scan(round(findings / each)), "team")


def serve(findings: int) -> None:
    """Serve so many findings; print the port and what it took first."""
    board = Board(600.0, "team")
    view = call_aside(scan_findings, findings)
    board.take(view)
    options = ListenOptions("127.0.0.1", 0)
    server = make_server(create_dashboard(board, Gate()), options, lambda _: None)
    socket = listen(options)
    told = {
        "port": socket.getsockname()[1],
        "findings": len(view.marks),
        "objects": view.summary.objects,
        "scan": view.summary.seconds,
        "snapshot": view.seen.snapshot.size / 2**20,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "beside": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
    }
    print(json.dumps(told), flush=True)
    server.run(sockets=[socket])


@contextmanager
def served(findings: int) -> Iterator[dict[str, float]]:
    """A process that serves, and what it told."""
    command = [sys.executable, "-m", "bench.dashboard", "--serve", str(findings)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    told = process.stdout.readline() if process.stdout else ""
    try:
        yield json.loads(told)
    finally:
        process.terminate()
        process.wait()


def ask(connection: http.client.HTTPConnection, path: str) -> float:
    """Milliseconds until the whole answer is there."""
    start = time.perf_counter()
    connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise ConnectionError(f"{path}: {answer.status}")
    return 1000 * (time.perf_counter() - start)


def ask_all(port: int, pause: tuple[float, float] = (0, 0)) -> dict[str, list[float]]:
    """What one user waits for each page, several times, with a pause from and up to so many seconds
    before each."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    times: dict[str, list[float]] = {path: [] for path in PAGES}
    for path in PAGES * ROUNDS:
        time.sleep(random.uniform(*pause))  # noqa: S311 - no secret
        times[path].append(ask(connection, path))
    connection.close()
    return times


def join(times: dict[str, list[float]]) -> list[float]:
    """Those of all pages."""
    return [one for page in times.values() for one in page]


def ask_together(port: int, pause: tuple[float, float] = (0, 0)) -> list[float]:
    """What so many users wait who each look at every page."""
    waited: list[float] = []
    failures: list[BaseException] = []

    def look() -> None:
        try:
            waited.extend(join(ask_all(port, pause)))
        except (OSError, http.client.HTTPException) as error:
            failures.append(error)

    users = [threading.Thread(target=look) for _ in range(USERS)]
    for one in users:
        one.start()
    for one in users:
        one.join()
    if failures:
        raise failures[0]
    return waited


def simulate(port: int) -> dict[str, Any]:
    """Begin to try out a policy."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    body = json.dumps({"profile": "strict"})
    connection.request("POST", "/api/v1/simulations", body, {"Content-Type": "application/json"})
    begun: dict[str, Any] = json.loads(connection.getresponse().read())
    return begun


def wait_for(port: int, number: int) -> None:
    """Wait until a simulation is over, and say how long it took."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    while True:
        connection.request("GET", f"/api/v1/simulations/{number}")
        found = json.loads(connection.getresponse().read())
        if found["state"] != "running":
            print(f"the simulation: {found['state']} after {found['seconds']:.1f} s")
            return
        time.sleep(0.5)


def tell_times(what: str, times: list[float]) -> None:
    """A line: the median, the 99th of a hundred, the longest."""
    late = quantiles(times, n=100, method="inclusive")[-1]
    print(f"{what:<52} {median(times):7.1f} {late:7.1f} {max(times):7.1f} ms")


def run(findings: int) -> None:
    """Print a line for each page, and for all of them in other circumstances."""
    with served(findings) as told:
        port = int(told["port"])
        print(
            f"{told['findings']:,.0f} findings in {told['objects']:,.0f} objects: scan "
            f"{told['scan']:.1f} s, snapshot {told['snapshot']:.1f} MiB, peak {told['peak']:.0f} "
            f"MiB, of the process that scanned {told['beside']:.0f} MiB"
        )
        print(f"{'':<52} median     99%     max (wanted: {MOST_MS} ms)")
        for path, times in ask_all(port).items():
            tell_times(path, times)
        begun = simulate(port)
        tell_times("all, while a policy is tried out", join(ask_all(port)))
        wait_for(port, begun["number"])
        tell_times(f"all, {USERS} users who look at each", ask_together(port, LOOK_SECONDS))
        begun = simulate(port)
        together = ask_together(port, LOOK_SECONDS)
        tell_times(f"all, {USERS} users who look, and a policy tried out", together)
        wait_for(port, begun["number"])
        start = time.perf_counter()
        together = ask_together(port)
        rate = len(together) / (time.perf_counter() - start)
        tell_times(f"all, {USERS} users without a pause, {rate:.0f} a second", together)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(int(sys.argv[2]))
    else:
        run(int(sys.argv[1]) if sys.argv[1:] else FINDINGS)
