"""What the replicas serve and the API server trusts: one authority and one leaf, and their change.

A pure state machine. An authority is followed by the next one in five steps: the next is added to
the bundle, the bundle is published and waited for, the leaf is issued anew by the next, every
replica is waited for, the last is trimmed from the bundle. At each step whoever trusts the bundle
trusts every leaf that may still be served.
"""

import datetime
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from webhook.cluster.authority import (
    Pair,
    alternative_names,
    expiry,
    is_issued_by,
    issue_leaf,
    make_authority,
    matches,
    read_certificate,
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


class Progress(NamedTuple):
    """What the leader sees. ``published``: for long enough every configuration has trusted the
    whole bundle. ``served``: every replica serves a leaf of the authority in use."""

    published: bool = False
    served: bool = False


class Identity(NamedTuple):
    """What the Secret holds. ``incoming`` is the next authority while it is being published,
    ``outgoing`` the certificate of the last one while its leaf may still be served."""

    authority: Pair
    leaf: Pair
    incoming: Pair | None = None
    outgoing: str | None = None

    @property
    def bundle(self) -> str:
        """What the API server is to trust, PEM."""
        incoming = self.incoming.certificate if self.incoming else ""
        return self.authority.certificate + incoming + (self.outgoing or "")


class Issuer(NamedTuple):
    """Makes identities for ``names``, DNS names or addresses of the webhook."""

    names: Sequence[str]
    lifetimes: Lifetimes = Lifetimes()

    def create(self, now: datetime.datetime) -> Identity:
        """A new authority with its leaf."""
        authority = make_authority(now, self.lifetimes.authority)
        return Identity(authority, self._issue(authority, now))

    def repair(self, identity: Identity | None, now: datetime.datetime) -> Identity:
        """``identity`` where it can be served now; else one that can, with the same authority
        where that one can still sign."""
        if identity is None or not _can_sign(identity.authority, now):
            return self.create(now)
        if self._can_serve(identity, now):
            return identity
        return identity._replace(leaf=self._issue(identity.authority, now))

    def advance(self, identity: Identity, now: datetime.datetime, progress: Progress) -> Identity:
        """The next step, for the leader alone; ``identity`` itself where it is not time for one."""
        identity = self.repair(identity, now)
        if identity.incoming is not None:
            return self._swap(identity, identity.incoming, now) if progress.published else identity
        if identity.outgoing is not None and (progress.served or expiry(identity.outgoing) <= now):
            return identity._replace(outgoing=None)
        if expiry(identity.authority.certificate) - now < self.lifetimes.authority_left:
            return self._announce(identity, now)
        if expiry(identity.leaf.certificate) - now < self.lifetimes.leaf_left:
            return identity._replace(leaf=self._issue(identity.authority, now))
        return identity

    def _announce(self, identity: Identity, now: datetime.datetime) -> Identity:
        if identity.outgoing is not None:
            return identity
        return identity._replace(incoming=make_authority(now, self.lifetimes.authority))

    def _swap(self, identity: Identity, incoming: Pair, now: datetime.datetime) -> Identity:
        outgoing = identity.authority.certificate
        return Identity(incoming, self._issue(incoming, now), outgoing=outgoing)

    def _issue(self, authority: Pair, now: datetime.datetime) -> Pair:
        return issue_leaf(authority, self.names, now, self.lifetimes.leaf)

    def _can_serve(self, identity: Identity, now: datetime.datetime) -> bool:
        leaf = identity.leaf
        return (
            matches(leaf)
            and expiry(leaf.certificate) > now
            and alternative_names(leaf.certificate).issuperset(self.names)
            and is_issued_by(read_certificate(leaf.certificate), identity.authority.certificate)
        )


def encode(identity: Identity) -> dict[str, str]:
    """An identity as the texts of a Secret."""
    data = {_OUTGOING: identity.outgoing or ""}
    for name, keys in _KEYS.items():
        pair: Pair = getattr(identity, name) or Pair("", "")
        data.update(zip(keys, pair, strict=True))
    return {key: text for key, text in data.items() if text}


def decode(data: Mapping[str, str]) -> Identity | None:
    """The identity in a Secret's texts; None where it lacks an authority or a leaf, or anything in
    it cannot be read."""
    pairs = {
        name: Pair(data.get(certificate, ""), data.get(key, ""))
        for name, (certificate, key) in _KEYS.items()
    }
    incoming, outgoing = pairs["incoming"], data.get(_OUTGOING) or None
    identity = Identity(
        pairs["authority"], pairs["leaf"], incoming if any(incoming) else None, outgoing
    )
    return identity if _whole(identity) else None


def _whole(identity: Identity) -> bool:
    pairs = (identity.authority, identity.leaf, identity.incoming)
    if not all(pair is None or matches(pair) for pair in pairs):
        return False
    try:
        read_certificate(identity.outgoing or identity.authority.certificate)
    except ValueError:
        return False
    return True


def _can_sign(authority: Pair, now: datetime.datetime) -> bool:
    return matches(authority) and expiry(authority.certificate) > now
