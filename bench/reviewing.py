"""What the webhook bears, as ratios of one run: load, long tails, one giant among many.

Usage: python -m bench.reviewing [SECONDS]; needs wrk, the extra `webhook`, and two cores: servers
run on the first, wrk on the last. Loopback TLS throughout. The floor is a bare uvloop server
that parses the same bodies with orjson and answers with the same bytes. A body that comes again is
remembered; "new" are bodies whose objects all have other names. First, and without wrk alone, what
a review takes in the process: its calls of functions are as many on any machine, however busy.
"""

import asyncio
import contextlib
import http.client
import itertools
import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import uvloop

from bench.copies import RULES
from bench.crowded_namespace import CrowdedNamespace
from bench.judging import CallCount
from bench.targets import tell
from tests.load.sized_reviews import make_job, make_update
from tests.webhook.in_process import InProcessServer
from webhook.commands.trial import DevFiles, make_dev_files
from webhook.review.admission import ENDPOINTS

PORT, METRICS_PORT = 18443, 18080
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, CLIENT_CORE = str(CORES[0]), str(CORES[-1])
REVIEWS, NEIGHBOURS = 50, 300
LEAST_RATIO, MOST_P99, MOST_TAIL, MOST_GIANT, MOST_BESIDE = 0.16, 10.0, 5.0, 200.0, 50.0
MOST_NEW, MOST_MANY = 480.0, 650.0
"""Microseconds of CPU for a new object of 6 KB: by the rules there are, by those of a catalogue.
The first was set when there were eight (``bench.core_rules``)."""
PAUSES = "function delay() return 20 end"
"""Milliseconds between an answer and the next request of a connection."""
NEW_NAMES = """
local count, fresh = 0, wrk.body
function request()
  count = count + 1
  return wrk.format(nil, nil, nil, (fresh:gsub('"name":"bert"', '"name":"bert-' .. count .. '"')))
end
"""
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


class Load(NamedTuple):
    """Requests a second, latencies in milliseconds, and what wrk complains of."""

    rate: float
    p50: float
    p99: float
    errors: str

    def __str__(self) -> str:
        text = f"{self.rate:7.0f} r/s, p50 {self.p50:.2f} ms, p99 {self.p99:.2f} ms"
        return f"{text}, {self.errors}" if self.errors else text


def main() -> None:
    if sys.argv[1:2] == ["--floor"]:
        run_floor(Path(sys.argv[2]), Path(sys.argv[3]))
        return
    show_calls()
    print("by the eight core rules:", flush=True)
    subprocess.run([sys.executable, "-m", "bench.core_rules", "--calls"], check=True)
    if shutil.which("wrk") is None:
        print("the rest is skipped: wrk is not installed")
        return
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    files = make_dev_files()
    small, middle, giant = make_job(1, 19), make_job(20, 11), make_update()
    print(f"bodies: {len(small)}, {len(middle)} and {len(giant)} bytes")
    with run(["-m", "bench.reviewing", "--floor", *map(str, files[:2])], PORT) as pid:
        floor, floor_cpu = measure_cpu(pid, PORT, small, seconds)
    with run(serve_arguments(files), PORT) as pid:
        measure(PORT, small, 16, 1)
        ours, our_cpu = measure_cpu(pid, PORT, small, seconds)
        new, new_cpu = measure_cpu(pid, PORT, small, seconds, NEW_NAMES)
        alone = measure(PORT, middle, 1, seconds)
        beside, giants = measure_giant(small, giant, seconds)
        print(f"memory    {read_memory():7.1f} MiB")
    many, many_cpu = measure_new("bench.copies", files, small, seconds)
    core, core_cpu = measure_new("bench.core_rules", files, small, seconds)
    print(f"floor     {floor}, {floor_cpu:.0f} us of CPU each")
    print(f"6 KB x16  {ours}, {our_cpu:.0f} us of CPU each")
    print(f"new x16   {new}, {new_cpu:.0f} us of CPU each")
    print(f"{RULES} rules  {many}, {many_cpu:.0f} us of CPU each")
    print(f"core      {core}, {core_cpu:.0f} us of CPU each")
    print(f"60 KB x1  {alone}")
    print(f"beside    {beside}")
    print(f"giant     {', '.join(f'{one:.0f}' for one in giants)} ms")
    tell("rate of the floor", ours.rate / floor.rate, LEAST_RATIO, least=True)
    tell("the same by CPU time", floor_cpu / our_cpu, LEAST_RATIO, least=True)
    tell("p99 at 16 connections, ms", ours.p99, MOST_P99)
    tell("a new object, us of CPU", new_cpu, MOST_NEW)
    tell("a new object by the eight core rules, us of CPU", core_cpu, MOST_NEW)
    tell("p99 of new objects, ms", new.p99, MOST_P99)
    tell("p99 of these by the eight core rules, ms", core.p99, MOST_P99)
    tell(f"a new object by {RULES} rules, us of CPU", many_cpu, MOST_MANY)
    tell("p99/p50 at 60 KB", alone.p99 / alone.p50, MOST_TAIL)
    tell("slowest giant, ms", max(giants), MOST_GIANT)
    tell("p99 beside giants, ms", beside.p99, MOST_BESIDE)


def measure_new(module: str, files: DevFiles, small: bytes, seconds: float) -> tuple[Load, float]:
    """New objects at a server that is started by another module."""
    with run(["-m", module, *serve_arguments(files)[2:]], PORT) as pid:
        measure(PORT, small, 16, 1)
        return measure_cpu(pid, PORT, small, seconds, NEW_NAMES)


def show_calls() -> None:
    """The calls of functions that a review of 6 KB takes without TLS and sockets: where nothing is
    known of a cluster, and in a namespace that holds many other objects."""
    small = make_job(1, 19)
    new = [small.replace(b'"name":"bert"', b'"name":"bert-%d"' % one) for one in range(REVIEWS)]
    crowd = CrowdedNamespace("research", NEIGHBOURS)
    places = {"": None, f" beside {NEIGHBOURS} of each of five kinds": crowd}
    for endpoint, (place, cluster) in itertools.product(ENDPOINTS, places.items()):
        server = InProcessServer(cluster=cluster)
        server.post(small, endpoint)
        for what, bodies in (("new", new), ("remembered", new[-1:] * REVIEWS)):
            calls = asyncio.run(count_calls(server, endpoint, bodies)) / REVIEWS
            print(f"{endpoint}: {calls:.0f} calls of functions for an object that is {what}{place}")


async def count_calls(server: InProcessServer, endpoint: str, bodies: list[bytes]) -> float:
    count = CallCount()
    sys.setprofile(count)
    try:
        statuses = {(await server.ask(body, endpoint)).status for body in bodies}
    finally:
        sys.setprofile(None)
    if statuses != {200}:
        raise SystemExit(f"{endpoint} answered with {statuses}")
    return count.calls


def serve_arguments(files: DevFiles) -> list[str]:
    pair = ["--tls-cert", str(files.certificate), "--tls-key", str(files.key)]
    ports = ["--port", str(PORT), "--metrics-port", str(METRICS_PORT)]
    ends = ["--shutdown-delay", "0", "--grace", "3"]
    return ["-m", "linter", "serve", "--no-cluster", "--host", "127.0.0.1", *pair, *ports, *ends]


@contextlib.contextmanager
def run(arguments: list[str], port: int) -> Iterator[int]:
    """A server on its core, from the first answer on; its process id."""
    command = ["taskset", "-c", SERVER_CORE, sys.executable, *arguments]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for(port)
            yield server.pid
        finally:
            server.terminate()


def wait_for(port: int) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            post(port, make_job(1, 1))
            return
        time.sleep(0.05)
    raise SystemExit(f"nothing answers on port {port}")


def post(port: int, body: bytes) -> float:
    """The milliseconds of one review on a connection of its own."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=30)
    try:
        connection.connect()
        start = time.perf_counter()
        connection.request("POST", "/validate", body, {"content-type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise SystemExit(f"HTTP {answer.status}: {text[:200]!r}")
        return (time.perf_counter() - start) * 1000
    finally:
        connection.close()


def measure(port: int, body: bytes, connections: int, seconds: float, *script: str) -> Load:
    """What wrk says of a body on some connections."""
    with start_wrk(port, body, connections, seconds, *script) as wrk:
        return read_wrk(wrk.communicate()[0])


def measure_cpu(
    pid: int, port: int, body: bytes, seconds: float, *script: str
) -> tuple[Load, float]:
    """The same on 16 connections, and the microseconds of CPU that the server spent on each:
    these hold on a machine that has other things to do as well."""
    before = read_cpu(pid)
    load = measure(port, body, 16, seconds, *script)
    return load, (read_cpu(pid) - before) / load.rate / seconds * 1e6


def read_cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure_giant(small: bytes, giant: bytes, seconds: float) -> tuple[Load, list[float]]:
    """What small bodies on 8 connections notice of giants, and how long those take."""
    with start_wrk(PORT, small, 8, seconds, PAUSES) as wrk:
        giants = []
        while wrk.poll() is None:
            giants.append(post(PORT, giant))
            time.sleep(0.3)
        return read_wrk(wrk.communicate()[0]), giants


def start_wrk(
    port: int, body: bytes, connections: int, seconds: float, *more: str
) -> subprocess.Popen[str]:
    """Wrk under way; ``more`` are lines of its script."""
    folder = Path(tempfile.mkdtemp())
    (folder / "body").write_bytes(body)
    script = [
        'wrk.method = "POST"',
        'wrk.headers["Content-Type"] = "application/json"',
        f'wrk.body = io.open("{folder / "body"}", "rb"):read("*a")',
        *more,
    ]
    (folder / "post.lua").write_text("\n".join(script))
    command = (
        f"taskset -c {CLIENT_CORE} wrk -t1 -c{connections} -d{seconds:g}s --latency -s".split()
    )
    url = f"https://127.0.0.1:{port}/validate?timeout=10s"
    return subprocess.Popen(
        [*command, str(folder / "post.lua"), url], stdout=subprocess.PIPE, text=True
    )


def read_wrk(text: str) -> Load:
    marks = dict(re.findall(r"(\d+)%\s+([\d.]+[a-z]+)", text))
    rate = find(r"Requests/sec:\s+([\d.]+)", text)
    errors = re.findall(r"(Non-2xx[^\n]*|Socket errors[^\n]*)", text)
    return Load(
        float(rate[1]), _milliseconds(marks["50"]), _milliseconds(marks["99"]), " ".join(errors)
    )


def _milliseconds(text: str) -> float:
    found = find(r"([\d.]+)([a-z]+)", text)
    return float(found[1]) * _UNITS[found[2]]


def read_memory() -> float:
    connection = http.client.HTTPConnection("127.0.0.1", METRICS_PORT, timeout=5)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    return float(find(r"\nprocess_resident_memory_bytes (\S+)", text)[1]) / 2**20


def find(pattern: str, text: str) -> re.Match[str]:
    found = re.search(pattern, text)
    if found is None:
        raise SystemExit(f"there is no {pattern} in {text}")
    return found


class Floor(asyncio.Protocol):
    """HTTP as thin as it gets: a length, a body, an answer."""

    def __init__(self) -> None:
        self.data = b""
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.data += data
        head, found, body = self.data.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
        if not found or len(body) < length:
            return
        self.data = b""
        response = {"uid": orjson.loads(body)["request"]["uid"], "allowed": True}
        text = orjson.dumps({"apiVersion": "admission.k8s.io/v1", "response": response})
        self.transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(text) + text)


def run_floor(certificate: Path, key: Path) -> None:
    async def serve() -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Floor, "127.0.0.1", PORT, ssl=context)
        await server.serve_forever()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve())


if __name__ == "__main__":
    main()
