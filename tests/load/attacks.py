"""Hostile clients, each in a process of its own: it would slow down the good ones beside it.

Usage: python -m tests.load.attacks NAME PORT SECONDS
"""

import contextlib
import http.client
import socket
import ssl
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack

from tests.load.sized_reviews import make_update
from tests.webhook.processes import HOST, ask

SLOW, SILENT, FLOOD, LARGE = 200, 500, 2000, 14
HEADS, HEAD_BYTES = 4, 16_000_000


def main() -> None:
    ATTACKS[sys.argv[1]](int(sys.argv[2]), float(sys.argv[3]))


def send_slowly(port: int, seconds: float) -> None:
    """Clients that send a byte a second, and connections on which nobody says anything."""
    with ExitStack() as stack:
        silent = [stack.enter_context(open_socket(port)) for _ in range(SILENT)]
        slow = [stack.enter_context(_encrypt(open_socket(port))) for _ in range(SLOW)]
        head = b"POST /validate HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
        text = head + b"content-length: 900\r\n\r\n" + b" " * 900
        for at in range(int(seconds)):
            for one in slow:
                one.send(text[at : at + 1])
            time.sleep(1)
        print(f"{len(slow)} slow clients and {len(silent)} silent connections")


def open_many(port: int, seconds: float) -> None:
    """As many connections as one after the other can be opened, all kept."""
    with ExitStack() as stack:
        start = time.monotonic()
        for _ in range(FLOOD):
            stack.enter_context(_encrypt(open_socket(port)))
        spent = time.monotonic() - start
        time.sleep(max(1.0, seconds - spent))
        print(f"{FLOOD} connections within {spent:.1f} s")


def send_endless_heads(port: int, seconds: float) -> None:
    """Some clients whose headers have no end, until they are cut off."""
    sent = 0
    end = time.monotonic() + seconds
    with ExitStack() as stack:
        for _ in range(HEADS):
            sock = stack.enter_context(_encrypt(open_socket(port)))
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


def send_large_updates(port: int, seconds: float) -> None:
    """Large updates, some in flight all the time."""
    answers: Counter[int] = Counter()
    body = make_update()
    end = time.monotonic() + seconds

    def send() -> None:
        while time.monotonic() < end:
            with _encrypt(open_socket(port)) as sock:
                connection = http.client.HTTPConnection(HOST, port)
                connection.sock = sock
                answers[ask(connection, body)[0]] += 1  # type: ignore[arg-type]

    threads = [threading.Thread(target=send) for _ in range(LARGE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{len(body)} bytes each: {', '.join(f'{one} {n}' for one, n in answers.items())}")


def open_socket(port: int) -> socket.socket:
    return socket.create_connection((HOST, port), timeout=30)


def _encrypt(sock: socket.socket) -> ssl.SSLSocket:
    """TLS on a connection. Whose certificate it is does not matter here."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(sock)


ATTACKS: dict[str, Callable[[int, float], None]] = {
    "slow-clients": send_slowly,
    "many-connections": open_many,
    "endless-heads": send_endless_heads,
    "large-updates": send_large_updates,
}


if __name__ == "__main__":
    main()
