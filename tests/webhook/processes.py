"""`mlgate serve` as a process of its own, and clients that speak TLS with it."""

import contextlib
import datetime
import http.client
import json
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.threads import Threads
from tests.webhook.in_process import JSON
from webhook.identity.authority import KeyPair, issue_leaf, make_authority

HOST = "127.0.0.1"
DAY = datetime.timedelta(days=1)


class Pairs:
    """An authority, and the leaves that it issues, in files."""

    def __init__(self, folder: Path, name: str = "ca") -> None:
        self._now = datetime.datetime.now(datetime.UTC)
        self._authority = make_authority(self._now, 30 * DAY)
        self.certificate, self.key = folder / "tls.crt", folder / "tls.key"
        self.authority = folder / f"{name}.crt"
        self.authority.write_text(self._authority.certificate)

    def issue(self, life: datetime.timedelta = 10 * DAY) -> KeyPair:
        """A new leaf, not yet in its files."""
        return issue_leaf(self._authority, ("localhost", HOST), self._now, life)

    def issue_client(self, name: str) -> KeyPair:
        """A client's certificate with a common name, and for no purpose in particular."""
        key = ec.generate_private_key(ec.SECP256R1())
        signer = serialization.load_pem_private_key(self._authority.key.encode(), None)
        assert isinstance(signer, ec.EllipticCurvePrivateKey)
        issuer = x509.load_pem_x509_certificate(self._authority.certificate.encode()).subject
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now - DAY / 24)
            .not_valid_after(self._now + DAY)
            .sign(signer, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        secret = key.private_bytes(pem, *plain).decode()
        return KeyPair(certificate.public_bytes(pem).decode(), secret)

    def write(self, pair: KeyPair) -> None:
        """Put a leaf where the server reads it: two writes, one after the other."""
        self.certificate.write_text(pair.certificate)
        self.key.write_text(pair.key)


class Served:
    """A server under way."""

    def __init__(self, process: "subprocess.Popen[str]", ports: tuple[int, int], ca: Path) -> None:
        self.process = process
        self.port, self.metrics_port = ports
        self.authority = ca
        self.log = ca.with_name("log")
        self.context = ssl.create_default_context(cafile=str(ca))

    def connect(self, context: ssl.SSLContext | None = None) -> http.client.HTTPSConnection:
        """A connection of its own, not opened yet."""
        return http.client.HTTPSConnection(
            HOST, self.port, context=context or self.context, timeout=20
        )

    def post(self, body: Any, path: str = "/validate", **headers: str) -> tuple[int, bytes]:
        """Status and body of one request on a new connection."""
        with contextlib.closing(self.connect()) as connection:
            return ask(connection, body, path, **headers)

    def get(self, path: str) -> tuple[int, str]:
        """Status and text from the probes' port."""
        connection = http.client.HTTPConnection(HOST, self.metrics_port, timeout=10)
        with contextlib.closing(connection):
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def sample(self, series: str) -> float:
        """The value of a series as /metrics writes it, 0 where it is not there."""
        return read_sample(self.get("/metrics")[1], series)


def read_sample(text: str, series: str) -> float:
    """The value of a series in a text as /metrics writes it, 0 where it is not there."""
    for line in text.splitlines():
        name, _, value = line.rpartition(" ")
        if name == series:
            return float(value)
    return 0.0


def ask(
    connection: http.client.HTTPSConnection, body: Any, path: str = "/validate", **headers: str
) -> tuple[int, bytes]:
    """Status and body of one request on an open connection."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    connection.request("POST", path, content, {**JSON, **headers})
    answer = connection.getresponse()
    return answer.status, answer.read()


@contextlib.contextmanager
def serve(
    pairs: Pairs, *arguments: str, ready: bool = True, program: str = "linter"
) -> Iterator[Served]:
    """A server with the pair in the files, ended at the end."""
    ports = free_port(), free_port()
    command = [sys.executable, "-m", program, "serve", "--no-cluster", "--host", HOST]
    command += ["--tls-cert", str(pairs.certificate), "--tls-key", str(pairs.key)]
    command += ["--port", str(ports[0]), "--metrics-port", str(ports[1]), *arguments]
    log = pairs.certificate.with_name("log")
    with (
        log.open("w") as errors,
        subprocess.Popen(command, stdout=errors, stderr=errors, text=True) as process,
    ):
        served = Served(process, ports, pairs.authority)
        try:
            if ready:
                wait_until(lambda: is_ready(served), log)
            yield served
        finally:
            process.kill()


def is_ready(served: Served) -> bool:
    """Whether the server says so itself."""
    with contextlib.suppress(OSError):
        return served.get("/readyz")[0] == 200
    return False


def wait_until(holds: Any, log: Path | None = None, seconds: float = 60) -> None:
    """Wait for what must come."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, log.read_text() if log else "it did not come"
        time.sleep(0.05)


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as one:
        one.bind((HOST, 0))
        port: int = one.getsockname()[1]
        return port


class Load(Threads):
    """Reviews from some threads until stopped; every few on a new connection."""

    def __init__(self, served: Served, body: Any, threads: int = 3, pause: float = 0.01) -> None:
        self.answers: list[tuple[int, bytes]] = []
        self.failures: list[str] = []
        self._served, self._body, self._pause = served, body, pause
        super().__init__(threads)

    def run(self, _number: int) -> None:
        """Send reviews."""
        while not self.end.is_set():
            with contextlib.closing(self._served.connect()) as connection:
                self._burst(connection)

    def _burst(self, connection: http.client.HTTPSConnection) -> None:
        for _ in range(5):
            try:
                self.answers.append(ask(connection, self._body))
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(f"{type(error).__name__}: {error}")
                return
            time.sleep(self._pause)
