"""Group E, what of it concerns one process; one test a promise."""

import datetime
import json
import signal
from pathlib import Path
from typing import Any

import pytest

from rules.inventory import Inventory
from rules.policy import Policy
from tests.manifests import TODAY
from tests.webhook.bodies import admitted, cron_job, job, review
from tests.webhook.in_process import Cluster, InProcessServer
from tests.webhook.processes import Load, Pairs, is_ready, serve, wait_until
from webhook.identity.certificates import Certificates, file_source
from webhook.review import self_test
from webhook.review.admission import validate
from webhook.review.context import ReviewContext
from webhook.server.concurrency_limit import Overloaded
from webhook.server.policy_reloader import PolicyReloader, PolicyUnusable
from webhook.server.probes import not_ready_reasons
from webhook.server.request_limits import MAX_FULL_BODIES, MAX_TREE, RequestLimits

KNOWN = ReviewContext(Policy(), Inventory(), TODAY)


def certificates(folder: Path, life: datetime.timedelta) -> Certificates:
    pairs = Pairs(folder)
    pairs.write(pairs.issue(life))
    return Certificates(file_source(pairs.certificate, pairs.key))


def test_e52_not_ready_until_all_is_there(tmp_path: Path) -> None:
    good = certificates(tmp_path, datetime.timedelta(days=9))
    handler = InProcessServer(cluster=Cluster(waiting="namespaces are not read yet")).handler
    assert list(not_ready_reasons(handler, good)) == ["not started", "namespaces are not read yet"]
    handler.lifecycle.started = True
    handler.cluster = Cluster()
    assert list(not_ready_reasons(handler, good)) == []
    handler.lifecycle.stopping = True
    assert list(not_ready_reasons(handler, good)) == ["stopping"]


def test_e52_not_ready_with_a_certificate_that_ends_within_a_day(tmp_path: Path) -> None:
    handler = InProcessServer().handler
    handler.lifecycle.started = True
    (reason,) = not_ready_reasons(handler, certificates(tmp_path, datetime.timedelta(hours=23)))
    assert reason.startswith("the certificate ends at ")


def test_e52_no_policy_counts_before_a_review_of_our_own_passes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    crashed = validate(review(job()), KNOWN)._replace(errors=("TRN001 crashed: KeyError",))

    def broken(_review: Any, _known: Any) -> Any:
        return crashed

    monkeypatch.setattr(self_test, "validate", broken)
    with pytest.raises(PolicyUnusable, match="TRN001 crashed"):
        PolicyReloader()


def test_e54_sigterm_answers_on_and_exits_before_the_grace(tmp_path: Path) -> None:
    pairs = Pairs(tmp_path)
    pairs.write(pairs.issue())
    with serve(pairs, "--shutdown-delay", "2", "--grace", "20") as served:
        idle = [served.connect() for _ in range(3)]
        for connection in idle:
            connection.connect()
        with Load(served, review(admitted(job())), threads=2, pause=0.02) as load:
            wait_until(lambda: len(load.answers) > 10)
            served.process.send_signal(signal.SIGTERM)
            wait_until(lambda: not is_ready(served))
            assert served.get("/healthz")[0] == 200
            answered = len(load.answers)
            wait_until(lambda: len(load.answers) > answered + 10)
            assert load.failures == []
        assert {status for status, _ in load.answers} == {200}
        assert served.process.wait(20) == 0, "idle connections do not hold the exit"
        for connection in idle:
            connection.close()


def test_e57_what_is_being_deleted_is_never_blocked() -> None:
    body = cron_job(concurrencyPolicy="Allow")
    going = {**body, "metadata": {**body["metadata"], "deletionTimestamp": "2026-06-01T00:00:00Z"}}
    outcome = validate(review(going, operation="UPDATE", old=cron_job()), KNOWN)
    assert (outcome.allowed, outcome.passed) == (True, "the object is being deleted")


def test_e57_finalizers_may_always_go() -> None:
    body = cron_job(concurrencyPolicy="Allow")
    held = {**body, "metadata": {**body["metadata"], "finalizers": ["kueue.x-k8s.io/managed"]}}
    outcome = validate(review(body, operation="UPDATE", old=held), KNOWN)
    assert (outcome.allowed, outcome.passed) == (True, "only metadata changed")


def test_e59_beyond_the_places_is_503_at_once() -> None:
    server = InProcessServer(limits=RequestLimits(concurrency=1))
    body = json.dumps(review(admitted(job()))).encode()
    with server.handler.limit.slot():
        assert server.post(body).status == 503
    assert server.chunks_read == 0, "nothing is waited for, not even the body"
    assert server.post(body).status == 200
    assert server.sample("mlgate_queue_rejects_total") == 1


def test_e59_the_bytes_that_are_held_are_bounded() -> None:
    limit = InProcessServer(limits=RequestLimits(max_body=100)).handler.limit
    with limit.slot() as place, limit.slot() as other:
        place.reserve(MAX_FULL_BODIES * 100 + MAX_TREE)
        with pytest.raises(Overloaded):
            other.reserve(1)
    with limit.slot() as place:
        place.reserve(1)


def test_e59_all_places_and_bytes_are_given_back() -> None:
    server = InProcessServer(limits=RequestLimits(max_body=4000))
    for body in (b"{", b" " * 4001, json.dumps(review(admitted(job()))).encode()):
        server.post(body)
    assert (server.handler.limit.in_flight, server.handler.limit.held_bytes) == (0, 0)
