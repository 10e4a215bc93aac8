"""Certificates: making an authority and the leaf that the webhook serves, and reading their text.

ECDSA P-256 throughout. Times are passed in, aware and in UTC; PEM is text.
"""

import datetime
from collections.abc import Iterable
from ipaddress import ip_address
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_BACKDATED = datetime.timedelta(hours=1)
"""How far before now a certificate begins, for an API server whose clock is behind."""


class KeyPair(NamedTuple):
    """A certificate and its private key, PEM."""

    certificate: str
    key: str


def make_authority(now: datetime.datetime, lifetime: datetime.timedelta) -> KeyPair:
    """A new authority, self-signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    serial = x509.random_serial_number()
    # Its name holds its serial number: during a rotation two authorities stand in one bundle, and
    # a verifier looks for an issuer by its name.
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"mlgate-ca-{serial:x}")])
    builder = (
        _begin(name, name, key.public_key(), serial, now, lifetime)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return _sign(builder, key, key)


def issue_leaf(
    authority: KeyPair, names: Iterable[str], now: datetime.datetime, lifetime: datetime.timedelta
) -> KeyPair:
    """A server's certificate for ``names`` (DNS names or IP addresses), never outliving its
    authority."""
    signer = parse_certificate(authority.certificate)
    signing_key = _read_key(authority.key)
    key = ec.generate_private_key(ec.SECP256R1())
    wanted = list(names)
    # A common name holds 64 characters at most; verifiers look at the alternative names only.
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, wanted[0][:64])])
    lifetime = min(lifetime, signer.not_valid_after_utc - now)
    serial = x509.random_serial_number()
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key())
    builder = (
        _begin(name, signer.subject, key.public_key(), serial, now, lifetime)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.SubjectAlternativeName([_general_name(one) for one in wanted]), critical=False
        )
        .add_extension(identifier, critical=False)
    )
    return _sign(builder, key, signing_key)


def parse_certificate(text: str) -> x509.Certificate:
    """The first certificate in PEM. Raises ValueError."""
    return x509.load_pem_x509_certificate(text.encode())


def parse_bundle(text: str) -> dict[str, x509.Certificate]:
    """The certificates in PEM by their SHA-256, none for empty text. Raises ValueError."""
    if not text.strip():
        return {}
    found = x509.load_pem_x509_certificates(text.encode())
    return {one.fingerprint(hashes.SHA256()).hex(): one for one in found}


def check_bundle(text: str) -> str:
    """``text``, which must be certificates in PEM and nothing that is secret. Raises ValueError."""
    # The bundle ends up in an object that everybody in the cluster may read.
    if "PRIVATE KEY" in text:
        raise ValueError("it holds a private key; expected certificates alone")
    if not parse_bundle(text):
        raise ValueError("it holds no certificate")
    return text


def certificate_fingerprint(text: str) -> str:
    """The SHA-256 of a PEM certificate."""
    return parse_certificate(text).fingerprint(hashes.SHA256()).hex()


def expiry(text: str) -> datetime.datetime:
    """When a PEM certificate expires."""
    return parse_certificate(text).not_valid_after_utc


def is_issued_by(certificate: x509.Certificate, authority: str) -> bool:
    """Whether the authority, PEM, signed a certificate."""
    try:
        certificate.verify_directly_issued_by(parse_certificate(authority))
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def key_matches(pair: KeyPair) -> bool:
    """Whether certificate and key can be read and belong together."""
    try:
        public = parse_certificate(pair.certificate).public_key()
        return bool(public == _read_key(pair.key).public_key())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False


def alternative_names(text: str) -> set[str]:
    """The DNS names and addresses in a PEM certificate, as ``canonical_name`` writes them."""
    extensions = parse_certificate(text).extensions
    try:
        found = extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return set()
    return {str(one.value) for one in found.value}


def canonical_name(name: str) -> str:
    """A DNS name or address as certificates hold it: an IPv6 address has many spellings."""
    return str(_general_name(name).value)


def _begin(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    serial: int,
    now: datetime.datetime,
    lifetime: datetime.timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(serial)
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + lifetime)
    )


def _sign(
    builder: x509.CertificateBuilder,
    key: ec.EllipticCurvePrivateKey,
    signing_key: ec.EllipticCurvePrivateKey,
) -> KeyPair:
    certificate = builder.sign(signing_key, hashes.SHA256())
    return KeyPair(
        certificate.public_bytes(serialization.Encoding.PEM).decode(),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode(),
    )


def _read_key(text: str) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(text.encode(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"the key is {type(key).__name__}; expected an elliptic curve's")
    return key


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
