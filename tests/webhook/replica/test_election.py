"""The election, against a Lease in a store: by a clock that the test turns, and once by threads."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.client import ApiError, Conflict
from tests.cluster.fake_api import FakeApi, running
from tests.cluster.fake_store import Failure, Request, Store, StoreClient, Tree, install
from tests.cluster.waiting import until
from webhook.replica import election
from webhook.replica.election import (
    LeaderElector,
    LeaseTiming,
    ObservedLease,
    mark_uninstalled,
    may_acquire,
    observe,
)

PATH = "/apis/coordination.k8s.io/v1/namespaces/mlgate-system/leases/mlgate"
TIMING = LeaseTiming()


class Clock:
    """Stands in for the module ``time``, and for the wall clock."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def stamp(self) -> str:
        return f"2026-03-01T12:00:00.{self.now * 1000:012.0f}Z"


class Trial:
    """Some replicas, one Lease, one clock."""

    def __init__(self, count: int = 2) -> None:
        self.clock = Clock()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(election, "time", self.clock)
        self.patch.setattr(election, "_stamp", self.clock.stamp)
        self.meanwhile: Callable[[], None] = lambda: None
        self.store = Store()
        install(self.store)
        self.client = StoreClient(self.store)
        self.replicas = [self.join(f"replica-{number}") for number in range(count)]

    def join(self, name: str) -> LeaderElector:
        return LeaderElector(Line(self), PATH, name)

    def leading(self) -> list[str]:
        return [one._replica for one in self.replicas if one.is_leader()]

    def wait(self, seconds: float, *trying: LeaderElector) -> None:
        """Let time pass; whoever is ``trying`` tries every two seconds."""
        end = self.clock.now + seconds
        while self.clock.now < end:
            self.clock.now = min(self.clock.now + TIMING.retry, end)
            for one in trying:
                one._try()

    def lease(self) -> dict[str, Any]:
        found = self.client.get(PATH)
        assert found is not None
        return found


class Line(StoreClient):
    """A client whose answers come back after what happens ``meanwhile``."""

    def __init__(self, trial: Trial) -> None:
        super().__init__(trial.store)
        self._trial = trial

    def _send(self, verb: str, path: str, body: Any = None, form: str = "application/json") -> Tree:
        try:
            return super()._send(verb, path, body, form)
        finally:
            self._trial.meanwhile()


@pytest.fixture
def trial() -> Iterator[Trial]:
    one = Trial()
    yield one
    one.patch.undo()


def away(_request: Request) -> bool:
    raise Failure(503, "no etcd")


def lost(request: Request) -> bool:
    """The write is done, and its answer does not come."""
    return request.verb != "GET"


def test_the_first_to_try_leads_and_the_other_does_not(trial: Trial) -> None:
    first, second = trial.replicas
    first._try()
    second._try()
    assert trial.leading() == ["replica-0"]
    assert trial.lease()["spec"]["holderIdentity"] == "replica-0"
    assert trial.lease()["spec"]["leaseDurationSeconds"] == 15


def test_the_one_that_leads_stays_as_long_as_it_renews(trial: Trial) -> None:
    first, second = trial.replicas
    trial.wait(300, first, second)
    assert trial.leading() == ["replica-0"]
    assert trial.lease()["spec"]["leaseTransitions"] == 1


def test_a_dead_holder_is_followed_after_the_leases_duration(trial: Trial) -> None:
    first, second = trial.replicas
    first._try()
    trial.wait(14.9, second)
    assert trial.leading() == []
    trial.wait(TIMING.retry + 0.2, second)
    assert trial.leading() == ["replica-1"]
    assert trial.lease()["spec"]["leaseTransitions"] == 2


def test_a_replica_that_just_came_watches_a_whole_duration_first(trial: Trial) -> None:
    first, second = trial.replicas
    first._try()
    trial.wait(1000)  # the holder has long been dead, but the second cannot know
    second._try()
    assert trial.leading() == []
    trial.wait(15.1, second)
    assert trial.leading() == ["replica-1"]


def test_a_leader_without_api_server_stops_before_another_may_begin(trial: Trial) -> None:
    first, second = trial.replicas
    trial.wait(20, first, second)
    trial.store.fault = away
    trial.wait(9.9, first)
    assert trial.leading() == ["replica-0"]
    trial.wait(0.2, first)
    assert trial.leading() == []
    trial.store.fault = Store().fault
    second._try()
    assert trial.leading() == []


def test_a_slow_answer_does_not_lengthen_the_time_to_lead(trial: Trial) -> None:
    first, _ = trial.replicas
    began = trial.clock.now
    trial.meanwhile = lambda: trial.wait(4)
    first._try()
    assert trial.clock.now == began + 8
    assert trial.leading() == ["replica-0"]
    trial.wait(2)
    assert trial.leading() == []


@pytest.mark.parametrize("status", [0, 403, 500, 503])
def test_no_failure_ends_the_election(trial: Trial, status: int) -> None:
    def failing(_request: Request) -> bool:
        raise Failure(status, "as the test says")

    first, _ = trial.replicas
    trial.store.fault = failing
    first._try()
    assert trial.leading() == []
    trial.store.fault = Store().fault
    first._try()
    assert trial.leading() == ["replica-0"]


def test_a_renewal_of_which_nothing_was_heard_counts_for_nothing(trial: Trial) -> None:
    first, second = trial.replicas
    trial.store.fault = lost
    first._try()
    assert trial.lease()["spec"]["holderIdentity"] == "replica-0"
    assert trial.leading() == []
    trial.store.fault = Store().fault
    trial.wait(4, second, first)
    assert trial.leading() == ["replica-0"]


def test_who_was_overtaken_between_read_and_write_does_not_lead(trial: Trial) -> None:
    first, second = trial.replicas

    def overtake(request: Request) -> bool:
        trial.store.fault = Store().fault
        if request.verb == "GET":
            trial.store.fault = overtake
            return False
        second._try()
        return False

    trial.store.fault = overtake
    first._try()
    assert trial.leading() == ["replica-1"]


def test_stopping_leaves_the_lease_to_the_next_at_once(trial: Trial) -> None:
    first, second = trial.replicas
    trial.wait(4, first, second)
    first._thread = Stopped()
    first.stop()
    assert trial.lease()["spec"]["holderIdentity"] == ""
    second._try()
    assert trial.leading() == ["replica-1"]


class Stopped(threading.Thread):
    """A thread that has ended."""

    def join(self, timeout: float | None = None) -> None:
        """At once."""


def test_who_is_stopped_leads_no_more_even_if_a_try_is_still_under_way(trial: Trial) -> None:
    first, _ = trial.replicas
    first._try()
    first._thread = Stopped()
    first.stop()
    first._try()
    assert trial.leading() == []


def test_who_does_not_lead_releases_nothing(trial: Trial) -> None:
    first, second = trial.replicas
    trial.wait(4, first, second)
    second._thread = Stopped()
    second.stop()
    assert trial.lease()["spec"]["holderIdentity"] == "replica-0"
    assert trial.leading() == ["replica-0"]


def test_who_was_overtaken_does_not_release_another_ones_lease(trial: Trial) -> None:
    first, second = trial.replicas
    first._try()
    claimed = trial.lease()
    claimed["spec"]["holderIdentity"] = "replica-1"
    trial.client.replace(PATH, claimed)
    first._thread = Stopped()
    first.stop()
    assert trial.lease()["spec"]["holderIdentity"] == "replica-1"
    assert not second.is_leader()


def test_after_an_uninstall_nobody_that_ran_before_leads(trial: Trial) -> None:
    first, second = trial.replicas
    trial.wait(4, first, second)
    mark_uninstalled(trial.client, PATH)
    trial.wait(TIMING.retry + 0.1, first, second)
    assert trial.leading() == []
    trial.wait(60, first, second)
    assert trial.leading() == []
    third = trial.join("replica-3")
    third._try()
    assert third.is_leader(), "what is installed again may lead"


def test_an_uninstall_needs_no_lease_and_survives_a_renewal(trial: Trial) -> None:
    mark_uninstalled(trial.client, PATH)
    first, _ = trial.replicas
    assert election.UNINSTALLED_ANNOTATION in trial.lease()["metadata"]["annotations"]
    trial.clock.now += 1
    first = trial.join("replica-3")
    first._try()
    reads: list[str] = []

    def renew_once(request: Request) -> bool:
        reads.append(request.verb)
        if reads == ["GET", "PUT"]:
            trial.clock.now += 1
            first._try()
        return False

    trial.store.fault = renew_once
    mark_uninstalled(trial.client, PATH)
    trial.store.fault = Store().fault
    first._try()
    assert not first.is_leader()


def test_an_uninstall_that_never_gets_through_says_so(trial: Trial) -> None:
    first, _ = trial.replicas
    first._try()

    def meddle(request: Request) -> bool:
        if request.verb == "PUT":
            raise Failure(409, "modified")
        return False

    trial.store.fault = meddle
    with pytest.raises(Conflict):
        mark_uninstalled(trial.client, PATH)
    trial.store.fault = away
    with pytest.raises(ApiError):
        mark_uninstalled(trial.client, PATH)


def test_what_others_wrote_in_the_lease_stays(trial: Trial) -> None:
    first, _ = trial.replicas
    first._try()
    lease = trial.lease()
    lease["metadata"]["labels"] = {"team": "ml"}
    lease["spec"]["preferredHolder"] = "x"
    trial.client.replace(PATH, lease)
    acquired = lease["spec"]["acquireTime"]
    trial.wait(4, first)
    after = trial.lease()
    assert after["metadata"]["labels"] == {"team": "ml"}
    assert after["spec"]["preferredHolder"] == "x"
    assert after["spec"]["acquireTime"] == acquired < after["spec"]["renewTime"]


def test_a_lease_is_stale_by_the_time_since_it_last_changed() -> None:
    spec = {"holderIdentity": "a", "renewTime": "1", "leaseDurationSeconds": 15}
    seen = observe(spec, ObservedLease(), 100.0)
    assert seen == ObservedLease("a", "1", 15.0, 100.0)
    assert observe(spec, seen, 110.0) is seen
    assert not may_acquire(seen, "b", 114.9)
    assert may_acquire(seen, "b", 115.0)
    assert may_acquire(seen, "a", 100.0)
    renewed = observe({**spec, "renewTime": "0"}, seen, 110.0)
    assert renewed.since == 110.0, "a change counts, whatever another machine's clock says"
    assert may_acquire(observe({}, seen, 120.0), "b", 120.0)


STEP = st.tuples(
    st.integers(0, 2),
    st.sampled_from(["try", "try", "slow", "late", "away", "lost", "stuck"]),
    st.floats(0.0, 9.0),
)


@settings(max_examples=100)
@given(st.lists(STEP, min_size=20, max_size=60))
def test_two_never_lead_at_once(steps: list[tuple[int, str, float]]) -> None:
    trial = Trial(3)
    try:
        for number, what, seconds in steps:
            trial.store.fault = make_fault(trial, what, seconds)
            trial.meanwhile = make_delay(trial, number, seconds if what == "late" else 0.0)
            trial.replicas[number]._try()
            assert len(trial.leading()) <= 1
            trial.clock.now += seconds / 3
            assert len(trial.leading()) <= 1
        trial.store.fault, trial.meanwhile = Store().fault, lambda: None
        trial.wait(20, *trial.replicas)
        assert len(trial.leading()) == 1, "and in the end one does"
    finally:
        trial.patch.undo()


def make_fault(trial: Trial, what: str, seconds: float) -> Callable[[Request], bool]:
    """``slow``: a request takes its time, as in ``late`` its answer does. ``away``: nothing is
    done. ``lost``: a write is done without an answer. ``stuck``: slowly, too."""

    def fault(request: Request) -> bool:
        if what in ("slow", "stuck"):
            trial.clock.now += seconds
            assert len(trial.leading()) <= 1
        if what == "away":
            raise Failure(0, "as the test says")
        return what in ("lost", "stuck") and request.verb != "GET"

    return fault


def make_delay(trial: Trial, number: int, seconds: float) -> Callable[[], None]:
    """While an answer is on its way, another replica has its turn, and time passes."""

    def delay() -> None:
        trial.meanwhile = lambda: None
        trial.replicas[number - 1]._try()
        trial.meanwhile = delay
        trial.clock.now += seconds
        assert len(trial.leading()) <= 1

    return delay if seconds else lambda: None


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with running() as one:
        install(one)
        yield one


def test_threads_take_turns(api: FakeApi) -> None:
    timing = LeaseTiming(duration=3, deadline=2.5, retry=0.05)
    heard: list[tuple[str, bool]] = []

    def make(name: str) -> LeaderElector:
        changed: Callable[[bool], None] = lambda leads: heard.append((name, leads))  # noqa: E731
        return LeaderElector(api.client(), PATH, name, timing, changed)

    first, second = make("first"), make("second")
    first.start()
    until(first.is_leader)
    second.start()
    until(lambda: len(api.written("PUT")) >= 3)
    assert first.is_leader()
    assert not second.is_leader()
    first.stop()
    until(second.is_leader)
    until(lambda: ("second", True) in heard)
    assert heard == [("first", True), ("first", False), ("second", True)]
    api.fault = away
    until(lambda: not second.is_leader())
    until(lambda: heard[-1] == ("second", False))
    api.fault = Store().fault
    until(second.is_leader)
    second.stop()
    assert not second._thread.is_alive()
