"""Group D, what of it is the certificates themselves and the machine that changes them."""

import datetime

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.webhook.identity.verifying import DAY, NAME, NOW, verify
from webhook.identity.authority import expiry, is_issued_by, parse_bundle, parse_certificate
from webhook.identity.rotation import Issuer, Lifetimes, RotationProgress, WebhookIdentity

ISSUER = Issuer([NAME, f"{NAME}.cluster.local"])
NOTHING = RotationProgress()
PUBLISHED = RotationProgress(published=True)
SERVED = RotationProgress(served=True)
HOUR = datetime.timedelta(hours=1)


def due() -> tuple[WebhookIdentity, datetime.datetime]:
    """An identity whose authority has to be followed by another, and the time when."""
    at = NOW + 246 * DAY
    return ISSUER.repair(ISSUER.create(NOW), at), at


def bundle_of(identity: WebhookIdentity) -> list[str]:
    return list(parse_bundle(identity.bundle))


def test_d43_the_leaf_is_for_the_name_by_which_the_api_server_asks() -> None:
    identity = ISSUER.create(NOW)
    leaf = parse_certificate(identity.leaf.certificate)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [NAME, f"{NAME}.cluster.local"]
    assert verify(identity.bundle, identity.leaf.certificate) == ""


def test_d43_the_leaf_may_serve_and_nothing_else() -> None:
    leaf = parse_certificate(ISSUER.create(NOW).leaf.certificate)
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]
    basic = leaf.extensions.get_extension_for_class(x509.BasicConstraints)
    assert basic.critical
    assert not basic.value.ca
    assert not leaf.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign


def test_d43_the_authority_signs_leaves_and_no_other_authority() -> None:
    authority = parse_certificate(ISSUER.create(NOW).authority.certificate)
    basic = authority.extensions.get_extension_for_class(x509.BasicConstraints)
    assert basic.critical
    assert (basic.value.ca, basic.value.path_length) == (True, 0)
    assert authority.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign


def test_d43_both_are_valid_from_an_hour_ago_for_clocks_that_are_behind() -> None:
    identity = ISSUER.create(NOW)
    for text in (identity.leaf.certificate, identity.authority.certificate):
        assert parse_certificate(text).not_valid_before_utc == NOW - HOUR
    assert verify(identity.bundle, identity.leaf.certificate, NOW - HOUR / 2) == ""


def test_d43_a_leaf_ends_before_its_authority() -> None:
    lifetimes = Lifetimes()
    assert lifetimes.leaf < lifetimes.authority_left
    identity = ISSUER.create(NOW)
    assert expiry(identity.leaf.certificate) < expiry(identity.authority.certificate)


def test_d45_an_authority_is_followed_in_steps_that_never_leave_a_leaf_untrusted() -> None:
    first, at = due()
    announced = ISSUER.advance(first, at, NOTHING)
    swapped = ISSUER.advance(announced, at, PUBLISHED)
    trimmed = ISSUER.advance(swapped, at, SERVED)
    old, new = bundle_of(announced)
    assert bundle_of(first) == [old]
    assert bundle_of(swapped) == [new, old]
    assert bundle_of(trimmed) == [new]
    for identity in (announced, swapped):
        for leaf in (first.leaf, swapped.leaf):
            assert verify(identity.bundle, leaf.certificate, at) == ""
    assert announced.leaf == first.leaf
    assert trimmed.leaf == swapped.leaf
    assert verify(trimmed.bundle, first.leaf.certificate, at) != ""


@pytest.mark.parametrize("progress", [NOTHING, SERVED])
def test_d45_no_leaf_is_issued_by_an_authority_that_is_not_published(
    progress: RotationProgress,
) -> None:
    first, at = due()
    announced = ISSUER.advance(first, at, NOTHING)
    for days in range(1, 115, 7):
        announced = ISSUER.advance(announced, at + days * DAY, progress)
        leaf = parse_certificate(announced.leaf.certificate)
        assert is_issued_by(leaf, first.authority.certificate)
        assert len(bundle_of(announced)) == 2


@pytest.mark.parametrize("progress", [NOTHING, PUBLISHED])
def test_d45_the_last_authority_is_trusted_while_its_leaf_is_served(
    progress: RotationProgress,
) -> None:
    first, at = due()
    swapped = ISSUER.advance(ISSUER.advance(first, at, NOTHING), at, PUBLISHED)
    while expiry(first.leaf.certificate) > at + DAY:
        at += DAY
        swapped = ISSUER.advance(swapped, at, progress)
        assert verify(swapped.bundle, first.leaf.certificate, at) == ""


def test_d45_the_change_ends_where_the_next_one_can_begin() -> None:
    identity, at = due()
    authorities = [bundle_of(identity)[0]]
    for _ in range(3):
        for progress in (NOTHING, PUBLISHED, SERVED):
            identity = ISSUER.advance(identity, at, progress)
        assert (
            ISSUER.advance(identity, at, RotationProgress(published=True, served=True)) is identity
        )
        authorities += bundle_of(identity)
        at += 246 * DAY
        identity = ISSUER.repair(identity, at)
    assert len(set(authorities)) == 4
