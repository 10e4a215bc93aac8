"""What the other replicas serve: their leaves, fetched from each as the API server would."""

import socket
import ssl
from collections.abc import Iterator
from typing import NamedTuple

from cryptography import x509

from cluster.client import Client
from webhook.identity.authority import is_issued_by

_TIMEOUT = 2.0
"""Seconds for one replica to show its certificate."""
_SERVICE_LABEL = "kubernetes.io/service-name"
_PORT_NAME = "https"


class PeerAddress(NamedTuple):
    """Where one replica listens."""

    host: str
    port: int


class Peers:
    """The replicas behind a Service; ``name`` is the DNS name by which they are asked."""

    def __init__(self, client: Client, namespace: str, service: str, name: str) -> None:
        self._client = client
        self._path = name_slices(namespace, service)
        self._name = name

    def all_serve(self, authority: str) -> bool:
        """Whether every replica, ready or not, serves a leaf that ``authority`` (PEM) issued.

        False where there is none, or one cannot be asked. Raises ApiError.
        """
        leaves = [fetch_leaf(one, self._name) for one in self.addresses()]
        return bool(leaves) and all(
            leaf is not None and is_issued_by(leaf, authority) for leaf in leaves
        )

    def addresses(self) -> list[PeerAddress]:
        """Where the replicas listen, by the EndpointSlices of the Service. Raises ApiError."""
        found = self._client.get(self._path) or {}
        return sorted({one for item in found.get("items") or () for one in _addresses(item)})


def name_slices(namespace: str, service: str) -> str:
    """Where the EndpointSlices of a Service are listed."""
    slices = f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"
    return f"{slices}?labelSelector={_SERVICE_LABEL}%3D{service}"


def _addresses(endpoint_slice: dict[str, object]) -> Iterator[PeerAddress]:
    # A slice of type FQDN holds names instead of addresses; no Pod is in one.
    if endpoint_slice.get("addressType") not in ("IPv4", "IPv6"):
        return
    endpoints = endpoint_slice.get("endpoints")
    for endpoint in endpoints if isinstance(endpoints, list) else ():
        for port in _ports(endpoint_slice.get("ports")):
            # All addresses of an endpoint are one Pod's (``discovery.k8s.io/v1``, Endpoint).
            if endpoint.get("addresses"):
                yield PeerAddress(str(endpoint["addresses"][0]), port)


def _ports(ports: object) -> list[int]:
    """Where reviews are answered: the port named ``https``, or all of them if none is."""
    found = [one for one in ports if one.get("port")] if isinstance(ports, list) else []
    named = [one for one in found if one.get("name") == _PORT_NAME]
    return [int(one["port"]) for one in named or found]


def fetch_leaf(address: PeerAddress, name: str) -> x509.Certificate | None:
    """The certificate that a server presents for ``name``; None if it presents none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Nothing is sent and nothing believed: the certificate is only compared. Verifying would fail
    # for the very replicas that this looks for, those with the old authority's leaf.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection(address, _TIMEOUT) as plain,
            context.wrap_socket(plain, server_hostname=name) as tls,
        ):
            shown = tls.getpeercert(binary_form=True)
        return x509.load_der_x509_certificate(shown) if shown else None
    except (OSError, ValueError):
        return None
