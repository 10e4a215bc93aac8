"""What a replica serves while the identity changes: never a leaf that nobody trusts."""

import base64
import datetime
from typing import Any

import pytest

from rules.policy import DEFAULT
from tests.cluster.fake_store import Store, StoreClient, install
from tests.webhook.identity.verifying import NAME, verify
from webhook.identity.authority import KeyPair, expiry, issue_leaf, parse_certificate
from webhook.identity.rotation import Issuer, Lifetimes, WebhookIdentity
from webhook.identity.secret import IdentitySecret
from webhook.registration.configurations import make_configurations
from webhook.registration.options import RegistrationOptions
from webhook.registration.registrar import Registrar
from webhook.replica.credentials import PROPAGATION_SECONDS, STALE_SECONDS, BundleTrust, Credentials
from webhook.replica.peers import Peers

SECRETS = "/api/v1/secrets"
DAY = datetime.timedelta(days=1)


class Clock:
    """Monotonic seconds that the test lets go by."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class KnownPeers(Peers):
    """Replicas that serve what the test says."""

    def __init__(self, authorities: list[str]) -> None:
        self.authorities = authorities

    def all_serve(self, authority: str) -> bool:
        return bool(self.authorities) and all(one == authority for one in self.authorities)


class Cluster:
    """Replicas of mlgate over one store; the first one leads, those in ``stuck`` do nothing."""

    def __init__(self, replicas: int, lifetimes: Lifetimes = Lifetimes()) -> None:  # noqa: B008
        self.store = Store()
        install(self.store)
        self.clock = Clock()
        self._issuer = Issuer((NAME,), lifetimes)
        self._served: list[str] = []
        self.stuck: set[int] = set()
        self.replicas = [self.join() for _ in range(replicas)]
        self.registrar = Registrar(StoreClient(self.store), self._configure, self.clock)
        self.registrar.reconcile()

    def join(self) -> Credentials:
        """Another replica starts."""
        client = StoreClient(self.store)
        registrar = Registrar(client, list)
        secret = IdentitySecret(client, "mlgate-system", "mlgate-tls")
        return Credentials(
            secret,
            self._issuer,
            registrar,
            KnownPeers(self._served),
            PROPAGATION_SECONDS,
            self.clock,
        )

    def look(self, seconds: float = 0.0, *, registers: bool = True) -> None:
        """Some time goes by, and every replica looks; the leader registers what it has then."""
        self.clock.now += seconds
        for number, replica in enumerate(self.replicas):
            if number not in self.stuck:
                replica.sync(leads=number == 0)
            self._served[:] = [self._authority_of(one) for one in self.replicas]
        if registers:
            self.registrar.reconcile()
        self.check()

    def check(self) -> None:
        """Whoever calls trusts every leaf that is served."""
        for replica in self.replicas:
            assert verify(self.bundle, leaf_of(replica), datetime.datetime.now(datetime.UTC)) == ""

    @property
    def bundle(self) -> str:
        """What the API server trusts."""
        (one,) = self.store.kinds[
            "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
        ].objects.values()
        return base64.b64decode(one["webhooks"][0]["clientConfig"]["caBundle"]).decode()

    def lose_secret(self) -> None:
        self.store.delete(self.store.kinds[SECRETS], "mlgate-tls", "mlgate-system")

    def write(self, identity: WebhookIdentity) -> None:
        """Somebody else writes the Secret."""
        client = StoreClient(self.store)
        IdentitySecret(client, "mlgate-system", "mlgate-tls").update(lambda _found: identity)

    def _authority_of(self, replica: Credentials) -> str:
        known = [
            self.replicas[0].identity.authority.certificate,
            *([replica.identity.outgoing] if replica.identity.outgoing else []),
        ]
        leaf = leaf_of(replica)
        return next((one for one in known if verify(one, leaf, _now()) == ""), "another")

    def _configure(self) -> Any:
        bundle = self.replicas[0].identity.bundle
        return make_configurations(DEFAULT, RegistrationOptions("mlgate-system", bundle=bundle))


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def leaf_of(replica: Credentials) -> str:
    """The leaf that a replica serves, PEM."""
    return replica.source.read()[0].decode()


def served_by(replica: Credentials, authority: KeyPair) -> bool:
    return verify(authority.certificate, leaf_of(replica), _now()) == ""


def test_all_replicas_begin_with_the_same_leaf() -> None:
    cluster = Cluster(3)
    assert len({leaf_of(one) for one in cluster.replicas}) == 1
    assert cluster.replicas[0].source.certificate == "secret mlgate-system/mlgate-tls"


def test_d45_an_authority_near_its_end_is_followed_by_the_next_step_by_step() -> None:
    cluster = Cluster(2, Lifetimes(authority=200 * DAY, authority_left=150 * DAY, leaf=9 * DAY))
    old = cluster.replicas[0].identity
    cluster.write(short_lived(old, 100 * DAY))
    cluster.look()
    for _ in range(40):
        cluster.look(1.0)
    last = cluster.replicas[0].identity
    assert last.authority != old.authority
    assert expiry(last.authority.certificate) > _now() + 190 * DAY
    assert (last.incoming, last.outgoing) == (None, None)
    assert all(served_by(one, last.authority) for one in cluster.replicas)
    assert cluster.bundle == last.bundle


def short_lived(identity: WebhookIdentity, life: datetime.timedelta) -> WebhookIdentity:
    """An identity of another authority, with ``life`` left of it."""
    issuer = Issuer((NAME,), Lifetimes(authority=life, leaf=9 * DAY))
    made = issuer.create(_now())
    assert made.authority != identity.authority
    return made


def test_d45_a_secret_that_is_lost_comes_back_and_its_authority_is_followed() -> None:
    cluster = Cluster(2)
    old = cluster.replicas[0].identity
    cluster.lose_secret()
    cluster.look(1.0)
    back = cluster.replicas[0].identity
    assert (back.authority, back.leaf) == (old.authority, old.leaf)
    assert back.incoming is not None
    for _ in range(30):
        cluster.look(1.0)
    last = cluster.replicas[1].identity
    assert last.authority == back.incoming
    assert all(served_by(one, last.authority) for one in cluster.replicas)
    assert last.outgoing is None


def test_d45_the_last_authority_stays_while_one_replica_serves_its_leaf() -> None:
    cluster = Cluster(3)
    old = cluster.replicas[0].identity.authority
    cluster.lose_secret()
    cluster.stuck = {2}
    for _ in range(30):
        cluster.look(1.0)
    assert [served_by(one, old) for one in cluster.replicas] == [False, False, True]
    assert cluster.replicas[0].identity.outgoing == old.certificate
    cluster.stuck = set()
    for _ in range(12):
        cluster.look(1.0)
    assert cluster.replicas[0].identity.outgoing is None
    assert old.certificate not in cluster.bundle


def test_d45_nothing_is_swapped_before_the_bundle_is_published() -> None:
    cluster = Cluster(2)
    old = cluster.replicas[0].identity.authority
    cluster.lose_secret()
    for _ in range(30):
        cluster.look(1.0, registers=False)
    assert cluster.replicas[0].identity.authority == old
    cluster.registrar.reconcile()
    cluster.look()
    cluster.look(PROPAGATION_SECONDS - 0.1)
    assert cluster.replicas[0].identity.authority == old
    cluster.look(0.2)
    assert cluster.replicas[0].identity.authority != old


def test_d45_an_authority_that_nobody_announced_is_served_only_when_it_is_trusted() -> None:
    cluster = Cluster(2)
    old = cluster.replicas[0].identity
    fresh = Issuer((NAME,)).create(_now())
    cluster.write(fresh)
    cluster.look()
    assert cluster.replicas[0].identity.outgoing == old.authority.certificate
    assert all(served_by(one, old.authority) for one in cluster.replicas)
    for _ in range(15):
        cluster.look(1.0)
    assert all(served_by(one, fresh.authority) for one in cluster.replicas)
    assert cluster.bundle == cluster.replicas[0].identity.bundle


def test_d44_a_renewed_leaf_is_served_at_once() -> None:
    cluster = Cluster(2)
    identity = cluster.replicas[0].identity
    ending = issue_leaf(identity.authority, (NAME,), _now(), 2 * DAY)
    cluster.write(identity._replace(leaf=ending))
    cluster.look()
    leaves = {leaf_of(one) for one in cluster.replicas}
    assert leaves == {cluster.replicas[0].identity.leaf.certificate}
    assert expiry(leaves.pop()) > _now() + 80 * DAY


def test_d44_the_last_good_leaf_stays_when_the_secret_cannot_be_used() -> None:
    cluster = Cluster(1)
    follower = cluster.join()
    good = leaf_of(follower)
    cluster.write(follower.identity._replace(leaf=KeyPair("broken", "broken")))
    follower.sync(leads=False)
    assert leaf_of(follower) == good
    cluster.lose_secret()
    follower.sync(leads=False)
    assert leaf_of(follower) == good


def test_d47_a_leaf_that_is_not_served_for_long_makes_the_replica_not_ready() -> None:
    cluster = Cluster(1)
    follower = cluster.join()
    fresh = Issuer((NAME,)).create(_now())
    cluster.write(fresh)
    follower.sync(leads=False)
    assert not follower.is_stale()
    cluster.clock.now += STALE_SECONDS + 1
    follower.sync(leads=False)
    assert follower.is_stale()
    cluster.write(follower._served)
    follower.sync(leads=False)
    assert not follower.is_stale()


def test_the_identity_is_described_without_a_key() -> None:
    cluster = Cluster(1)
    identity = cluster.replicas[0].identity
    told = cluster.replicas[0].describe()
    assert told["authority_ends"] == expiry(identity.authority.certificate).isoformat()
    assert (told["incoming"], told["outgoing"]) == ("", "")
    assert not [value for value in told.values() if "PRIVATE" in value]
    assert parse_certificate(identity.leaf.certificate)


@pytest.mark.parametrize(("seconds", "settled"), [(0.0, False), (9.9, False), (10.0, True)])
def test_trust_counts_when_it_has_lasted(seconds: float, settled: bool) -> None:  # noqa: FBT001
    clock = Clock()
    trust = BundleTrust(lambda bundle: bundle != "unknown", PROPAGATION_SECONDS, clock)
    assert not trust.is_settled("one")
    clock.now += seconds
    assert trust.is_settled("one") is settled
    assert not trust.is_settled("two")
    assert not trust.is_settled("unknown")
