"""Authorities and leaves, judged by a verifier that is not ours."""

import datetime
import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.webhook.identity.verifying import DAY, NAME, NOW, verify
from webhook.identity.authority import (
    KeyPair,
    alternative_names,
    canonical_name,
    certificate_fingerprint,
    expiry,
    is_issued_by,
    issue_leaf,
    key_matches,
    make_authority,
    parse_bundle,
    parse_certificate,
)

AUTHORITY = make_authority(NOW, 365 * DAY)
OTHER = make_authority(NOW, 365 * DAY)
LEAF = issue_leaf(AUTHORITY, [NAME, "10.0.0.7"], NOW, 90 * DAY)
P_256, P_192_V2 = bytes.fromhex("2a8648ce3d030107"), bytes.fromhex("2a8648ce3d030102")
"""Two curves' object identifiers; nobody supports the second."""


def key_text(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, password: bytes = b"") -> str:
    cipher: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password:
        cipher = serialization.BestAvailableEncryption(password)
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(pem, form, cipher).decode()


@pytest.mark.parametrize(
    ("hours", "trusted"),
    [(-2, False), (-0.9, True), (0, True), (89 * 24, True), (91 * 24, False), (366 * 24, False)],
)
def test_a_leaf_is_trusted_in_its_time(hours: float, *, trusted: bool) -> None:
    at = NOW + datetime.timedelta(hours=hours)
    assert (verify(AUTHORITY.certificate, LEAF.certificate, at) == "") is trusted


def test_a_leaf_is_not_trusted_once_its_authority_has_ended() -> None:
    short = make_authority(NOW, 10 * DAY)
    leaf = issue_leaf(short, [NAME], NOW, 90 * DAY)
    assert expiry(leaf.certificate) == expiry(short.certificate) == NOW + 10 * DAY
    assert verify(short.certificate, leaf.certificate, NOW + 9 * DAY) == ""
    assert verify(short.certificate, leaf.certificate, NOW + 11 * DAY) != ""


def test_a_leaf_is_trusted_by_its_name_and_its_authority_alone() -> None:
    assert verify(AUTHORITY.certificate, LEAF.certificate) == ""
    assert "subjectAltName" in verify(AUTHORITY.certificate, LEAF.certificate, name="other.ns.svc")
    assert verify(OTHER.certificate, LEAF.certificate) != ""


def test_two_authorities_in_one_bundle_are_told_apart() -> None:
    bundle = AUTHORITY.certificate + OTHER.certificate
    theirs = issue_leaf(OTHER, [NAME], NOW, 90 * DAY)
    assert verify(bundle, LEAF.certificate) == verify(bundle, theirs.certificate) == ""
    names = {one.subject.rfc4514_string() for one in parse_bundle(bundle).values()}
    assert len(names) == 2


@settings(max_examples=40)
@given(st.integers(1, 400), st.integers(0, 400), st.integers(1, 400))
def test_a_leaf_never_outlives_its_authority(authority: int, later: int, leaf: int) -> None:
    signer = make_authority(NOW, authority * DAY)
    at = NOW + min(later, authority - 1) * DAY
    ends = expiry(issue_leaf(signer, [NAME], at, leaf * DAY).certificate)
    assert ends == min(at + leaf * DAY, NOW + authority * DAY)


def test_a_strict_client_shakes_hands_with_it(tmp_path: Path) -> None:
    now = datetime.datetime.now(datetime.UTC)
    authority = make_authority(now, DAY)
    leaf = issue_leaf(authority, [NAME], now, DAY)
    client = ssl.create_default_context(cadata=authority.certificate)
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    served = tmp_path / "leaf.pem"
    served.write_text(leaf.certificate + leaf.key)
    assert shake_hands(client, served) == {("DNS", NAME)}
    stranger = ssl.create_default_context(cadata=OTHER.certificate)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(stranger, served)


def shake_hands(client: ssl.SSLContext, served: Path) -> set[Any]:
    """The names that a client is shown, in memory."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(served)
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    caller = client.wrap_bio(back, there, server_hostname=NAME)
    called = server.wrap_bio(there, back, server_side=True)
    for side in (caller, called, caller, called):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    shown: Any = caller.getpeercert()
    return set(shown["subjectAltName"])


def test_names_and_addresses_are_read_back() -> None:
    assert alternative_names(LEAF.certificate) == {NAME, "10.0.0.7"}
    assert alternative_names(AUTHORITY.certificate) == set()


@pytest.mark.parametrize(
    ("written", "held"),
    [(NAME, NAME), ("10.0.0.7", "10.0.0.7"), ("fd00:0:0::1", "fd00::1"), ("FD00::1", "fd00::1")],
)
def test_an_address_has_one_spelling(written: str, held: str) -> None:
    leaf = issue_leaf(AUTHORITY, [written], NOW, DAY)
    assert alternative_names(leaf.certificate) == {canonical_name(written)} == {held}


def test_a_bundle_is_read_by_fingerprints() -> None:
    bundle = AUTHORITY.certificate + OTHER.certificate
    both = {
        certificate_fingerprint(AUTHORITY.certificate),
        certificate_fingerprint(OTHER.certificate),
    }
    assert parse_bundle(bundle).keys() == both
    assert len(both) == 2
    assert parse_bundle("") == parse_bundle(" \n") == {}
    with pytest.raises(ValueError, match="PEM"):
        parse_bundle("no certificate")


def test_only_a_key_of_the_certificate_matches_it() -> None:
    ours = key_text(ec.generate_private_key(ec.SECP256R1()), b"secret")
    rsa_key = key_text(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    assert key_matches(LEAF)
    for key in (AUTHORITY.key, OTHER.key, ours, rsa_key, "", "no key", LEAF.key[:100]):
        assert not key_matches(KeyPair(LEAF.certificate, key)), key
    for certificate in ("", "no certificate", AUTHORITY.certificate, LEAF.certificate[:100]):
        assert not key_matches(KeyPair(certificate, LEAF.key)), certificate


def test_issued_means_signed() -> None:
    leaf = parse_certificate(LEAF.certificate)
    assert is_issued_by(leaf, AUTHORITY.certificate)
    assert not is_issued_by(leaf, OTHER.certificate)
    assert not is_issued_by(leaf, LEAF.certificate)
    assert not is_issued_by(leaf, "no certificate")


def test_a_curve_that_nobody_supports_is_no_crash() -> None:
    der = ssl.PEM_cert_to_DER_cert(LEAF.certificate)
    assert der.count(P_256) == 1
    odd = ssl.DER_cert_to_PEM_cert(der.replace(P_256, P_192_V2))
    assert not key_matches(KeyPair(odd, LEAF.key))
    assert not is_issued_by(parse_certificate(LEAF.certificate), odd)
