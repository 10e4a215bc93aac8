"""The identity's life: what is trusted at each step, what is repaired, and how it is written."""

import datetime
from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.webhook.identity.verifying import DAY, NAME, NOW, verify
from webhook.identity.authority import (
    KeyPair,
    alternative_names,
    expiry,
    is_issued_by,
    issue_leaf,
    make_authority,
    parse_bundle,
    parse_certificate,
)
from webhook.identity.rotation import (
    Issuer,
    Lifetimes,
    RotationProgress,
    WebhookIdentity,
    decode_identity,
    encode_identity,
)

ISSUER = Issuer([NAME])
FIRST = ISSUER.create(NOW)
NOTHING, PUBLISHED, SERVED = (
    RotationProgress(),
    RotationProgress(published=True),
    RotationProgress(served=True),
)
DUE = NOW + 246 * DAY
"""The authority has less than 120 of its 365 days left."""
ANNOUNCED = ISSUER.advance(FIRST, DUE, NOTHING)
SWAPPED = ISSUER.advance(ANNOUNCED, DUE, PUBLISHED)
TRIMMED = ISSUER.advance(SWAPPED, DUE, SERVED)
STEPS = {"first": FIRST, "announced": ANNOUNCED, "swapped": SWAPPED, "trimmed": TRIMMED}


def authorities(identity: WebhookIdentity) -> list[str]:
    """The certificates of the bundle, the one in use first."""
    incoming = [identity.incoming.certificate] if identity.incoming else []
    return [identity.authority.certificate, *incoming, *filter(None, [identity.outgoing])]


def serves(identity: WebhookIdentity, at: datetime.datetime) -> bool:
    """Whether the leaf is trusted by whoever trusts the bundle."""
    return verify(identity.bundle, identity.leaf.certificate, at) == ""


def test_a_new_identity_is_one_authority_and_its_leaf() -> None:
    assert authorities(FIRST) == [FIRST.authority.certificate]
    assert serves(FIRST, NOW)
    assert expiry(FIRST.authority.certificate) == NOW + 365 * DAY
    assert expiry(FIRST.leaf.certificate) == NOW + 90 * DAY


def test_nothing_changes_before_its_time() -> None:
    at = NOW + 60 * DAY
    assert ISSUER.advance(FIRST, at, RotationProgress(published=True, served=True)) is FIRST
    assert ISSUER.repair(FIRST, NOW + 89 * DAY) is FIRST


def test_a_leaf_with_a_month_left_is_issued_anew_by_the_same_authority() -> None:
    at = NOW + 61 * DAY
    after = ISSUER.advance(FIRST, at, NOTHING)
    assert after == FIRST._replace(leaf=after.leaf)
    assert expiry(after.leaf.certificate) == at + 90 * DAY
    assert serves(after, at)


def test_a_new_authority_is_announced_with_the_leaf_as_it_was() -> None:
    renewed = ISSUER.advance(FIRST, DUE, NOTHING)  # the leaf has ended by then
    assert renewed.authority == FIRST.authority
    assert renewed.incoming is not None
    assert expiry(renewed.incoming.certificate) == DUE + 365 * DAY
    assert serves(renewed, DUE)


def test_the_leaf_changes_only_when_the_bundle_is_published() -> None:
    for progress in (NOTHING, SERVED):
        assert ISSUER.advance(ANNOUNCED, DUE + DAY, progress) is ANNOUNCED
    assert ANNOUNCED.incoming is not None
    assert SWAPPED.authority == ANNOUNCED.incoming
    assert SWAPPED.incoming is None
    assert SWAPPED.outgoing == ANNOUNCED.authority.certificate
    assert is_issued_by(parse_certificate(SWAPPED.leaf.certificate), SWAPPED.authority.certificate)


def test_the_last_authority_goes_only_when_no_replica_serves_its_leaf() -> None:
    for progress in (NOTHING, PUBLISHED):
        assert ISSUER.advance(SWAPPED, DUE + DAY, progress) is SWAPPED
    assert SWAPPED._replace(outgoing=None) == TRIMMED


def test_the_last_authority_goes_once_it_has_ended_whatever_is_served() -> None:
    at = expiry(FIRST.authority.certificate)
    assert ISSUER.advance(SWAPPED, at - DAY, NOTHING).outgoing == SWAPPED.outgoing
    assert ISSUER.advance(SWAPPED, at, NOTHING).outgoing is None


@pytest.mark.parametrize("name", ["announced", "swapped"])
def test_a_leaf_is_renewed_in_time_while_a_change_of_authority_waits(name: str) -> None:
    before = STEPS[name]
    at = expiry(before.leaf.certificate) - 29 * DAY
    after = ISSUER.advance(before, at, NOTHING)
    assert after == before._replace(leaf=after.leaf)
    assert expiry(after.leaf.certificate) > expiry(before.leaf.certificate)
    assert serves(after, at)


def test_a_leaf_that_ends_with_its_authority_is_not_issued_over_and_over() -> None:
    at = expiry(ANNOUNCED.authority.certificate) - 20 * DAY
    last = ISSUER.advance(ANNOUNCED, at, NOTHING)
    assert expiry(last.leaf.certificate) == expiry(last.authority.certificate)
    assert ISSUER.advance(last, at + DAY, NOTHING) is last


def test_no_authority_is_announced_while_the_last_one_is_still_trusted() -> None:
    lifetimes = Lifetimes(authority_left=364 * DAY)
    hasty = Issuer([NAME], lifetimes)
    assert hasty.advance(SWAPPED, DUE + 2 * DAY, NOTHING) is SWAPPED
    assert hasty.advance(TRIMMED, DUE + 2 * DAY, NOTHING).incoming is not None


def test_what_can_be_served_is_left_alone() -> None:
    for name, identity in STEPS.items():
        assert ISSUER.repair(identity, DUE) is identity or name == "first"


def test_a_leaf_that_cannot_be_served_is_issued_anew_by_the_same_authority() -> None:
    other = ISSUER.create(NOW)
    damaged = {
        "of another authority": FIRST._replace(leaf=other.leaf),
        "another's key": FIRST._replace(leaf=KeyPair(FIRST.leaf.certificate, other.leaf.key)),
        "no text": FIRST._replace(leaf=KeyPair("", "")),
        "another name": FIRST._replace(leaf=issue_leaf(FIRST.authority, ["x"], NOW, DAY)),
        "no name": FIRST._replace(leaf=FIRST.authority),
    }
    for what, identity in damaged.items():
        after = ISSUER.repair(identity, NOW)
        assert after == FIRST._replace(leaf=after.leaf), what
        assert serves(after, NOW), what


def test_a_leaf_that_has_ended_is_issued_anew() -> None:
    at = NOW + 90 * DAY
    assert not serves(FIRST, at + DAY)
    after = ISSUER.repair(FIRST, at)
    assert after.authority == FIRST.authority
    assert serves(after, at)


def test_without_an_authority_that_can_sign_everything_is_new() -> None:
    at = NOW + 365 * DAY
    lost = FIRST._replace(authority=KeyPair(FIRST.authority.certificate, "no key"))
    for identity, when in ((None, NOW), (lost, NOW), (FIRST, at), (ANNOUNCED, at)):
        after = ISSUER.repair(identity, when)
        assert serves(after, when)
        assert authorities(after) == [after.authority.certificate]
        assert after.authority != FIRST.authority


def test_names_may_be_added_and_are_compared_as_certificates_hold_them() -> None:
    wider = Issuer([NAME, "FD00:0::1"])
    after = wider.repair(FIRST, NOW)
    assert after.authority == FIRST.authority
    assert alternative_names(after.leaf.certificate) == {NAME, "fd00::1"}
    assert wider.repair(after, NOW) is after


def test_a_secret_that_was_lost_comes_back_and_gets_a_new_authority() -> None:
    after = ISSUER.recover(None, FIRST, NOW)
    assert after == FIRST._replace(incoming=after.incoming)
    assert after.incoming is not None
    assert ISSUER.recover(None, ANNOUNCED, DUE) is ANNOUNCED
    assert authorities(ISSUER.recover(None, None, NOW)) != authorities(FIRST)


def test_an_authority_that_nobody_announced_leaves_the_last_one_trusted() -> None:
    foreign = ISSUER.create(NOW)
    after = ISSUER.recover(foreign, FIRST, NOW)
    assert after == foreign._replace(outgoing=FIRST.authority.certificate)
    assert verify(after.bundle, FIRST.leaf.certificate) == ""
    assert ISSUER.recover(ANNOUNCED, FIRST, NOW) is ANNOUNCED
    assert ISSUER.recover(SWAPPED, ANNOUNCED, DUE) is SWAPPED


@pytest.mark.parametrize("name", STEPS)
def test_what_is_written_is_read_back(name: str) -> None:
    written = encode_identity(STEPS[name])
    assert decode_identity(written) == STEPS[name]
    assert all(written.values())
    assert {"tls.crt", "tls.key", "authority.crt", "authority.key"} <= written.keys()


@pytest.mark.parametrize("name", STEPS)
def test_every_damage_to_a_secret_is_repaired(name: str) -> None:
    written = encode_identity(STEPS[name])
    for key, text in written.items():
        for damage in ("", "no certificate", text[:80], text.replace("A", "B")):
            found = decode_identity({**written, key: damage})
            after = ISSUER.repair(found, DUE)
            assert serves(after, DUE), (key, damage)
            assert decode_identity(encode_identity(after)) == after


def test_an_authority_to_come_or_gone_that_cannot_be_read_costs_nothing_else() -> None:
    announced, swapped = encode_identity(ANNOUNCED), encode_identity(SWAPPED)
    for key in ("next-authority.crt", "next-authority.key"):
        assert decode_identity({**announced, key: "no"}) == ANNOUNCED._replace(incoming=None)
    assert decode_identity({**swapped, "last-authority.crt": "no"}) == TRIMMED


def test_a_damaged_leaf_costs_no_authority() -> None:
    for key in ("tls.crt", "tls.key"):
        found = decode_identity({**encode_identity(ANNOUNCED), key: "no"})
        assert found is not None
        after = ISSUER.repair(found, DUE)
        assert after == ANNOUNCED._replace(leaf=after.leaf)


def test_a_secret_without_line_ends_is_still_a_bundle() -> None:
    texts = {key: text.strip() for key, text in encode_identity(ANNOUNCED).items()}
    found = decode_identity(texts)
    assert found is not None
    assert parse_bundle(found.bundle).keys() == parse_bundle(ANNOUNCED.bundle).keys()
    assert len(parse_bundle(found.bundle)) == 2


class Rollout(RuleBasedStateMachine):
    """An API server that hears late of bundles, two replicas that hear late of leaves, and a
    leader that sees both as they are."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.identity = ISSUER.create(NOW)
        self.trusted = self.identity.bundle
        self.served = [self.identity.leaf, self.identity.leaf]
        self.before = self.identity.leaf

    def move(self, identity: WebhookIdentity) -> None:
        if identity.leaf != self.identity.leaf:
            self.before = self.identity.leaf
        self.identity = identity

    def progress(self) -> RotationProgress:
        authority = self.identity.authority.certificate
        leaves = [parse_certificate(leaf.certificate) for leaf in self.served]
        return RotationProgress(
            published=parse_bundle(self.trusted).keys()
            >= parse_bundle(self.identity.bundle).keys(),
            served=all(is_issued_by(leaf, authority) for leaf in leaves),
        )

    @rule(days=st.integers(1, 50))
    def wait(self, days: int) -> None:
        later = self.now + days * DAY
        if later < expiry(self.identity.authority.certificate):
            self.now = later

    @rule()
    def advance(self) -> None:
        progress = self.progress()
        if progress.served:
            self.before = self.identity.leaf
        after = ISSUER.advance(self.identity, self.now, progress)
        left = expiry(after.leaf.certificate) - self.now
        most = expiry(after.authority.certificate) - self.now
        assert left > 0 * DAY
        assert after != self.identity or left >= min(ISSUER.lifetimes.leaf_left, most)
        self.move(after)

    @rule()
    def repair(self) -> None:
        self.move(ISSUER.repair(self.identity, self.now))

    @precondition(lambda self: self.identity.outgoing is None)
    @rule()
    def lose_the_secret(self) -> None:
        self.move(ISSUER.recover(None, self.identity, self.now))

    @rule()
    def read_the_secret(self) -> None:
        read = decode_identity(encode_identity(self.identity))
        assert read == self.identity

    @rule()
    def publish(self) -> None:
        self.trusted = self.identity.bundle

    @rule(replica=st.integers(0, 1))
    def serve(self, replica: int) -> None:
        self.served[replica] = self.identity.leaf

    @invariant()
    def what_is_served_is_trusted(self) -> None:
        for leaf in self.served:
            assert self.is_trusted(self.trusted, leaf)

    @invariant()
    def this_leaf_and_the_one_before_are_trusted_by_the_bundle(self) -> None:
        for leaf in (self.identity.leaf, self.before):
            assert self.is_trusted(self.identity.bundle, leaf)

    @invariant()
    def no_leaf_outlives_its_authority(self) -> None:
        leaf, authority = self.identity.leaf, self.identity.authority
        assert expiry(leaf.certificate) <= expiry(authority.certificate)

    def is_trusted(self, bundle: str, leaf: KeyPair) -> bool:
        ended = expiry(leaf.certificate) <= self.now
        return ended or verify(bundle, leaf.certificate, self.now) == ""


def test_whatever_happens_every_leaf_that_may_be_served_is_trusted() -> None:
    run_state_machine_as_test(Rollout, settings=settings(max_examples=60, stateful_step_count=40))


def test_the_machine_above_goes_all_the_way_round() -> None:
    """Without this, its invariants could hold because nothing ever happens."""
    one = Rollout()
    for _ in range(4):
        one.wait(50)
        one.advance()
    one.wait(46)
    seen = []
    serve: Callable[[], None] = lambda: one.serve(0)  # noqa: E731
    for step in (one.advance, one.publish, one.advance, serve, one.advance):
        step()
        seen.append(authorities(one.identity))
    one.serve(1)
    one.advance()
    assert [len(known) for known in seen] == [2, 2, 2, 2, 2]
    assert authorities(one.identity) == [seen[2][0]] == [seen[0][1]]


def test_two_authorities_never_share_a_name() -> None:
    pairs = [make_authority(NOW, DAY) for _ in range(3)]
    names = {parse_certificate(one.certificate).subject for one in pairs}
    assert len(names) == 3
