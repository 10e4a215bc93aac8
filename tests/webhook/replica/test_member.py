"""A whole replica against an API server: it obtains, serves, registers, and leaves."""

import base64
import datetime
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.client import ApiError
from rules.kinds.lookups import Answer
from rules.policy import DEFAULT
from tests.cluster.fake_api import FakeApi, running
from tests.cluster.fake_store import install
from tests.cluster.waiting import until
from tests.webhook.identity.verifying import DAY
from webhook.identity.authority import make_authority
from webhook.identity.certificates import Certificates
from webhook.observability.logs import Log
from webhook.observability.metrics import Metrics
from webhook.replica.election import LeaseTiming
from webhook.replica.member import Member, retry_while_unavailable, uninstall
from webhook.replica.options import ReplicaOptions
from webhook.replica.policy_events import RETELL_SECONDS, PolicyEvents

HOOKS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
LEASES = "/apis/coordination.k8s.io/v1/leases"
AUTHORITY = make_authority(datetime.datetime.now(datetime.UTC), DAY).certificate
OPTIONS = ReplicaOptions(replica="mlgate-0", kubeconfig=None)


class Started:
    """A member with what it writes to."""

    def __init__(self, api: FakeApi, options: ReplicaOptions, *, own: bool = True) -> None:
        self.stream = io.StringIO()
        self.answering, self.metrics = False, Metrics()
        log = Log(self.stream)
        self.member = Member(
            options, api.client(), lambda: DEFAULT, log, None if own else lambda: b"key"
        )
        self.member.start(lambda: self.answering, self.metrics)

    def events(self, name: str) -> list[dict[str, object]]:
        lines = [json.loads(line) for line in self.stream.getvalue().splitlines()]
        return [line for line in lines if line["event"] == name]


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with running() as one:
        install(one)
        one.serve("", "v1", "Namespace", "namespaces")
        one.serve("batch", "v1", "Job", "jobs")
        yield one


@pytest.fixture
def started(api: FakeApi) -> Iterator[Started]:
    one = Started(api, OPTIONS)
    yield one
    one.member.stop()


def test_it_registers_when_it_serves_and_not_before(api: FakeApi, started: Started) -> None:
    until(lambda: bool(api.kinds[LEASES].objects))
    until(lambda: bool(started.events("leader")))
    assert not api.kinds[HOOKS].objects
    started.answering = True
    started.member._reconciler.wake()
    until(lambda: bool(api.kinds[HOOKS].objects))
    (configuration,) = api.kinds[HOOKS].objects.values()
    bundle = base64.b64decode(configuration["webhooks"][0]["clientConfig"]["caBundle"]).decode()
    (path, token) = configuration["webhooks"][0]["clientConfig"]["service"]["path"][1:].split("/")
    assert path == "validate"
    assert re.fullmatch("[0-9a-f]{32}", token)
    assert started.member.tokens.knows(token)
    assert started.member._credentials is not None
    assert bundle == started.member._credentials.identity.bundle
    until(lambda: len(started.events("registered")) == 2)
    value = started.metrics.registry.get_sample_value
    kind = {"kind": "ValidatingWebhookConfiguration"}
    assert value("mlgate_registration_writes_total", kind) == 1
    assert value("mlgate_leader") == 1


def test_its_certificate_can_be_served(started: Started) -> None:
    assert started.member.source is not None
    assert Certificates(started.member.source).pair.certificate.startswith(b"-----BEGIN")


def test_it_knows_the_cluster(api: FakeApi, started: Started) -> None:
    api.put(api.kinds["/api/v1/namespaces"], "ml", metadata={"labels": {"a": "b"}})
    uid = api.put(api.kinds["/apis/batch/v1/jobs"], "one", "ml")
    until(lambda: started.member.not_ready() is None)
    until(lambda: started.member.namespace_labels("ml") == {"a": "b"})
    until(lambda: started.member.owner(uid) is Answer.FOUND)
    assert started.member.owner("another") is Answer.ABSENT
    value = started.metrics.registry.get_sample_value
    assert value("mlgate_cache_synced", {"group": "ray.io", "kind": "RayJob"}) == 1
    assert value("mlgate_cache_objects", {"group": "batch", "kind": "Job"}) == 1


def test_when_it_leaves_another_may_lead_at_once(api: FakeApi, started: Started) -> None:
    until(lambda: bool(started.events("leader")))
    started.member.stop()
    (lease,) = api.kinds[LEASES].objects.values()
    assert lease["spec"]["holderIdentity"] == ""
    other = Started(api, OPTIONS._replace(replica="mlgate-1"))
    until(lambda: bool(other.events("leader")))
    other.member.stop()


def test_with_a_certificate_in_files_no_secret_is_touched(api: FakeApi, tmp_path: Path) -> None:
    bundle = tmp_path / "ca.crt"
    bundle.write_text(AUTHORITY)
    started = Started(api, OPTIONS._replace(bundle=bundle), own=False)
    started.answering = True
    started.member._reconciler.wake()
    until(lambda: bool(api.kinds[HOOKS].objects))
    (configuration,) = api.kinds[HOOKS].objects.values()
    found = configuration["webhooks"][0]["clientConfig"]["caBundle"]
    assert base64.b64decode(found).decode() == AUTHORITY
    bundle.write_text("")
    started.member._reconciler.wake()
    until(lambda: bool(started.events("bundle")))
    assert started.events("bundle")[0]["error"] == f"{bundle}: it holds no certificate"
    assert api.kinds[HOOKS].objects["", "mlgate"] == configuration
    assert started.member.source is None
    assert not api.kinds["/api/v1/secrets"].objects
    started.member.stop()


def test_e56_the_configurations_belong_to_the_namespace(api: FakeApi) -> None:
    uid = api.put(api.kinds["/api/v1/namespaces"], "mlgate-system")
    api.put(api.kinds["/api/v1/namespaces"], "another")
    started = Started(api, OPTIONS)
    started.answering = True
    started.member._reconciler.wake()
    until(lambda: bool(api.kinds[HOOKS].objects))
    (configuration,) = api.kinds[HOOKS].objects.values()
    owner = {"apiVersion": "v1", "kind": "Namespace", "name": "mlgate-system", "uid": uid}
    assert configuration["metadata"]["ownerReferences"] == [owner]
    started.member.stop()


def test_an_api_server_that_is_known_otherwise_is_given_no_token(api: FakeApi) -> None:
    started = Started(api, OPTIONS._replace(tokens=False))
    started.answering = True
    started.member._reconciler.wake()
    until(lambda: bool(api.kinds[HOOKS].objects))
    (configuration,) = api.kinds[HOOKS].objects.values()
    assert configuration["webhooks"][0]["clientConfig"]["service"]["path"] == "/validate"
    started.member.stop()


def test_where_it_is_not_to_register_it_does_not(api: FakeApi) -> None:
    started = Started(api, OPTIONS._replace(register=False), own=False)
    started.answering = True
    until(lambda: bool(started.events("leader")))
    started.member._reconciler.wake()
    until(lambda: started.member.not_ready() is None)
    assert not api.kinds[HOOKS].objects
    started.member.stop()


def test_e56_uninstalled_configurations_do_not_come_back(api: FakeApi, started: Started) -> None:
    started.answering = True
    started.member._reconciler.wake()
    until(lambda: bool(api.kinds[HOOKS].objects))
    uninstall(api.client(), OPTIONS, LeaseTiming(deadline=3.0))
    started.member._reconciler.wake()
    assert not started.member._elector.is_leader()
    assert not api.kinds[HOOKS].objects


def test_a_start_waits_for_an_api_server_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webhook.replica.member._PAUSE", 0.01)
    answers = [ApiError(0, "away"), ApiError(503, "not yet")]

    def get() -> str:
        if answers:
            raise answers.pop()
        return "there"

    assert retry_while_unavailable(get) == "there"


@pytest.mark.parametrize(("status", "patience"), [(403, 60.0), (0, 0.0)])
def test_a_refusal_and_a_long_absence_end_a_start(status: int, patience: float) -> None:
    def get() -> str:
        raise ApiError(status, "no")

    with pytest.raises(ApiError, match="no"):
        retry_while_unavailable(get, patience)


def test_without_a_lease_it_says_why_it_does_not_lead(api: FakeApi) -> None:
    api.kinds[LEASES].status = 403
    started = Started(api, OPTIONS, own=False)
    until(lambda: bool(started.events("election-failed")))
    (event,) = started.events("election-failed")
    assert str(event["error"]).startswith("403: GET /apis/coordination.k8s.io/v1/namespaces/")
    started.member.stop()


def test_k129_a_policy_that_cannot_be_used_is_an_event_on_the_deployment(api: FakeApi) -> None:
    events = api.serve("", "v1", "Event", "events")
    deployments = api.serve("apps", "v1", "Deployment", "deployments")
    uid = api.put(deployments, "mlgate", "mlgate-system")
    api.put(deployments, "mlgate", "elsewhere")
    fault = ["mlgate.yaml:3:10: profile: expected one of observe, standard, strict"]
    member = Member(
        OPTIONS,
        api.client(),
        lambda: DEFAULT,
        Log(io.StringIO()),
        lambda: b"key",
        fault=lambda: next(iter(fault), None),
    )
    member.start(lambda: False, Metrics())
    until(lambda: bool(events.objects))
    (event,) = events.objects.values()
    assert event["involvedObject"]["uid"] == uid
    assert (event["type"], event["reason"]) == ("Warning", "PolicyUnusable")
    assert event["message"] == f"the policy in force stays: {fault[0]}"
    fault[0] = "another"
    member.wake()
    until(lambda: len(events.objects) == 2)
    member.stop()


def test_k129_an_event_is_written_again_while_the_fault_lasts(api: FakeApi) -> None:
    events = api.serve("", "v1", "Event", "events")
    api.put(api.serve("apps", "v1", "Deployment", "deployments"), "mlgate", "mlgate-system")
    now = [0.0]
    told = PolicyEvents(api.client(), OPTIONS, lambda: now[0])
    told.tell("bad")
    told.tell("bad")
    assert len(events.objects) == 1
    now[0] = RETELL_SECONDS
    told.tell("bad")
    assert len(events.objects) == 2


def test_k129_without_a_deployment_there_is_no_event(api: FakeApi) -> None:
    events = api.serve("", "v1", "Event", "events")
    api.serve("apps", "v1", "Deployment", "deployments")
    PolicyEvents(api.client(), OPTIONS).tell("bad")
    assert not events.objects
