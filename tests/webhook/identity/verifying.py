"""Certificates as an API server judges them."""

import datetime

from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from webhook.identity.authority import parse_bundle, parse_certificate

NAME = "mlgate.mlgate-system.svc"
NOW = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)


def verify(bundle: str, leaf: str, at: datetime.datetime = NOW, name: str = NAME) -> str:
    """Why whoever trusts ``bundle`` would not trust ``leaf``; empty where it does. Both PEM."""
    trusted = list(parse_bundle(bundle).values())
    if not trusted:
        return "nothing is trusted"
    verifier = PolicyBuilder().store(Store(trusted)).time(at)
    try:
        verifier.build_server_verifier(x509.DNSName(name)).verify(parse_certificate(leaf), [])
    except VerificationError as error:
        return str(error)
    return ""
