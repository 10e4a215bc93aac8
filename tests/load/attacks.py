"""Hostile clients, each in a process of its own: it would slow down the good ones beside it.

They come from another address than the good ones, as a stranger's pod does.

Usage: python -m tests.load.attacks NAME PORT PROBES_PORT SECONDS
"""

import contextlib
import http.client
import resource
import socket
import ssl
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from typing import NamedTuple

from tests.load.sized_reviews import make_job, make_update
from tests.webhook.processes import HOST, ask

STRANGER = ("127.0.0.2", 0)
SLOW, SILENT, ASKED, PROBES, LARGE, MARKS, FLOOD, PIPELINES = (300, 4700, 1024, 400, 14, 4, 256, 8)
KEPT = 400
HEADS, HEAD_BYTES = 4, 16_000_000
MARKS_BYTES = 7 * 1024 * 1024
MAX_FILES = 16_384


class Target(NamedTuple):
    """The ports of a server, and for how long it is attacked."""

    port: int
    probes: int
    seconds: float


def main() -> None:
    raise_file_limit()
    name, port, probes, seconds = sys.argv[1:]
    ATTACKS[name](Target(int(port), int(probes), float(seconds)))


def raise_file_limit() -> None:
    """Room for the sockets of all clients."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = MAX_FILES if hard == resource.RLIM_INFINITY else min(MAX_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))


def send_slowly(target: Target) -> None:
    """Bodies of which a byte comes each second; those that are given up begin anew."""
    head = b"POST /validate?timeout=30s HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
    begun = 0
    slow: list[ssl.SSLSocket] = []
    end = time.monotonic() + target.seconds
    while time.monotonic() < end:
        slow = [one for one in slow if _say(one, b" ")]
        for _ in range(SLOW - len(slow)):
            with contextlib.suppress(OSError):
                slow.append(encrypt(open_socket(target.port)))
                _say(slow[-1], head + b"content-length: 900\r\n\r\n ")
                begun += 1
        time.sleep(1)
    print(f"{SLOW} slow bodies at a time, {begun} in all")


def _say(sock: socket.socket, text: bytes) -> bool:
    """Whether the server has taken it."""
    with contextlib.suppress(OSError):
        sock.send(text)
        return True
    return False


def say_nothing(target: Target) -> None:
    """Connections on which nobody says anything, opened again when they are closed."""
    _hold(target, SILENT, lambda: open_socket(target.port))


def ask_once(target: Target) -> None:
    """Connections that have asked once, and are kept."""

    def open_and_ask() -> socket.socket:
        sock = encrypt(open_socket(target.port))
        sock.sendall(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        return sock

    _hold(target, ASKED, open_and_ask)


def ask_for_nothing(target: Target) -> None:
    """Requests for a page that is not there, on many connections at once and again and again."""
    asked = 0
    with ExitStack() as stack:
        held = [stack.enter_context(encrypt(open_socket(target.port))) for _ in range(KEPT)]
        end = time.monotonic() + target.seconds
        while held and time.monotonic() < end:
            held = [one for one in held if _say(one, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")]
            held = [one for one in held if _hears(one)]
            asked += len(held)
    print(f"{asked} requests for nothing, on {KEPT} connections at a time")


def _hears(sock: ssl.SSLSocket) -> bool:
    """Whether there was an answer."""
    with contextlib.suppress(OSError):
        return bool(sock.recv(4096))
    return False


def ask_probes(target: Target) -> None:
    """Connections to the probes' port that have asked once, and are kept."""

    def open_and_ask() -> socket.socket:
        sock = open_socket(target.probes)
        sock.sendall(b"GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n")
        return sock

    _hold(target, PROBES, open_and_ask)


def _hold(target: Target, most: int, make: Callable[[], socket.socket]) -> None:
    """Keep so many connections, as far as the server lets them be."""
    opened = 0
    end = time.monotonic() + target.seconds
    held: list[socket.socket] = []
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            held.append(make())
            opened += 1
        if len(held) > most:
            held.pop(0).close()
    print(f"{opened} connections, the last {len(held)} of them kept")


def shake_hands(target: Target) -> None:
    """Handshakes one after the other, and as many that stop in the middle."""
    done: Counter[str] = Counter()

    def shake(number: int) -> None:
        with open_socket(target.port) as sock:
            if number % 2:
                sock.sendall(b"\x16\x03\x01")
                time.sleep(0.5)
            else:
                encrypt(sock).close()
            done["half" if number % 2 else "whole"] += 1

    _repeat_in_threads(target, FLOOD, shake)
    print(f"{done['whole']} handshakes, {done['half']} that stopped in the middle")


def send_endless_heads(target: Target) -> None:
    """Some clients whose headers have no end, until they are cut off."""
    sent = 0
    end = time.monotonic() + target.seconds
    with ExitStack() as stack:
        for _ in range(HEADS):
            sock = stack.enter_context(encrypt(open_socket(target.port)))
            with contextlib.suppress(OSError):
                sock.send(b"POST /validate HTTP/1.1\r\nhost: a\r\n")
                sent += _repeat(sock, b"a: b\r\n" * 10_000, HEAD_BYTES, end)
        time.sleep(1)
        print(f"{sent} bytes of headers taken on {HEADS} connections")


def _repeat(sock: socket.socket, text: bytes, most: int, end: float) -> int:
    """Send ``text`` again and again; the bytes that were taken before the end."""
    sent = 0
    with contextlib.suppress(OSError):
        while sent < most and time.monotonic() < end:
            sent += sock.send(text)
    return sent


def ask_without_waiting(target: Target) -> None:
    """Thousands of requests in one piece."""
    sent: Counter[str] = Counter()

    def send(_number: int) -> None:
        with encrypt(open_socket(target.port)) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\n\r\n" * 14_000)
            sent["pieces"] += 1
            sock.recv(1)

    _repeat_in_threads(target, PIPELINES, send)
    print(f"{sent['pieces']} pieces of 14000 requests")


def send_large_updates(target: Target) -> None:
    """Large updates by clients that wait for long, some in flight all the time."""
    _send_bodies(target, LARGE, make_update())


def send_marks(target: Target) -> None:
    """Bodies that would take twenty times their size in memory."""
    items = b",".join([b"{}"] * (MARKS_BYTES // 3))
    _send_bodies(target, MARKS, b'{"request":[' + items + b"]}")


def send_reviews(target: Target) -> None:
    """Reviews of 60 KB, as many as are answered."""
    _send_bodies(target, FLOOD, make_job(20, 11))


def _send_bodies(target: Target, threads: int, body: bytes) -> None:
    answers: Counter[int] = Counter()

    def send(_number: int) -> None:
        connection = http.client.HTTPConnection(HOST, target.port)
        with contextlib.closing(encrypt(open_socket(target.port))) as connection.sock:
            answers[ask(connection, body, "/validate?timeout=30s")[0]] += 1  # type: ignore[arg-type]

    _repeat_in_threads(target, threads, send)
    print(f"{len(body)} bytes each: {', '.join(f'{one} {n}' for one, n in answers.items())}")


def _repeat_in_threads(target: Target, threads: int, act: Callable[[int], None]) -> None:
    """Act again and again until the end; what the server cuts off is tried again."""
    end = time.monotonic() + target.seconds

    def run(number: int) -> None:
        while time.monotonic() < end:
            with contextlib.suppress(OSError, http.client.HTTPException):
                act(number)

    running = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()


def open_socket(port: int) -> socket.socket:
    return socket.create_connection((HOST, port), timeout=30, source_address=STRANGER)


def encrypt(sock: socket.socket) -> ssl.SSLSocket:
    """TLS on a connection. Whose certificate it is does not matter here."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(sock)


ATTACKS: dict[str, Callable[[Target], None]] = {
    "slow-bodies": send_slowly,
    "silent-connections": say_nothing,
    "connections-that-asked": ask_once,
    "requests": ask_for_nothing,
    "idle-probes": ask_probes,
    "handshakes": shake_hands,
    "endless-heads": send_endless_heads,
    "pipelines": ask_without_waiting,
    "large-updates": send_large_updates,
    "marks": send_marks,
    "reviews": send_reviews,
}


if __name__ == "__main__":
    main()
