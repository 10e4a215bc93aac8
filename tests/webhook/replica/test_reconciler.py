"""The keeper's thread and what wakes it."""

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
from webhook.replica.reconciler import Keeper
from webhook.replica.trigger import Trigger

SECRETS = "/api/v1/secrets"


class Looks:
    """Counts looks; the next one fails if told so."""

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
def looks() -> Looks:
    return Looks()


@pytest.fixture
def keeper(looks: Looks, stream: io.StringIO) -> Iterator[Keeper]:
    one = Keeper(looks, Log(stream), pause=60.0)
    yield one
    one.stop()
    one.join(5.0)
    assert not one.is_alive()


def test_it_looks_at_once_and_when_it_is_woken(keeper: Keeper, looks: Looks) -> None:
    keeper.start()
    until(lambda: looks.count == 1)
    keeper.wake()
    until(lambda: looks.count == 2)


def test_it_looks_as_soon_as_the_last_look_wants(looks: Looks, stream: io.StringIO) -> None:
    def look() -> float:
        looks()
        return 0.01

    keeper = Keeper(look, Log(stream), pause=60.0)
    keeper.start()
    until(partial(looks.reached, 3))
    keeper.stop()
    keeper.join(5.0)


def test_it_looks_by_itself_from_time_to_time(looks: Looks, stream: io.StringIO) -> None:
    keeper = Keeper(looks, Log(stream), pause=0.01)
    keeper.start()
    until(lambda: looks.count >= 3)
    keeper.stop()
    keeper.join(5.0)


def test_a_failure_is_told_once_and_ends_nothing(
    keeper: Keeper, looks: Looks, stream: io.StringIO
) -> None:
    looks.failure = OSError("away")
    keeper.start()
    for seen in range(1, 4):
        until(partial(looks.reached, seen))
        keeper.wake()
    until(partial(looks.reached, 4))
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["event"], line["error"]) for line in lines] == [
        ("keeper-failed", "OSError: away")
    ]


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with running() as one:
        install(one)
        yield one


def test_a_change_of_the_object_wakes_and_of_another_does_not(api: FakeApi) -> None:
    secrets = api.kinds[SECRETS]
    woken = threading.Semaphore(0)
    trigger = Trigger(api.client(), "/api/v1/namespaces/ml/secrets", "mlgate-tls", woken.release)
    trigger.start()
    until(lambda: bool(api.requests))
    api.put(secrets, "other", "ml", data={})
    api.put(secrets, "mlgate-tls", "ml", data={"a": "1"})
    assert woken.acquire(timeout=5.0)
    assert not woken.acquire(timeout=0.2)
    api.delete(secrets, "mlgate-tls", "ml")
    assert woken.acquire(timeout=5.0)
    trigger.stop()
    api.end_watches()
    trigger.join(5.0)
    assert not trigger.is_alive()


def test_a_watch_that_is_refused_is_opened_again(
    api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webhook.replica.trigger._PAUSE", 0.02)
    secrets = api.kinds[SECRETS]
    secrets.status = 403
    woken = threading.Event()
    trigger = Trigger(api.client(), SECRETS, "mlgate-tls", woken.set)
    trigger.start()
    until(lambda: len(api.requests) >= 2)
    secrets.status = 200
    until(lambda: bool(api.asked(secrets, watch=True)))
    api.put(secrets, "mlgate-tls", "ml", data={})
    assert woken.wait(5.0)
    trigger.stop()
    api.end_watches()
    trigger.join(5.0)
