"""What strangers on the network can do to a server: nothing that others would notice.

They come from another address than the API server, as pods do.
"""

import contextlib
import http.client
import json
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.webhook.bodies import admitted, job, review
from tests.webhook.processes import HOST, Pairs, Served, ask, serve, wait_until
from webhook.server.concurrency_limit import PATIENCE
from webhook.server.process import MAX_CONNECTIONS
from webhook.server.request_limits import DEFAULT_CONCURRENCY

STRANGER = ("127.0.0.2", 0)
BODY = review(admitted(job()))
HEAD = b"POST /validate HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    pairs = Pairs(tmp_path_factory.mktemp("strangers"))
    pairs.write(pairs.issue())
    with serve(pairs) as one:
        yield one


def connect(port: int, source: tuple[str, int] = STRANGER) -> socket.socket:
    return socket.create_connection((HOST, port), timeout=20, source_address=source)


def encrypt(sock: socket.socket) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(sock)


def memory(served: Served) -> float:
    """In MiB."""
    text = Path(f"/proc/{served.process.pid}/statm").read_text()
    return int(text.split()[1]) * 4096 / 2**20


@contextlib.contextmanager
def api_server(served: Served) -> Iterator[http.client.HTTPSConnection]:
    """An open connection that has been used, and is used again at the end."""
    with contextlib.closing(served.connect()) as connection:
        assert ask(connection, BODY)[0] == 200
        yield connection
        assert ask(connection, BODY)[0] == 200, "the open connection is still served"
    assert served.post(BODY)[0] == 200, "and a new one is"


def test_k93_silent_connections_cost_nothing(served: Served) -> None:
    before = memory(served)
    with api_server(served), ExitStack() as stack:
        for _ in range(MAX_CONNECTIONS + 100):
            stack.enter_context(connect(served.port))
        assert served.post(BODY)[0] == 200
        assert memory(served) - before < 10


def test_k93_connections_that_once_asked_shut_nobody_out(served: Served) -> None:
    with api_server(served), ExitStack() as stack:
        for _ in range(MAX_CONNECTIONS + 10):
            one = stack.enter_context(encrypt(connect(served.port)))
            one.sendall(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            assert one.recv(12) == b"HTTP/1.1 404"
        assert served.post(BODY)[0] == 200


def test_k93_handshakes_that_never_end_delay_nobody(served: Served) -> None:
    with api_server(served), ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(connect(served.port)).sendall(b"\x16")
        start = time.monotonic()
        assert served.post(BODY)[0] == 200
        assert time.monotonic() - start < 2, "it did not wait for theirs"


def test_k93_requests_that_wait_for_no_answer_are_cut_off(served: Served) -> None:
    before = memory(served)
    with api_server(served):
        for _ in range(2):
            with encrypt(connect(served.port)) as one, contextlib.suppress(OSError):
                one.sendall(
                    HEAD + b"content-length: 2\r\n\r\n{}" + b"GET / HTTP/1.1\r\n\r\n" * 14_000
                )
                assert one.recv(1) == b""
    assert memory(served) - before < 10


def send_slowly(stack: ExitStack, served: Served, source: tuple[str, int]) -> None:
    """Begin as many reviews as are taken at a time, all at once: each may take five seconds."""
    opened = [
        stack.enter_context(encrypt(connect(served.port, source)))
        for _ in range(DEFAULT_CONCURRENCY)
    ]
    for one in opened:
        one.sendall(HEAD + b"content-length: 900\r\n\r\n{")


def test_k94_slow_bodies_give_way(served: Served) -> None:
    with api_server(served), ExitStack() as stack:
        send_slowly(stack, served, STRANGER)
        wait_until(lambda: served.sample("mlgate_in_flight") == DEFAULT_CONCURRENCY)
        for _ in range(3):
            assert served.post(BODY)[0] == 200


def test_k94_slow_bodies_of_ones_own_address_give_way_after_a_while(served: Served) -> None:
    with ExitStack() as stack:
        send_slowly(stack, served, (HOST, 0))
        wait_until(lambda: served.sample("mlgate_in_flight") == DEFAULT_CONCURRENCY)
        time.sleep(PATIENCE)
        assert served.post(BODY)[0] == 200


def test_k97_the_probes_port_cannot_be_filled(served: Served) -> None:
    with ExitStack() as stack:
        for _ in range(200):
            one = stack.enter_context(connect(served.metrics_port))
            one.sendall(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n")
            assert one.recv(12) == b"HTTP/1.1 200"
        assert served.get("/readyz") == (200, "ok\n")


def test_k98_refusals_are_counted_and_told_now_and_then(served: Served) -> None:
    before = served.sample('mlgate_http_errors_total{status="415"}')
    lines = len(refused(served, "415"))
    for _ in range(20):
        served.post(b"{}", **{"content-type": "text/plain"})
    wait_until(lambda: served.sample('mlgate_http_errors_total{status="415"}') == before + 20)
    told = refused(served, "415")
    assert len(told) == lines + 1
    assert told[-1]["address"] == HOST
    assert "content-type is 'text/plain'" in str(told[-1]["reason"])


def refused(served: Served, status: str) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in served.log.read_text().splitlines() if line[:1] == "{"]
    return [one for one in lines if one["event"] == "refused" and str(one.get("status")) == status]


def test_k141_requests_for_nothing_are_the_last_of_their_connection(served: Served) -> None:
    before = served.sample('mlgate_http_errors_total{status="404"}')
    with contextlib.closing(served.connect()) as connection:
        connection.request("GET", "/")
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("connection")) == (404, "close")
    wait_until(lambda: served.sample('mlgate_http_errors_total{status="404"}') == before + 1)
