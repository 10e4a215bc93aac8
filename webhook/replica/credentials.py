"""A replica's certificate: the leaf of the identity that all replicas share by a Secret."""

import datetime
import time
from collections.abc import Callable

from webhook.identity.authority import expiry, fingerprint
from webhook.identity.certificates import Source
from webhook.identity.rotation import Identity, Issuer, Progress
from webhook.identity.secret import Store
from webhook.registration.registrar import Registrar
from webhook.replica.peers import Replicas

SETTLE = 10.0
"""Seconds after which every API server has heard of a changed configuration."""
LATE = 60.0
"""Seconds after which a leaf that is still not served is a fault of this replica."""


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


class Trust:
    """Since when all configurations in the cluster have trusted a bundle."""

    def __init__(
        self, trusts: Callable[[str], bool], settle: float, clock: Callable[[], float]
    ) -> None:
        self._trusts = trusts
        self._settle = settle
        self._clock = clock
        self._bundle = ""
        self._since = 0.0

    def settled(self, bundle: str) -> bool:
        """Whether they have for long enough. Raises ApiError."""
        if not self._trusts(bundle):
            self._bundle = ""
            return False
        if bundle != self._bundle:
            self._bundle, self._since = bundle, self._clock()
        return self._clock() - self._since >= self._settle


class Credentials:
    """``identity`` is what the Secret held when last looked at. What is served follows it, but a
    leaf of another authority only when the API server trusts that one."""

    def __init__(
        self,
        store: Store,
        issuer: Issuer,
        registrar: Registrar,
        replicas: Replicas,
        settle: float = SETTLE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._clock = clock
        self._issuer = issuer
        self._replicas = replicas
        self._published = Trust(registrar.trusts, settle, clock)
        self._adoptable = Trust(registrar.trusts, settle, clock)
        self.path = store.path
        self.identity = self._served = store.change(lambda found: issuer.repair(found, _now()))
        self._current_at = clock()

    @property
    def source(self) -> Source:
        """Where the server reads its certificate."""
        return Source(self._read, self._store.title, self._store.title)

    def stale(self) -> bool:
        """Whether the leaf in the Secret has not been served for long."""
        return self._clock() - self._current_at > LATE and self.identity.leaf != self._served.leaf

    def look(self, *, leads: bool) -> None:
        """Take up what the Secret holds; the leader moves it on first. Raises ApiError."""
        if leads:
            self.identity = self._store.change(self._step)
        else:
            found = self._store.read()
            sound = found is not None and self._issuer.repair(found, _now()) is found
            self.identity = found if found and sound else self.identity
        self._adopt()

    def describe(self) -> dict[str, str]:
        """The identity for the log: which authority, until when, and in which step."""
        identity = self.identity
        incoming = identity.incoming
        return {
            "authority": fingerprint(identity.authority.certificate)[:12],
            "authority_ends": expiry(identity.authority.certificate).isoformat(),
            "leaf_ends": expiry(identity.leaf.certificate).isoformat(),
            "incoming": fingerprint(incoming.certificate)[:12] if incoming else "",
            "outgoing": fingerprint(identity.outgoing)[:12] if identity.outgoing else "",
        }

    def _read(self) -> tuple[bytes, bytes]:
        leaf = self._served.leaf
        return leaf.certificate.encode(), leaf.key.encode()

    def _step(self, found: Identity | None) -> Identity:
        now = _now()
        base = self._issuer.recover(found, self.identity, now)
        return self._issuer.advance(base, now, self._progress(base))

    def _progress(self, identity: Identity) -> Progress:
        """How far the change of the authority is; nothing is asked while there is none."""
        return Progress(
            published=identity.incoming is not None and self._published.settled(identity.bundle),
            served=identity.outgoing is not None
            and self._replicas.serve(identity.authority.certificate),
        )

    def _adopt(self) -> None:
        self._choose()
        if self.identity.leaf == self._served.leaf:
            self._current_at = self._clock()

    def _choose(self) -> None:
        authority, served = self.identity.authority, self._served
        if authority == served.authority or expiry(served.leaf.certificate) <= _now():
            self._served = self.identity
            if self.identity.incoming is not None:  # its time begins when it is announced
                self._adoptable.settled(self.identity.incoming.certificate)
            return
        if self._adoptable.settled(authority.certificate):
            self._served = self.identity
