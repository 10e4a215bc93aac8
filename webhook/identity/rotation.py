"""The rotation of the authority and the leaf that all replicas share: a pure state machine.

An authority is replaced in five steps: the next one is added to the bundle; the bundle is published
and waited for; the next authority issues a new leaf; every replica is waited for; the old authority
is removed from the bundle. At each step the bundle covers every leaf that may still be served.
"""

import datetime
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from webhook.identity.authority import (
    KeyPair,
    alternative_names,
    canonical_name,
    expiry,
    is_issued_by,
    issue_leaf,
    key_matches,
    make_authority,
    parse_certificate,
)

_KEYS = {
    "authority": ("authority.crt", "authority.key"),
    "leaf": ("tls.crt", "tls.key"),
    "incoming": ("next-authority.crt", "next-authority.key"),
}
_OUTGOING = "last-authority.crt"


class Lifetimes(NamedTuple):
    """How long certificates last, and how much is left of them when they are replaced.

    ``authority_left`` exceeds ``leaf``, so that a leaf never ends with its authority.
    """

    authority: datetime.timedelta = datetime.timedelta(days=365)
    authority_left: datetime.timedelta = datetime.timedelta(days=120)
    leaf: datetime.timedelta = datetime.timedelta(days=90)
    leaf_left: datetime.timedelta = datetime.timedelta(days=30)


class RotationProgress(NamedTuple):
    """What the leader observes. ``published``: every configuration has trusted the whole bundle for
    long enough. ``served``: every replica serves a leaf of the authority in use."""

    published: bool = False
    served: bool = False


class WebhookIdentity(NamedTuple):
    """What the Secret holds. ``incoming`` is the next authority while it is being published,
    ``outgoing`` the certificate of the last one while its leaf may still be served."""

    authority: KeyPair
    leaf: KeyPair
    incoming: KeyPair | None = None
    outgoing: str | None = None

    @property
    def bundle(self) -> str:
        """What the API server is to trust, PEM."""
        incoming = self.incoming.certificate if self.incoming else None
        held = (self.authority.certificate, incoming, self.outgoing)
        return "".join(f"{one.strip()}\n" for one in held if one)


class Issuer(NamedTuple):
    """Makes identities for ``names``, the DNS names or addresses of the webhook."""

    names: Sequence[str]
    lifetimes: Lifetimes = Lifetimes()

    def create(self, now: datetime.datetime) -> WebhookIdentity:
        """A new authority with its leaf."""
        authority = make_authority(now, self.lifetimes.authority)
        return WebhookIdentity(authority, self._issue(authority, now))

    def repair(self, identity: WebhookIdentity | None, now: datetime.datetime) -> WebhookIdentity:
        """``identity`` where it can be served now; else one that can be, by the same authority
        where that can still sign."""
        if identity is None or not _can_sign(identity.authority, now):
            return self.create(now)
        if self._can_serve(identity, now):
            return identity
        return identity._replace(leaf=self._issue(identity.authority, now))

    def recover(
        self, found: WebhookIdentity | None, last: WebhookIdentity | None, now: datetime.datetime
    ) -> WebhookIdentity:
        """What to go on with when somebody else has changed the Secret; ``last`` is what the
        replicas were given before."""
        if last is None or not _can_sign(last.authority, now):
            return self.repair(found, now)
        if found is None:
            # Whoever deletes the Secret may have done it because the key is known to others: it is
            # written again, so that nothing breaks, and a rotation begins.
            return last if last.incoming else self._announce(last, now)
        # An authority that no bundle has announced: the one before stays trusted until no replica
        # serves its leaf.
        if found.outgoing is None and found.authority.certificate not in last.bundle:
            return found._replace(outgoing=last.authority.certificate)
        return found

    def advance(
        self, identity: WebhookIdentity, now: datetime.datetime, progress: RotationProgress
    ) -> WebhookIdentity:
        """The next step, which only the leader takes; ``identity`` itself where none is due."""
        identity = self.repair(identity, now)
        incoming, outgoing = identity.incoming, identity.outgoing
        if outgoing is not None and (progress.served or expiry(outgoing) <= now):
            return identity._replace(outgoing=None)
        if incoming is not None and outgoing is None and progress.published:
            return self._swap(identity, incoming, now)
        ends = expiry(identity.authority.certificate)
        if incoming is None and outgoing is None and ends - now < self.lifetimes.authority_left:
            return self._announce(identity, now)
        return self._renew(identity, now)

    def _renew(self, identity: WebhookIdentity, now: datetime.datetime) -> WebhookIdentity:
        """A new leaf in time, whatever step the rotation is at."""
        ends = expiry(identity.leaf.certificate)
        latest = expiry(identity.authority.certificate)
        # A leaf that ends with its authority cannot be had for longer: without the second condition
        # a new one would be issued at every look.
        if ends - now >= self.lifetimes.leaf_left or ends >= latest:
            return identity
        return identity._replace(leaf=self._issue(identity.authority, now))

    def _announce(self, identity: WebhookIdentity, now: datetime.datetime) -> WebhookIdentity:
        # One rotation at a time: the last one is not over while an outgoing authority is there.
        if identity.outgoing is not None:
            return identity
        return identity._replace(incoming=make_authority(now, self.lifetimes.authority))

    def _swap(
        self, identity: WebhookIdentity, incoming: KeyPair, now: datetime.datetime
    ) -> WebhookIdentity:
        outgoing = identity.authority.certificate
        return WebhookIdentity(incoming, self._issue(incoming, now), outgoing=outgoing)

    def _issue(self, authority: KeyPair, now: datetime.datetime) -> KeyPair:
        return issue_leaf(authority, self.names, now, self.lifetimes.leaf)

    def _can_serve(self, identity: WebhookIdentity, now: datetime.datetime) -> bool:
        leaf = identity.leaf
        return (
            key_matches(leaf)
            and expiry(leaf.certificate) > now
            and alternative_names(leaf.certificate).issuperset(map(canonical_name, self.names))
            and is_issued_by(parse_certificate(leaf.certificate), identity.authority.certificate)
        )


def encode_identity(identity: WebhookIdentity) -> dict[str, str]:
    """An identity as the texts of a Secret."""
    data = {_OUTGOING: identity.outgoing or ""}
    for name, keys in _KEYS.items():
        pair: KeyPair = getattr(identity, name) or KeyPair("", "")
        data.update(zip(keys, pair, strict=True))
    return {key: text for key, text in data.items() if text}


def decode_identity(data: Mapping[str, str]) -> WebhookIdentity | None:
    """The identity in a Secret's texts; None where it has no authority that can be read.

    A leaf that cannot be served is left to ``Issuer.repair``. An incoming or outgoing authority
    that cannot be read is left out: the webhook must come up without it.
    """
    pairs = {
        name: KeyPair(data.get(certificate, ""), data.get(key, ""))
        for name, (certificate, key) in _KEYS.items()
    }
    authority, leaf, incoming = pairs["authority"], pairs["leaf"], pairs["incoming"]
    if not key_matches(authority):
        return None
    return WebhookIdentity(
        authority, leaf, incoming if key_matches(incoming) else None, _readable(data.get(_OUTGOING))
    )


def _readable(certificate: str | None) -> str | None:
    try:
        parse_certificate(certificate or "")
    except ValueError:
        return None
    return certificate


def _can_sign(authority: KeyPair, now: datetime.datetime) -> bool:
    return key_matches(authority) and expiry(authority.certificate) > now
