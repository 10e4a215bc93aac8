"""What other replicas serve, asked of real TLS servers."""

import datetime
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from cluster.client import Client
from tests.webhook.identity.verifying import DAY, NAME
from tests.webhook.processes import free_port
from webhook.identity.authority import KeyPair, issue_leaf, make_authority
from webhook.replica.peers import PeerAddress, Peers, fetch_leaf

HOST = "127.0.0.1"
NOW = datetime.datetime.now(datetime.UTC)
AUTHORITY, OTHER = make_authority(NOW, 9 * DAY), make_authority(NOW, 9 * DAY)


class Slices(Client):
    """An API server that has these EndpointSlices and nothing else."""

    def __init__(self, *slices: dict[str, Any]) -> None:
        self.items = list(slices)
        self.asked: list[str] = []

    def get(self, path: str) -> dict[str, Any]:
        self.asked.append(path)
        return {"items": self.items}


def endpoint_slice(*ports: int, kind: str = "IPv4", ready: bool = True) -> dict[str, Any]:
    return {
        "addressType": kind,
        "endpoints": [{"addresses": [HOST], "conditions": {"ready": ready}}],
        "ports": [{"name": "https", "port": port} for port in ports],
    }


@contextmanager
def serving(authority: KeyPair, folder: Path) -> Iterator[int]:
    """A TLS server with a leaf of an authority; its port."""
    leaf = issue_leaf(authority, (NAME,), NOW, DAY)
    for name, text in zip(("crt", "key"), leaf, strict=True):
        (folder / name).write_text(text)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "crt", folder / "key")
    with socket.create_server((HOST, 0)) as listener:
        thread = threading.Thread(target=_accept, args=(listener, context))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _accept(listener: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            plain, _ = listener.accept()
        except OSError:
            return
        with plain, suppress(OSError), context.wrap_socket(plain, server_side=True) as tls:
            tls.recv(1)


def _hang_up(listener: socket.socket) -> None:
    plain, _ = listener.accept()
    plain.close()


def replicas(*slices: dict[str, Any]) -> Peers:
    return Peers(Slices(*slices), "mlgate-system", "mlgate", NAME)


def test_all_must_serve_a_leaf_of_the_authority(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with serving(AUTHORITY, tmp_path) as one, serving(OTHER, tmp_path / "other") as another:
        assert replicas(endpoint_slice(one)).all_serve(AUTHORITY.certificate)
        assert not replicas(endpoint_slice(one)).all_serve(OTHER.certificate)
        both = replicas(endpoint_slice(one), endpoint_slice(another))
        assert not both.all_serve(AUTHORITY.certificate)


def test_one_that_does_not_answer_may_serve_anything(tmp_path: Path) -> None:
    with serving(AUTHORITY, tmp_path) as one:
        away = replicas(endpoint_slice(one), endpoint_slice(free_port()))
        assert not away.all_serve(AUTHORITY.certificate)


def test_none_at_all_says_nothing() -> None:
    assert not replicas().all_serve(AUTHORITY.certificate)


def test_replicas_that_are_not_ready_are_asked_as_well() -> None:
    assert replicas(endpoint_slice(8443, ready=False)).addresses() == [PeerAddress(HOST, 8443)]


def test_each_address_is_asked_once_and_names_never() -> None:
    slices = (endpoint_slice(8443), endpoint_slice(8443), endpoint_slice(8443, kind="FQDN"))
    assert replicas(*slices).addresses() == [PeerAddress(HOST, 8443)]


def test_a_port_for_something_else_is_not_asked() -> None:
    both = endpoint_slice(8443)
    both["ports"].append({"name": "metrics", "port": 8080})
    assert replicas(both).addresses() == [PeerAddress(HOST, 8443)]
    both["ports"] = [{"port": 8443}]
    assert replicas(both).addresses() == [PeerAddress(HOST, 8443)]


def test_only_slices_of_the_service_are_asked_for() -> None:
    client = Slices()
    Peers(client, "mlgate-system", "mlgate", NAME).addresses()
    (path,) = client.asked
    assert path.startswith("/apis/discovery.k8s.io/v1/namespaces/mlgate-system/endpointslices?")
    assert path.endswith("labelSelector=kubernetes.io/service-name%3Dmlgate")


@pytest.mark.parametrize("item", [{}, {"addressType": "IPv4", "endpoints": None, "ports": None}])
def test_slices_without_anything_are_nobody(item: dict[str, Any]) -> None:
    assert replicas(item).addresses() == []


def test_what_is_no_tls_shows_no_leaf() -> None:
    with socket.create_server((HOST, 0)) as listener:
        thread = threading.Thread(target=_hang_up, args=(listener,))
        thread.start()
        assert fetch_leaf(PeerAddress(HOST, listener.getsockname()[1]), NAME) is None
        thread.join()
