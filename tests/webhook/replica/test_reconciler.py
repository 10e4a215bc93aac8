"""The reconciler's thread and what wakes it."""

import io
import json
import threading
from collections.abc import Iterator
from functools import partial

import pytest

from tests.cluster.fake_api import FakeApi, running
from tests.cluster.fake_store import install
from tests.cluster.waiting import until
from webhook.observability.logs import Log
from webhook.replica.object_watch import ObjectWatch
from webhook.replica.reconciler import Reconciler

SECRETS = "/api/v1/secrets"


class Passes:
    """Counts passes; the next one fails if told so."""

    def __init__(self) -> None:
        self.count = 0
        self.failure: Exception | None = None

    def reached(self, count: int) -> bool:
        return self.count >= count

    def __call__(self) -> None:
        self.count += 1
        if self.failure is not None:
            raise self.failure


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def passes() -> Passes:
    return Passes()


@pytest.fixture
def reconciler(passes: Passes, stream: io.StringIO) -> Iterator[Reconciler]:
    one = Reconciler(passes, Log(stream), resync=60.0)
    yield one
    one.stop()
    one.join(5.0)
    assert not one.is_alive()


def test_it_passes_at_once_and_when_it_is_woken(reconciler: Reconciler, passes: Passes) -> None:
    reconciler.start()
    until(lambda: passes.count == 1)
    reconciler.wake()
    until(lambda: passes.count == 2)


def test_it_passes_as_soon_as_the_last_look_wants(passes: Passes, stream: io.StringIO) -> None:
    def reconcile() -> float:
        passes()
        return 0.01

    reconciler = Reconciler(reconcile, Log(stream), resync=60.0)
    reconciler.start()
    until(partial(passes.reached, 3))
    reconciler.stop()
    reconciler.join(5.0)


def test_it_passes_by_itself_from_time_to_time(passes: Passes, stream: io.StringIO) -> None:
    reconciler = Reconciler(passes, Log(stream), resync=0.01)
    reconciler.start()
    until(lambda: passes.count >= 3)
    reconciler.stop()
    reconciler.join(5.0)


def test_a_failure_is_told_once_and_ends_nothing(
    reconciler: Reconciler, passes: Passes, stream: io.StringIO
) -> None:
    passes.failure = OSError("away")
    reconciler.start()
    for seen in range(1, 4):
        until(partial(passes.reached, seen))
        reconciler.wake()
    until(partial(passes.reached, 4))
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["event"], line["error"]) for line in lines] == [
        ("reconcile-failed", "OSError: away")
    ]


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with running() as one:
        install(one)
        yield one


def test_a_change_of_the_object_wakes_and_of_another_does_not(api: FakeApi) -> None:
    secrets = api.kinds[SECRETS]
    woken = threading.Semaphore(0)
    watch = ObjectWatch(api.client(), "/api/v1/namespaces/ml/secrets", "mlgate-tls", woken.release)
    watch.start()
    until(lambda: bool(api.requests))
    api.put(secrets, "other", "ml", data={})
    api.put(secrets, "mlgate-tls", "ml", data={"a": "1"})
    assert woken.acquire(timeout=5.0)
    assert not woken.acquire(timeout=0.2)
    api.delete(secrets, "mlgate-tls", "ml")
    assert woken.acquire(timeout=5.0)
    watch.stop()
    api.end_watches()
    watch.join(5.0)
    assert not watch.is_alive()


def test_a_watch_that_is_refused_is_opened_again(
    api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webhook.replica.object_watch._PAUSE", 0.02)
    secrets = api.kinds[SECRETS]
    secrets.status = 403
    woken = threading.Event()
    watch = ObjectWatch(api.client(), SECRETS, "mlgate-tls", woken.set)
    watch.start()
    until(lambda: len(api.requests) >= 2)
    secrets.status = 200
    until(lambda: bool(api.asked(secrets, watch=True)))
    api.put(secrets, "mlgate-tls", "ml", data={})
    assert woken.wait(5.0)
    watch.stop()
    api.end_watches()
    watch.join(5.0)
