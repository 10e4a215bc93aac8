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

EXPIRES_SOON = datetime.timedelta(hours=24)
"""A certificate that expires within this makes the server not ready."""


class CertificateUnusable(Exception):
    """A certificate that cannot be served."""


class CertificateSource(NamedTuple):
    """Where a certificate chain and its key come from: PEM, and what each is called in messages.

    ``read`` raises ``CertificateUnusable``.
    """

    read: Callable[[], tuple[bytes, bytes]]
    certificate: str
    key: str


class ServedPair(NamedTuple):
    """A certificate chain and its key, PEM, and when the leaf expires."""

    certificate: bytes
    key: bytes
    not_after: datetime.datetime


class Certificates:
    """The TLS context of the server and the pair that it serves.

    Raises ``CertificateUnusable`` where there is no good pair to begin with, or no good client CA.
    """

    def __init__(self, source: CertificateSource, client_ca: Path | None = None) -> None:
        self._source = source
        self.pair = load_pair(source)
        self._seen = self.pair[:2]
        self.error: str | None = None
        self.context = _make_context(client_ca)
        _install(self.context, self.pair)

    def refresh(self, call: Callable[[Callable[[], None]], object]) -> bool | None:
        """Read the source again. None where nothing changed, True where a new pair is in use, False
        where the last good pair stays in use.

        ``call`` runs the change of the context where no handshake can be under way: a context
        must not change while another thread opens a connection with it.
        """
        try:
            seen = self._source.read()
            if seen == self._seen:
                self.error = None
                return None
            pair = load_pair(self._source)
        except CertificateUnusable as unusable:
            return self._broke(str(unusable))
        self._seen = pair[:2]
        self.pair, self.error = pair, None
        call(lambda: _install(self.context, pair))
        return True

    def _broke(self, error: str) -> bool | None:
        # ``_seen`` stays as it is: two files are seldom replaced at once, so that a pair that does
        # not fit is read again at the next poll. The same fault is reported once.
        if error == self.error:
            return None
        self.error = error
        return False

    def ends_soon(self, now: datetime.datetime) -> bool:
        """Whether less than a day is left of the pair in use."""
        return self.pair.not_after - now < EXPIRES_SOON


def file_source(certificate: Path, key: Path) -> CertificateSource:
    """The source that reads two files."""
    return CertificateSource(lambda: _read(certificate, key), str(certificate), str(key))


def load_pair(source: CertificateSource) -> ServedPair:
    """The pair in a source. Raises ``CertificateUnusable`` unless a server could serve it now."""
    chain, secret = source.read()
    try:
        leaf = x509.load_pem_x509_certificates(chain)[0]
    except ValueError as error:
        raise CertificateUnusable(f"{source.certificate}: {error}") from None
    pair = ServedPair(chain, secret, leaf.not_valid_after_utc)
    if pair.not_after <= datetime.datetime.now(datetime.UTC):
        raise CertificateUnusable(
            f"{source.certificate}: the certificate ended on {pair.not_after:%F}"
        )
    try:  # only OpenSSL can tell whether key and certificate fit
        _install(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), pair)
    except (OSError, ValueError) as error:
        raise CertificateUnusable(
            f"{source.key} does not fit {source.certificate}: {error}"
        ) from None
    return pair


def _read(certificate: Path, key: Path) -> tuple[bytes, bytes]:
    try:
        return certificate.read_bytes(), key.read_bytes()
    except OSError as error:
        raise CertificateUnusable(f"{error.filename}: {error.strerror}") from None


def _make_context(client_ca: Path | None) -> ssl.SSLContext:
    """TLS 1.2 or newer, and HTTP/1.1 alone: the server has no HTTP/2 to offer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if client_ca is None:
        return context
    try:
        context.load_verify_locations(client_ca)
    except (OSError, ssl.SSLError) as error:
        raise CertificateUnusable(f"{client_ca}: {error}") from None
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def _install(context: ssl.SSLContext, pair: ServedPair) -> None:
    """Give ``context`` exactly the bytes that were checked, whatever the files hold by now."""
    # Reading the files again could meet a pair half replaced, and ``load_cert_chain`` would leave
    # the context in use with a certificate and no key.
    with _file_of(pair.certificate) as chain, _file_of(pair.key) as secret:
        context.load_cert_chain(chain, secret, password="")  # without one OpenSSL asks the terminal


@contextlib.contextmanager
def _file_of(content: bytes) -> Iterator[str]:
    """The path of a file in memory: Python's ssl loads from paths only, and a key belongs on no
    disk."""
    descriptor = os.memfd_create("mlgate")
    try:
        os.write(descriptor, content)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
