"""What reviews notice of faults: 200 a second while files, processes and clients misbehave.

Usage: python -m bench.faults [SECONDS]; 10 for each fault unless given. Clients keep connections
and open new ones now and then, as an API server does: they go to another replica where one refuses
a connection or has closed it, and never send a review twice. A review that was sent and not
answered with 200 is a failure.
"""

import contextlib
import http.client
import resource
import select
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from bench.reviewing import find, make_job, make_update
from tests.threads import Threads
from tests.webhook.in_process import POLICY
from tests.webhook.processes import HOST, Pairs, Served, ask, serve

SECONDS = 10.0
RATE, THREADS = 200, 8
ON_ONE = 50
"""Requests on one connection."""
SLOW, HALF_OPEN, FLOOD, GIANTS = 200, 500, 2000, 14
FILES = 16_384
HELD = 64
HEADS, HEAD = 4, 16_000_000
MOST_SLOWEST = 1000.0
MOST_GROWN = 200.0
"""MiB of memory that an attack may cost."""
DELAY = 3.0
ENDS = ("--shutdown-delay", f"{DELAY:g}", "--grace", "10")


class Tally:
    """What became of the requests of one fault."""

    def __init__(self) -> None:
        self.requests = 0
        self.seconds: list[float] = []
        self.failures: Counter[str] = Counter()

    def tell(self, fault: str, allowed: int = 0) -> bool:
        """Print the figures; whether more than ``allowed`` requests failed or one took too long."""
        failed = self.failures.total()
        times = sorted(self.seconds)
        slowest, p99 = times[-1] * 1000, times[int(len(times) * 0.99)] * 1000
        bad = failed > allowed or slowest > MOST_SLOWEST
        print(
            f"{'MISS' if bad else 'ok  '} {fault:34} requests {self.requests}, failures {failed} "
            f"(at most {allowed}), slowest {slowest:.0f} ms, p99 {p99:.0f} ms",
            flush=True,
        )
        for text, count in self.failures.items():
            print(f"     {count} x {text}")
        return bad


class Caller:
    """One connection at a time to one of the replicas, as the API server's client has it."""

    def __init__(self, replicas: list[Served], number: int) -> None:
        self._replicas = replicas
        self._next = number
        self._connection: http.client.HTTPSConnection | None = None
        self._left = 0

    def post(self, body: bytes) -> int:
        """The status of one review. Raises what goes wrong once it may have been sent."""
        connection = self._ready()
        self._left -= 1
        try:
            status, _ = ask(connection, body)
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        return status

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _ready(self) -> http.client.HTTPSConnection:
        """The open connection, or a new one where it is closed or has been used enough."""
        if self._connection is not None and self._left > 0 and _is_open(self._connection):
            return self._connection
        self.close()
        self._connection = self._connect()
        self._left = ON_ONE
        return self._connection

    def _connect(self) -> http.client.HTTPSConnection:
        """A connection to the next replica that takes one. Raises ``ConnectionRefusedError``."""
        for _ in range(2 * len(self._replicas)):
            self._next += 1
            connection = self._replicas[self._next % len(self._replicas)].connect()
            with contextlib.suppress(OSError):
                connection.connect()
                return connection
        raise ConnectionRefusedError


def _is_open(connection: http.client.HTTPSConnection) -> bool:
    """Whether the server has not closed it: nothing but the end can be there to read."""
    sock: socket.socket | None = connection.sock
    return sock is not None and not select.select([sock], [], [], 0)[0]


class Load(Threads):
    """Reviews at an even rate from some threads, until the end of the block."""

    def __init__(self, *replicas: Served) -> None:
        self.tally = Tally()
        self._replicas = [*replicas]
        self._body = make_job(1, 19)
        self._lock = threading.Lock()
        super().__init__(THREADS)

    def run(self, number: int) -> None:
        """Send reviews."""
        caller = Caller(self._replicas, number)
        start = time.monotonic() + number / RATE
        for count in range(10**9):
            if self.end.wait(max(0.0, start + count * THREADS / RATE - time.monotonic())):
                break
            self._send(caller)
        caller.close()

    def _send(self, caller: Caller) -> None:
        start = time.monotonic()
        try:
            status = caller.post(self._body)
            failure = None if status == 200 else f"HTTP {status}"
        except (OSError, http.client.HTTPException) as error:
            failure = f"{type(error).__name__}: {error}"
        with self._lock:
            self.tally.requests += 1
            self.tally.seconds.append(time.monotonic() - start)
            if failure is not None:
                self.tally.failures[failure] += 1


class Place(NamedTuple):
    """Where servers find their files, and how long a fault lasts."""

    folder: Path
    pairs: Pairs
    seconds: float

    @property
    def policy(self) -> Path:
        return self.folder / "mlgate.yaml"


def main() -> None:
    if sys.argv[1:2] == ["--attack"]:
        ATTACKS[sys.argv[2]](int(sys.argv[3]), float(sys.argv[4]))
        return
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    files = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    bad = 0
    for fault in FAULTS:
        with tempfile.TemporaryDirectory() as folder:
            pairs = Pairs(Path(folder))
            pairs.write(pairs.issue())
            bad += fault(Place(Path(folder), pairs, seconds))
    sys.exit(1 if bad else 0)


def no_fault(place: Place) -> bool:
    with serve(place.pairs, *ENDS) as served, Load(served) as load:
        time.sleep(place.seconds)
    return load.tally.tell("none")


def certificates_change(place: Place) -> bool:
    """A new pair every second, certificate first and key after it."""
    with serve(place.pairs, *ENDS) as served, Load(served) as load:
        for _ in range(int(place.seconds)):
            place.pairs.write(place.pairs.issue())
            time.sleep(1)
        print(f"     {_count(served, 'cert_reload', 'true')} new pairs in use")
    return load.tally.tell("certificates change every second")


def policy_changes(place: Place) -> bool:
    """Broken, mended, gone, and swapped as kubelet swaps a ConfigMap."""
    _publish(place, "0", "profile: standard\n")
    place.policy.symlink_to("..data/mlgate.yaml")
    texts = ("profile: [", "profile: observe\n", "rules: {TRN999: deny}\n", "profile: strict\n")
    with serve(place.pairs, *ENDS, "--policy", str(place.policy)) as served, Load(served) as load:
        for number in range(1, int(place.seconds)):
            _publish(place, str(number), texts[number % len(texts)])
            time.sleep(1)
        taken, refused = (_count(served, "config_reload", ok) for ok in ("true", "false"))
        print(f"     {taken} policies taken up, {refused} refused")
    return load.tally.tell("policy broken, mended, swapped")


def _count(served: Served, name: str, ok: str) -> int:
    return int(served.sample(f'mlgate_{name}_total{{ok="{ok}"}}'))


def _publish(place: Place, name: str, text: str) -> None:
    folder = place.folder / f"..{name}"
    folder.mkdir()
    (folder / "mlgate.yaml").write_text(POLICY + text)
    (place.folder / "next").symlink_to(folder.name)
    (place.folder / "next").rename(place.folder / "..data")


def one_of_two_ends(place: Place) -> bool:
    """SIGTERM: it goes on for the shutdown delay, asks its clients to go, and closes."""
    with _two(place) as (first, second), Load(first, second) as load:
        time.sleep(2)
        first.process.send_signal(signal.SIGTERM)
        start = time.monotonic()
        code = first.process.wait(timeout=15)
        print(f"     exit code {code} after {time.monotonic() - start:.1f} s")
        time.sleep(place.seconds / 4)
    return load.tally.tell("SIGTERM to one of two")


def one_of_two_is_killed(place: Place) -> bool:
    """SIGKILL: only what it was answering at that moment can be lost."""
    with _two(place) as (first, second), Load(first, second) as load:
        time.sleep(2)
        first.process.kill()
        time.sleep(place.seconds / 2)
    return load.tally.tell("SIGKILL of one of two", allowed=THREADS)


@contextlib.contextmanager
def _two(place: Place) -> Iterator[tuple[Served, Served]]:
    with serve(place.pairs, *ENDS) as first, serve(place.pairs, *ENDS) as second:
        yield first, second


def attacked(name: str, fault: str) -> Callable[[Place], bool]:
    """A fault that a process of its own makes: it would slow down the clients here."""

    def run(place: Place) -> bool:
        with serve(place.pairs, *ENDS) as served:
            before = _read_peak(served)
            command = [sys.executable, "-m", "bench.faults", "--attack", name]
            command += [str(served.port), str(place.seconds)]
            with subprocess.Popen(command) as attack, Load(served) as load:
                attack.wait()
            grown = _read_peak(served) - before
        sign = "MISS" if grown > MOST_GROWN else "ok  "
        print(f"{sign} memory grew by {grown:.1f} MiB (wanted <= {MOST_GROWN})")
        return load.tally.tell(fault) or grown > MOST_GROWN

    return run


def _read_peak(served: Served) -> float:
    """The most memory that a server has had so far, in MiB."""
    status = Path(f"/proc/{served.process.pid}/status").read_text()
    return float(find(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


def probes_are_held(place: Place) -> bool:
    """Silent connections to the probes' port; a kubelet restarts what does not answer it."""
    with serve(place.pairs, *ENDS) as served, ExitStack() as stack:
        for _ in range(HELD):
            stack.enter_context(_open(served.metrics_port))
        time.sleep(1)
        status, _ = served.get("/healthz")
    sign = "ok  " if status == 200 else "MISS"
    print(f"{sign} {HELD} silent clients of the probes: HTTP {status}")
    return status != 200


def attack_slowly(port: int, seconds: float) -> None:
    """Clients that send a byte a second, and connections on which nobody says anything."""
    with ExitStack() as stack:
        quiet = [stack.enter_context(_open(port)) for _ in range(HALF_OPEN)]
        slow = [stack.enter_context(_encrypt(_open(port))) for _ in range(SLOW)]
        head = b"POST /validate HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
        text = head + b"content-length: 900\r\n\r\n" + b" " * 900
        for at in range(int(seconds)):
            for one in slow:
                one.send(text[at : at + 1])
            time.sleep(1)
        print(f"     {len(slow)} slow clients and {len(quiet)} silent connections")


def attack_by_number(port: int, seconds: float) -> None:
    """As many connections as one after the other can be opened, all kept."""
    with ExitStack() as stack:
        start = time.monotonic()
        for _ in range(FLOOD):
            stack.enter_context(_encrypt(_open(port)))
        spent = time.monotonic() - start
        time.sleep(max(1.0, seconds - spent))
        print(f"     {FLOOD} connections within {spent:.1f} s")


def attack_by_head(port: int, seconds: float) -> None:
    """Some clients whose headers have no end, until they are cut off."""
    sent = 0
    end = time.monotonic() + seconds
    with ExitStack() as stack:
        for _ in range(HEADS):
            sock = stack.enter_context(_encrypt(_open(port)))
            with contextlib.suppress(OSError):
                sock.send(b"POST /validate HTTP/1.1\r\nhost: a\r\n")
                sent += _repeat(sock, b"a: b\r\n" * 10_000, HEAD, end)
        time.sleep(1)
        print(f"     {sent} bytes of headers taken on {HEADS} connections")


def _repeat(sock: socket.socket, text: bytes, most: int, end: float) -> int:
    """Send ``text`` again and again; the bytes that were taken before the end."""
    sent = 0
    with contextlib.suppress(OSError):
        while sent < most and time.monotonic() < end:
            sent += sock.send(text)
    return sent


def attack_by_size(port: int, seconds: float) -> None:
    """Large updates, some in flight all the time."""
    answers: Counter[int] = Counter()
    body = make_update()
    end = time.monotonic() + seconds

    def send() -> None:
        while time.monotonic() < end:
            with _encrypt(_open(port)) as sock:
                connection = http.client.HTTPConnection(HOST, port)
                connection.sock = sock
                answers[ask(connection, body)[0]] += 1  # type: ignore[arg-type]

    threads = [threading.Thread(target=send) for _ in range(GIANTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"     {len(body)} bytes each: {', '.join(f'{one} {n}' for one, n in answers.items())}")


def _open(port: int) -> socket.socket:
    return socket.create_connection((HOST, port), timeout=30)


def _encrypt(sock: socket.socket) -> ssl.SSLSocket:
    """TLS on a connection. Whose certificate it is does not matter here."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(sock)


ATTACKS: dict[str, Callable[[int, float], None]] = {
    "slowly": attack_slowly,
    "number": attack_by_number,
    "head": attack_by_head,
    "size": attack_by_size,
}
FAULTS: tuple[Callable[[Place], bool], ...] = (
    no_fault,
    certificates_change,
    policy_changes,
    one_of_two_ends,
    one_of_two_is_killed,
    probes_are_held,
    attacked("slowly", f"{SLOW} slow and {HALF_OPEN} silent clients"),
    attacked("number", f"{FLOOD} connections"),
    attacked("head", f"{HEADS} endless heads"),
    attacked("size", f"{GIANTS} updates of 2.8 MB in flight"),
)


if __name__ == "__main__":
    main()
