"""What the replicas serve and the API server trusts: one authority and one leaf, and their change.

A pure state machine. An authority is followed by the next one in five steps: the next is added to
the bundle, the bundle is published and waited for, the leaf is issued anew by the next, every
replica is waited for, the last is trimmed from the bundle. At each step whoever trusts the bundle
trusts every leaf that may still be served.
"""

import datetime
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from webhook.identity.authority import (
    Pair,
    alternative_names,
    expiry,
    is_issued_by,
    issue_leaf,
    make_authority,
    matches,
    read_certificate,
    spell,
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
        incoming = self.incoming.certificate if self.incoming else None
        held = (self.authority.certificate, incoming, self.outgoing)
        return "".join(f"{one.strip()}\n" for one in held if one)


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

    def recover(
        self, found: Identity | None, last: Identity | None, now: datetime.datetime
    ) -> Identity:
        """What to go on with when the Secret has changed behind the leader's back; ``last`` is what
        the replicas were given before.

        A Secret that was deleted comes back, and its authority is followed by a new one, in case
        the key was not to be trusted any more. Of an authority that nobody announced the one before
        stays in the bundle, until its leaf is not served any more.
        """
        if last is None or not _can_sign(last.authority, now):
            return self.repair(found, now)
        if found is None:
            return last if last.incoming else self._announce(last, now)
        if found.outgoing is None and found.authority.certificate not in last.bundle:
            return found._replace(outgoing=last.authority.certificate)
        return found

    def advance(self, identity: Identity, now: datetime.datetime, progress: Progress) -> Identity:
        """The next step, for the leader alone; ``identity`` itself where it is not time for one."""
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

    def _renew(self, identity: Identity, now: datetime.datetime) -> Identity:
        """A leaf in time, whatever the authority's change waits for. One that ends with its
        authority cannot be had for longer."""
        ends = expiry(identity.leaf.certificate)
        most = expiry(identity.authority.certificate)
        if ends - now >= self.lifetimes.leaf_left or ends >= most:
            return identity
        return identity._replace(leaf=self._issue(identity.authority, now))

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
            and alternative_names(leaf.certificate).issuperset(map(spell, self.names))
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
    """The identity in a Secret's texts; None where it lacks an authority that can be read. A leaf
    that cannot be served is for ``Issuer.repair``; an authority to come or gone that cannot be read
    is left out: nothing may hang on it."""
    pairs = {
        name: Pair(data.get(certificate, ""), data.get(key, ""))
        for name, (certificate, key) in _KEYS.items()
    }
    authority, leaf, incoming = pairs["authority"], pairs["leaf"], pairs["incoming"]
    if not matches(authority):
        return None
    return Identity(
        authority, leaf, incoming if matches(incoming) else None, _readable(data.get(_OUTGOING))
    )


def _readable(certificate: str | None) -> str | None:
    try:
        read_certificate(certificate or "")
    except ValueError:
        return None
    return certificate


def _can_sign(authority: Pair, now: datetime.datetime) -> bool:
    return matches(authority) and expiry(authority.certificate) > now
