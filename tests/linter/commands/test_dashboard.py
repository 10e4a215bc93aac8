"""``mlgate dashboard``: what it refuses to start with, and that it serves and ends."""

import argparse
import os
import re
import signal
import ssl
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from linter.commands import dashboard
from linter.dashboard.server import CertificateFiles, ListenOptions, listen
from linter.errors import UserError
from tests.cluster.fake_api import running
from tests.linter.scanning.test_scan import Server
from tests.linter.test_cli import FIXABLE, ROOT, call
from webhook.commands.trial import make_dev_files

SHOWN = "a-token-of-enough-characters"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--host", "192.0.2.1"], "give --tls-cert and --tls-key, and --token-file or"),
        (["--host", "::"], "can be reached from elsewhere"),
        (["--host", "example.com"], "can be reached from elsewhere"),
        (["--host", "192.0.2.1", "--token-file", "t"], "give --tls-cert and --tls-key\n"),
        (["--host", "192.0.2.1", "--tls-cert", "c", "--tls-key", "k"], "--token-file or"),
        (["--tls-cert", "c"], "--tls-cert and --tls-key go together"),
        (["--interval", "1s"], "expected from 10s to 24h, such as 10m, found 1s"),
        (["--interval", "soon"], "found soon"),
        (["--trusted-proxy", "10.0.0.1/8"], "expected an address or a CIDR"),
        (["--identity-header", "a b"], "expected the name of a header"),
        (["--port", "65536"], "expected a port"),
        (["--snapshot-size", "-1"], "expected MiB"),
        (["--select", "NOPE"], "no such rule"),
        (["--policy", "nowhere.yaml"], "nowhere.yaml: No such file"),
        (["--token-file", "nowhere", "--kubeconfig", "empty"], "empty"),
    ],
)
def test_what_is_wrong_is_told_at_once(
    words: list[str], complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    answer = call("dashboard", *words)
    assert answer.code == 2
    assert complaint in answer.err


@pytest.mark.parametrize(
    ("words", "host", "status"),
    [
        ([], "localhost:8090", 0),
        ([], "dashboard.example.com", 421),
        (["--host-name", "dashboard.example.com"], "dashboard.example.com", 0),
        (["--host", "127.0.0.2"], "127.0.0.2:8090", 0),
        (["--host", "127.0.0.2"], "evil.example", 421),
        (["--host", "192.0.2.1"], "anything.example", 0),
        (["--host", "192.0.2.1", "--host-name", "a.example"], "anything.example", 421),
    ],
)
def test_it_goes_by_the_names_it_has(words: list[str], host: str, status: int) -> None:
    parser = argparse.ArgumentParser()
    dashboard.add_arguments(parser)
    gate = dashboard._make_gate(parser.parse_args(words, SimpleNamespace()))
    refusal = gate.check("127.0.0.1", {"host": host})
    assert (refusal.status if refusal else 0) == status


@pytest.fixture
def api() -> Iterator[Any]:
    with running() as one:
        Server(one).put(FIXABLE)
        yield one


def write_kubeconfig(folder: Path, url: str) -> Path:
    file = folder / "kubeconfig"
    file.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: a\n"
        f"clusters: [{{name: a, cluster: {{server: {url}}}}}]\nusers: [{{name: a, user: {{}}}}]\n"
        "contexts: [{name: a, context: {cluster: a, user: a}}]\n"
    )
    return file


def read_lines(process: subprocess.Popen[str], pattern: str) -> str:
    """The first line of its log that the pattern fits."""
    assert process.stderr is not None
    for line in process.stderr:
        if re.search(pattern, line):
            return line
    raise AssertionError("the dashboard has ended")


def test_it_serves_with_tls_and_a_token_and_ends(api: Any, tmp_path: Path) -> None:
    made = make_dev_files()
    (tmp_path / "token").write_text(SHOWN)
    command = [
        *(sys.executable, "-m", "linter", "dashboard", "--port", "0", "--rate", "1000"),
        *("--kubeconfig", str(write_kubeconfig(tmp_path, api.url))),
        *("--tls-cert", str(made.certificate), "--tls-key", str(made.key)),
        *("--token-file", str(tmp_path / "token")),
    ]
    process = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)},
    )
    # Nobody waits for ever for a line that never comes.
    timer = threading.Timer(60, process.kill)
    timer.start()
    try:
        address = read_lines(process, "https://").split()[-1]
        scanned = read_lines(process, "scan 1")
        assert re.search(r"scan 1 \(whole, .* s\): 1 deny", scanned)
        trusted = ssl.create_default_context(cafile=str(made.authority))
        asked = urllib.request.Request(  # noqa: S310 - of this test's own server
            f"{address.replace('127.0.0.1', 'localhost')}api/v1/findings",
            headers={"Authorization": f"Bearer {SHOWN}"},
        )
        with urllib.request.urlopen(asked, context=trusted) as answer:  # noqa: S310
            assert b"CRN001" in answer.read()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) in (0, -signal.SIGTERM)
    finally:
        timer.cancel()
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


def test_a_port_that_is_taken_is_told() -> None:
    with listen(ListenOptions("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"cannot listen at port {port} of 127.0.0.1"):
            listen(ListenOptions("127.0.0.1", port))


def test_a_certificate_is_taken_up_and_a_bad_one_is_not(tmp_path: Path) -> None:
    files = tmp_path / "tls.crt", tmp_path / "tls.key"
    made = [make_dev_files() for _ in range(2)]

    def write(certificate: bytes, key: bytes, at: float) -> None:
        for file, text in zip(files, (certificate, key), strict=True):
            file.write_bytes(text)
            os.utime(file, (at, at))

    write(made[0].certificate.read_bytes(), made[0].key.read_bytes(), 1)
    taken = CertificateFiles(*map(str, files))
    before = taken._seen
    write(made[0].certificate.read_bytes(), made[1].key.read_bytes(), 2)
    with pytest.raises(UserError, match="the certificate in"):
        taken.load()
    assert taken._seen == before
    write(made[1].certificate.read_bytes(), made[1].key.read_bytes(), 3)
    taken.load()
    assert taken._seen == (3.0, 3.0)


def test_a_certificate_that_cannot_be_used_is_no_start(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("no certificate")
    with pytest.raises(UserError, match="the certificate in"):
        CertificateFiles(str(tmp_path / "a"), str(tmp_path / "a"))
