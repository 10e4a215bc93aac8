"""A replica's certificate: the leaf of the identity that all replicas share in a Secret."""

import datetime
import time
from collections.abc import Callable

from webhook.identity.authority import certificate_fingerprint, expiry
from webhook.identity.certificates import CertificateSource
from webhook.identity.rotation import Issuer, RotationProgress, WebhookIdentity
from webhook.identity.secret import IdentitySecret
from webhook.registration.registrar import Registrar
from webhook.replica.peers import Peers

PROPAGATION_SECONDS = 10.0
"""After this long, every API server has heard of a changed configuration."""
STALE_SECONDS = 60.0
"""After this long, a leaf that is still not served is a fault of this replica."""


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


class BundleTrust:
    """For how long all configurations in the cluster have trusted a bundle."""

    def __init__(
        self, trusts: Callable[[str], bool], propagation: float, clock: Callable[[], float]
    ) -> None:
        self._trusts = trusts
        self._propagation = propagation
        self._clock = clock
        self._bundle = ""
        self._since = 0.0

    def is_settled(self, bundle: str) -> bool:
        """Whether they have for long enough. Raises ApiError."""
        if not self._trusts(bundle):
            self._bundle = ""
            return False
        if bundle != self._bundle:
            self._bundle, self._since = bundle, self._clock()
        return self._clock() - self._since >= self._propagation


class Credentials:
    """``identity`` is what the Secret held when last read. What is served follows it, but a leaf of
    another authority only once the API server trusts that one."""

    def __init__(
        self,
        secret: IdentitySecret,
        issuer: Issuer,
        registrar: Registrar,
        peers: Peers,
        propagation: float = PROPAGATION_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._secret = secret
        self._clock = clock
        self._issuer = issuer
        self._peers = peers
        # The leader asks for the whole bundle, every replica for one authority: they would reset
        # each other's time.
        self._published = BundleTrust(registrar.trusts, propagation, clock)
        self._adoptable = BundleTrust(registrar.trusts, propagation, clock)
        self.path = secret.path
        self.identity = self._served = secret.update(lambda found: issuer.repair(found, _now()))
        self._current_at = clock()

    @property
    def source(self) -> CertificateSource:
        """Where the server reads its certificate."""
        return CertificateSource(self._read, self._secret.title, self._secret.title)

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The keys that all replicas have: the authority's, and that of the next one."""
        pairs = (self.identity.authority, self.identity.incoming)
        return tuple(pair.key.encode() for pair in pairs if pair is not None)

    def is_stale(self) -> bool:
        """Whether the leaf in the Secret has been waiting to be served for too long."""
        waiting = self._clock() - self._current_at
        return waiting > STALE_SECONDS and self.identity.leaf != self._served.leaf

    def sync(self, *, leads: bool) -> None:
        """Take up what the Secret holds; the leader moves the rotation on first. Raises
        ApiError."""
        if leads:
            self.identity = self._secret.update(self._step)
        else:
            found = self._secret.read()
            # What cannot be served is the leader's to repair; until then the last good one counts.
            sound = found is not None and self._issuer.repair(found, _now()) is found
            self.identity = found if found and sound else self.identity
        self._choose()
        if self.identity.leaf == self._served.leaf:
            self._current_at = self._clock()

    def describe(self) -> dict[str, str]:
        """The identity for the log: which authority, until when, and in which step."""
        identity = self.identity
        incoming = identity.incoming
        return {
            "authority": certificate_fingerprint(identity.authority.certificate)[:12],
            "authority_ends": expiry(identity.authority.certificate).isoformat(),
            "leaf_ends": expiry(identity.leaf.certificate).isoformat(),
            "incoming": certificate_fingerprint(incoming.certificate)[:12] if incoming else "",
            "outgoing": certificate_fingerprint(identity.outgoing)[:12]
            if identity.outgoing
            else "",
        }

    def _read(self) -> tuple[bytes, bytes]:
        leaf = self._served.leaf
        return leaf.certificate.encode(), leaf.key.encode()

    def _step(self, found: WebhookIdentity | None) -> WebhookIdentity:
        now = _now()
        base = self._issuer.recover(found, self.identity, now)
        return self._issuer.advance(base, now, self._progress(base))

    def _progress(self, identity: WebhookIdentity) -> RotationProgress:
        """How far the rotation is; without one nothing is asked."""
        return RotationProgress(
            published=identity.incoming is not None and self._published.is_settled(identity.bundle),
            served=identity.outgoing is not None
            and self._peers.all_serve(identity.authority.certificate),
        )

    def _choose(self) -> None:
        """Serve the identity's leaf where the API server trusts it, or the old one is no good."""
        authority, served = self.identity.authority, self._served
        if authority == served.authority or expiry(served.leaf.certificate) <= _now():
            self._served = self.identity
            # Asked for its effect: the time in which the next authority is trusted begins when it
            # is announced, not when its leaf comes.
            if self.identity.incoming is not None:
                self._adoptable.is_settled(self.identity.incoming.certificate)
            return
        if self._adoptable.is_settled(authority.certificate):
            self._served = self.identity
