"""The server's certificate: read from its source, and again when that changes, without a restart.

``SSLContext.load_cert_chain`` on a context in use serves new handshakes with the new pair; open
connections go on with the old one.
"""

import contextlib
import datetime
import os
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from cryptography import x509

SOON = datetime.timedelta(hours=24)
"""A certificate that ends sooner than this makes the server not ready."""


class Unusable(Exception):
    """A certificate that cannot be served."""


class Source(NamedTuple):
    """Where a certificate chain and its key come from: PEM, and what each is called in messages.

    ``read`` raises ``Unusable``.
    """

    read: Callable[[], tuple[bytes, bytes]]
    certificate: str
    key: str


class Pair(NamedTuple):
    """A certificate chain and its key, as PEM, with the end of the leaf's time."""

    certificate: bytes
    key: bytes
    not_after: datetime.datetime


class Certificates:
    """The TLS context of the server and the pair that it serves.

    Raises ``Unusable`` where there is no good pair to begin with, or no good client CA.
    """

    def __init__(self, source: Source, client_ca: Path | None = None) -> None:
        self._source = source
        self.pair = read_pair(source)
        self._seen = self.pair[:2]
        self.error: str | None = None
        self.context = _make_context(client_ca)
        _install(self.context, self.pair)

    def refresh(self, call: Callable[[Callable[[], None]], object]) -> bool | None:
        """Look at the source. None where nothing changed, True where a new pair is in use, False
        where the last good pair stays in use.

        ``call`` runs the change of the context where no handshake can be under way: a context
        must not change while another thread opens a connection with it.
        """
        try:
            seen = self._source.read()
            if seen == self._seen:
                self.error = None
                return None
            pair = read_pair(self._source)
        except Unusable as unusable:
            return self._broke(str(unusable))
        self._seen = pair[:2]
        self.pair, self.error = pair, None
        call(lambda: _install(self.context, pair))
        return True

    def _broke(self, error: str) -> bool | None:
        """Two files are seldom replaced at once, so a pair that does not fit is read again."""
        if error == self.error:
            return None
        self.error = error
        return False

    def ends_soon(self, now: datetime.datetime) -> bool:
        """Whether less than a day is left of the pair in use."""
        return self.pair.not_after - now < SOON


def files(certificate: Path, key: Path) -> Source:
    """The source that reads two files."""
    return Source(lambda: _read(certificate, key), str(certificate), str(key))


def read_pair(source: Source) -> Pair:
    """The pair in a source. Raises ``Unusable`` unless a server could serve it now."""
    chain, secret = source.read()
    try:
        leaf = x509.load_pem_x509_certificates(chain)[0]
    except ValueError as error:
        raise Unusable(f"{source.certificate}: {error}") from None
    pair = Pair(chain, secret, leaf.not_valid_after_utc)
    if pair.not_after <= datetime.datetime.now(datetime.UTC):
        raise Unusable(f"{source.certificate}: the certificate ended on {pair.not_after:%F}")
    try:
        _install(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), pair)
    except (OSError, ValueError) as error:
        raise Unusable(f"{source.key} does not fit {source.certificate}: {error}") from None
    return pair


def _read(certificate: Path, key: Path) -> tuple[bytes, bytes]:
    try:
        return certificate.read_bytes(), key.read_bytes()
    except OSError as error:
        raise Unusable(f"{error.filename}: {error.strerror}") from None


def _make_context(client_ca: Path | None) -> ssl.SSLContext:
    """TLS 1.2 or newer, and HTTP/1.1: all that the API server speaks to a webhook."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if client_ca is None:
        return context
    try:
        context.load_verify_locations(client_ca)
    except (OSError, ssl.SSLError) as error:
        raise Unusable(f"{client_ca}: {error}") from None
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def _install(context: ssl.SSLContext, pair: Pair) -> None:
    """Give ``context`` exactly the bytes that were checked, whatever the files hold by now.

    A pair that does not fit would leave the context with a certificate and no key.
    """
    with _file_of(pair.certificate) as chain, _file_of(pair.key) as secret:
        context.load_cert_chain(chain, secret, password="")  # asks no terminal


@contextlib.contextmanager
def _file_of(content: bytes) -> Iterator[str]:
    """A file in memory: OpenSSL reads from paths only, and the key touches no disk."""
    descriptor = os.memfd_create("mlgate")
    try:
        os.write(descriptor, content)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
