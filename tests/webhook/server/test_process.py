"""`mlgate serve` as a process: real TLS, real signals, files that change under load."""

import contextlib
import datetime
import http.client
import json
import select
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from cryptography import x509

from tests.webhook.bodies import UID, admitted, job, review
from tests.webhook.in_process import POLICY
from tests.webhook.processes import HOST, Load, Pairs, Served, ask, free_port, serve, wait_until
from webhook.identity.certificates import Certificates, CertificateUnusable, file_source
from webhook.server.process import KEEP_ALIVE

BODY = review(admitted(job()))


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Pairs:
    made = Pairs(tmp_path_factory.mktemp("served"))
    made.write(made.issue())
    return made


@pytest.fixture(scope="module")
def policy(pairs: Pairs) -> Path:
    file = pairs.certificate.with_name("mlgate.yaml")
    file.write_text(f"{POLICY}profile: standard\n")
    return file


@pytest.fixture(scope="module")
def served(pairs: Pairs, policy: Path) -> Iterator[Served]:
    with serve(pairs, "--policy", str(policy), "--max-body", "100000") as one:
        yield one


def leaf_of(served: Served) -> int:
    """The serial number of the certificate that a new connection is shown."""
    with (
        socket.create_connection((HOST, served.port)) as plain,
        served.context.wrap_socket(plain, server_hostname="localhost") as tls,
    ):
        shown = tls.getpeercert(binary_form=True)
    assert shown
    return x509.load_der_x509_certificate(shown).serial_number


def test_a_review_is_answered_over_tls(served: Served) -> None:
    status, body = served.post(BODY)
    assert status == 200
    response = json.loads(body)["response"]
    assert (response["uid"], response["allowed"]) == (UID, False)


def test_a19_http_1_1_on_connections_that_stay(served: Served) -> None:
    context = ssl.create_default_context(cafile=str(served.authority))
    context.set_alpn_protocols(["h2", "http/1.1"])
    connections = [served.connect(context) for _ in range(10)]
    for _ in range(2):
        for connection in connections:
            assert ask(connection, BODY)[0] == 200
            assert isinstance(connection.sock, ssl.SSLSocket)
            assert connection.sock.selected_alpn_protocol() == "http/1.1"
    for connection in connections:
        connection.close()
    assert KEEP_ALIVE > 90


def test_tls_below_1_2_is_refused(served: Served) -> None:
    context = ssl.create_default_context(cafile=str(served.authority))
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with (
        socket.create_connection((HOST, served.port)) as plain,
        pytest.raises((ssl.SSLError, OSError)),
    ):
        context.wrap_socket(plain, server_hostname="localhost")


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{}", {"content-type": "text/plain"}, 415),
        (b" " * 100_001, {}, 413),
        (b"nonsense", {}, 400),
    ],
)
def test_what_is_no_review_gets_its_status(
    served: Served, body: bytes, headers: dict[str, str], status: int
) -> None:
    assert served.post(body, **headers)[0] == status


def test_a_body_that_never_ends_is_cut_off_at_the_limit(served: Served) -> None:
    with contextlib.closing(served.connect()) as connection:
        connection.putrequest("POST", "/validate")
        connection.putheader("content-type", "application/json")
        connection.putheader("transfer-encoding", "chunked")
        connection.endheaders()
        for _ in range(11):
            connection.send(b"2710\r\n" + b" " * 10_000 + b"\r\n")
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("connection")) == (413, "close")


def test_a_body_that_does_not_come_is_408_when_the_client_stops_waiting(served: Served) -> None:
    with ExitStack() as stack:
        patient, hasty = (stack.enter_context(contextlib.closing(served.connect())) for _ in "ab")
        begin_review(patient, "?timeout=10s")
        begin_review(hasty, "?timeout=500ms")
        assert hasty.getresponse().status == 408
        assert served.sample("mlgate_in_flight") == 1, "the other, which came first, still waits"
    wait_until(lambda: served.sample("mlgate_in_flight") == 0)


def begin_review(connection: http.client.HTTPSConnection, query: str = "") -> None:
    """Send a head and the first byte of the body, and no more."""
    connection.putrequest("POST", f"/validate{query}")
    connection.putheader("content-type", "application/json")
    connection.putheader("content-length", "10")
    connection.endheaders(b"{")


def send_for_ever(tls: ssl.SSLSocket) -> None:
    """Headers without an end: 10 MB of them."""
    for _ in range(1000):
        tls.sendall(b"x: " + b"y" * 10_000 + b"\r\n")


@pytest.mark.parametrize("before", [b"", b"content-length: 0\r\n\r\nPOST / HTTP/1.1\r\n"])
def test_a_head_that_never_ends_is_cut_off(served: Served, before: bytes) -> None:
    with (
        socket.create_connection((HOST, served.port)) as plain,
        served.context.wrap_socket(plain, server_hostname="localhost") as tls,
    ):
        tls.settimeout(20)
        tls.sendall(b"POST /validate HTTP/1.1\r\nhost: a\r\n" + before)
        with pytest.raises((OSError, ssl.SSLError)):
            send_for_ever(tls)
    assert served.post(BODY)[0] == 200


def test_a_head_that_does_not_come_whole_is_waited_for_no_longer(served: Served) -> None:
    with (
        socket.create_connection((HOST, served.port)) as plain,
        served.context.wrap_socket(plain, server_hostname="localhost") as tls,
    ):
        tls.settimeout(20)
        tls.sendall(b"POST /validate HTTP/1.1\r\nhost: a\r\n")
        with contextlib.suppress(ConnectionResetError):
            assert tls.recv(1) == b""


def test_trailers_that_never_end_are_cut_off(served: Served) -> None:
    with contextlib.closing(served.connect()) as connection:
        connection.putrequest("POST", "/validate")
        connection.putheader("content-type", "application/json")
        connection.putheader("transfer-encoding", "chunked")
        connection.endheaders(b"2\r\n{}\r\n0\r\n")
        assert isinstance(connection.sock, ssl.SSLSocket)
        with pytest.raises((OSError, ssl.SSLError)):
            send_for_ever(connection.sock)


def test_silent_clients_of_the_probes_hold_no_probe_up(served: Served) -> None:
    silent = [socket.create_connection((HOST, served.metrics_port)) for _ in range(300)]
    assert served.get("/readyz") == (200, "ok\n")
    for one in (silent[0], silent[-1]):
        one.settimeout(20)
        with contextlib.suppress(ConnectionResetError):
            assert one.recv(1) == b""
    for one in silent:
        one.close()


def test_other_paths_and_methods_do_nothing(served: Served) -> None:
    assert served.post(BODY, "/nowhere")[0] == 404
    with contextlib.closing(served.connect()) as connection:
        connection.request("GET", "/validate")
        assert connection.getresponse().status == 405


def test_half_open_and_silent_clients_hold_nobody_up(served: Served) -> None:
    silent = [socket.create_connection((HOST, served.port)) for _ in range(100)]
    assert served.post(BODY)[0] == 200
    assert select.select(silent, [], [], 0)[0] == [], "none was closed to make room"
    for one in silent:
        one.close()


def test_probes_and_metrics_are_plain_http_elsewhere(served: Served) -> None:
    assert served.get("/healthz") == (200, "ok\n")
    assert served.get("/readyz") == (200, "ok\n")
    status, text = served.get("/metrics")
    assert status == 200
    assert "mlgate_requests_total" in text
    assert served.sample("process_resident_memory_bytes") < 128 * 2**20


def test_d44_a_certificate_is_replaced_under_load_without_a_failure(
    served: Served, pairs: Pairs
) -> None:
    old = leaf_of(served)
    with Load(served, BODY) as load:
        for _ in range(3):
            fresh = pairs.issue()
            serial = x509.load_pem_x509_certificate(fresh.certificate.encode()).serial_number
            pairs.write(fresh)
            wait_until(lambda serial=serial: leaf_of(served) == serial)
            answered = len(load.answers)
            wait_until(lambda answered=answered: len(load.answers) > answered + 10)
    assert leaf_of(served) != old
    assert load.failures == []
    assert {status for status, _ in load.answers} == {200}
    assert served.sample('mlgate_cert_reload_total{ok="true"}') == 4


def test_d44_the_last_good_pair_stays_when_the_new_is_bad(served: Served, pairs: Pairs) -> None:
    good = leaf_of(served)
    failed = 'mlgate_cert_reload_total{ok="false"}'
    kept = pairs.certificate.read_text()
    before = served.sample(failed)
    with Load(served, BODY, threads=1) as load:
        pairs.certificate.write_text(pairs.issue().certificate)  # the key is another's
        wait_until(lambda: served.sample(failed) > before)
        assert leaf_of(served) == good
        pairs.certificate.write_text("no certificate")
        wait_until(lambda: served.sample(failed) > before + 1)
        assert leaf_of(served) == good
    pairs.certificate.write_text(kept)
    assert load.failures == []
    assert served.get("/readyz")[0] == 200


def test_a_policy_is_broken_and_mended_under_load(served: Served, policy: Path) -> None:
    def reloads(ok: str) -> float:
        return served.sample(f'mlgate_config_reload_total{{ok="{ok}"}}')

    with Load(served, BODY) as load:
        bad, good = reloads("false"), reloads("true")
        policy.write_text(f"{POLICY}profile: [\n")
        wait_until(lambda: reloads("false") == bad + 1)
        policy.write_text(f"{POLICY}profile: observe\n")
        wait_until(lambda: reloads("true") == good + 1)
        time.sleep(0.2)
        first, last = load.answers[0], load.answers[-1]
    policy.write_text(f"{POLICY}profile: standard\n")
    wait_until(lambda: reloads("true") == good + 2)
    assert load.failures == []
    assert {status for status, _ in load.answers} == {200}
    allowed = [json.loads(body)["response"]["allowed"] for _, body in (first, last)]
    assert allowed == [False, True]


def test_too_many_at_once_are_told_so_at_once(pairs: Pairs) -> None:
    with serve(pairs, "--concurrency", "2") as served:
        waiting = [served.connect() for _ in range(2)]
        for connection in waiting:
            begin_review(connection)
        wait_until(lambda: served.sample("mlgate_in_flight") == 2)
        with contextlib.closing(served.connect()) as connection:
            assert ask(connection, BODY)[0] == 503
        assert served.sample("mlgate_in_flight") == 2, "it did not wait for a place"
        for connection in waiting:
            connection.close()
        wait_until(lambda: served.post(BODY)[0] == 200)
        wait_until(lambda: served.sample("mlgate_queue_rejects_total") >= 1)


def test_clients_need_a_certificate_with_the_name_where_one_is_asked_for(
    pairs: Pairs, tmp_path: Path
) -> None:
    clients = Pairs(tmp_path, "clients")
    arguments = ("--client-ca", str(clients.authority), "--client-name", "kube-apiserver")
    with serve(pairs, *arguments) as served:
        with pytest.raises((ssl.SSLError, OSError)):
            served.post(BODY)
        for name, welcome in (("kube-apiserver", True), ("somebody", False)):
            clients.write(clients.issue_client(name))
            context = ssl.create_default_context(cafile=str(served.authority))
            context.load_cert_chain(clients.certificate, clients.key)
            with contextlib.closing(served.connect(context)) as connection:
                if welcome:
                    assert ask(connection, BODY)[0] == 200
                    continue
                with pytest.raises((OSError, ssl.SSLError, ConnectionError)):
                    ask(connection, BODY)


def test_sigkill_under_load_loses_only_what_was_under_way(pairs: Pairs) -> None:
    with serve(pairs) as served:
        with Load(served, BODY, threads=2) as load:
            time.sleep(0.5)
            served.process.send_signal(signal.SIGKILL)
            served.process.wait(5)
            time.sleep(0.1)
        assert {status for status, _ in load.answers} == {200}


def test_dev_prints_how_to_try_it_and_answers() -> None:
    port = free_port()
    command = [sys.executable, "-m", "linter", "serve", "--dev", "--no-cluster"]
    command += ["--port", str(port), "--metrics-port", str(free_port())]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(12)]
            text = "".join(lines)
            assert "kubectl apply -f - <<'END'" in text
            assert f"url: https://localhost:{port}/validate" in text
            wait_until(lambda: _answers(port))
        finally:
            process.kill()


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((HOST, port)):
        return True
    return False


def test_certificates_that_cannot_be_served_are_no_beginning(tmp_path: Path) -> None:
    made = Pairs(tmp_path)
    with pytest.raises(CertificateUnusable, match="No such file"):
        Certificates(file_source(made.certificate, made.key))
    made.write(made.issue())
    made.key.write_text(made.issue().key)
    with pytest.raises(CertificateUnusable, match="does not fit"):
        Certificates(file_source(made.certificate, made.key))
    made.write(made.issue(datetime.timedelta(minutes=-1)))
    with pytest.raises(CertificateUnusable, match="ended on"):
        Certificates(file_source(made.certificate, made.key))
