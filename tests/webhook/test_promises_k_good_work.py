"""Group K: good work is not hurt, and what decides nothing costs nothing."""

import asyncio
import contextlib
import copy
import datetime
import http.client
import json
import socket
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.annotations import PROFILE_LABEL
from rules.checks import ALL
from rules.inventory import Inventory
from rules.model import Action, Finding
from rules.policy import DEFAULT, Policy
from rules.policy.decisions import weigh
from rules.policy.entries import NamespaceEntry
from rules.policy.values import PROFILES
from rules.selectors import Requirement, Selector, read_selector
from tests.manifests import TODAY
from tests.webhook.bodies import NAMESPACE, admitted, cron_job, deployment, job, owner, review
from tests.webhook.conditions import holds
from tests.webhook.hanging import HANGS
from tests.webhook.in_process import Cluster, InProcessServer, policies_of
from tests.webhook.processes import HOST, Pairs, ask, serve, wait_until
from tests.webhook.test_promises_e_lifecycle import certificates
from webhook.registration.configurations import make_configurations
from webhook.registration.options import RegistrationOptions
from webhook.review.admission import ReviewOutcome, validate
from webhook.review.changes import is_only_metadata
from webhook.review.context import OwnerRecord, OwnerReference, ReviewContext
from webhook.review.owners import trusts_owner
from webhook.review.template_digest import digest_pods, digest_template
from webhook.server.clients import ClientCheck
from webhook.server.owner_lookup import LOOKUPS
from webhook.server.probes import not_ready_reasons
from webhook.server.stall_watch import STALLED_LOOKS, StallWatch

PLACE = RegistrationOptions("mlgate-system")
OPERATOR = "system:serviceaccount:jobset-system:jobset-controller"


def condition(name: str, policy: Policy = DEFAULT) -> str:
    """The matching condition of that name, which every entry that judges has."""
    validating, mutating = make_configurations(policy, PLACE)
    (hook, *_), (mutate,) = validating["webhooks"], mutating["webhooks"]
    (text,) = (one["expression"] for one in hook["matchConditions"] if one["name"] == name)
    assert {"name": name, "expression": text} in mutate["matchConditions"]
    return str(text)


@given(
    user=st.sampled_from(
        [
            "alice",
            OPERATOR,
            "system:kube-controller-manager",
            "system:serviceaccount:kube-system:job-controller",
            "system:serviceaccount:kube-system:job-controller2",
            "system:serviceaccount:research:job-controller",
            "",
        ]
    ),
    owners=st.none() | st.lists(st.sampled_from([owner(), owner(controller=False)]), max_size=2),
    controllers=st.sampled_from([(), (OPERATOR,)]),
)
def test_k131_children_by_trusted_controllers_are_not_asked_about(
    user: str, owners: list[Any] | None, controllers: tuple[str, ...]
) -> None:
    policy = Policy(controllers=controllers)
    body = job()
    if owners is not None:
        body["metadata"]["ownerReferences"] = owners
    asked = holds(
        condition("not-a-controllers-child", policy),
        request={"userInfo": {"username": user}},
        object=body,
    )
    owned = any(one["controller"] for one in owners or ())
    assert asked is not (owned and trusts_owner(user, controllers))


_VALUE: st.SearchStrategy[Any] = st.sampled_from([{}, {"a": 1}, {"a": 2}, [], None])
_OBJECT = st.dictionaries(st.sampled_from(["metadata", "status", "spec", "data"]), _VALUE)


@given(new=_OBJECT, old=st.none() | _OBJECT, operation=st.sampled_from(["CREATE", "UPDATE"]))
def test_k131_updates_that_change_nothing_judged_are_not_asked_about(
    new: dict[str, Any], old: dict[str, Any] | None, operation: str
) -> None:
    asked = holds(
        condition("not-unchanged"),
        request={"operation": operation, "resource": {"group": "batch"}},
        object=new,
        oldObject=old,
    )
    assert asked is not (operation == "UPDATE" and is_only_metadata(new, old))


@pytest.mark.parametrize("keys", [33, 100_000])
def test_k131_an_object_of_many_keys_is_asked_about_before_any_loop(keys: int) -> None:
    body = {f"k{number}": number for number in range(keys)}
    request = {"operation": "UPDATE"}
    assert holds(condition("not-unchanged"), request=request, object=body, oldObject=body)
    assert holds(condition("not-unchanged"), request=request, object={}, oldObject=body)


FAILING = PLACE._replace(failure_policy="Fail")
_ENTRY = st.builds(
    NamespaceEntry,
    name=st.sampled_from([None, "research", "research-*", "r?d", "[a-r]*", "*", "o'hare"]),
    labels=st.sampled_from(
        [
            None,
            Selector((Requirement("team", "In", ("ml",)),)),
            Selector((Requirement("team", "Exists"), Requirement("env", "NotIn", ("dev",)))),
        ]
    ),
    profile=st.sampled_from([None, *PROFILES]),
    rules=st.sampled_from([{}, {"TRN001": Action.DENY}, {"TRN001": Action.AUDIT}]),
    ignores=st.none(),
    values=st.just({}),
)
_POLICY = st.builds(
    Policy,
    profile=st.sampled_from(PROFILES),
    rules=st.sampled_from([{}, {"TRN002": Action.DENY}]),
    namespace_labels=st.sampled_from(["trusted", "ignored"]),
    namespaces=st.lists(_ENTRY, max_size=3).map(tuple),
)
_LABELS = st.fixed_dictionaries(
    {},
    optional={
        "team": st.sampled_from(["ml", "web"]),
        "env": st.sampled_from(["dev", "prod"]),
        PROFILE_LABEL: st.sampled_from([*PROFILES, "other"]),
    },
)


def callers(policy: Policy, name: str, labels: dict[str, str]) -> dict[str, str]:
    """The entries that the API server calls for a Job in a Namespace, with their failure
    policies."""
    called = {}
    for hook in make_configurations(policy, FAILING)[0]["webhooks"]:
        expressions = hook["namespaceSelector"]["matchExpressions"]
        selector = read_selector({"matchExpressions": expressions})
        known = {**labels, "kubernetes.io/metadata.name": name}
        resources = [one["resources"] for one in hook["rules"] if one["apiGroups"] == ["batch"]]
        if not any("jobs" in one for one in resources) or not selector.accepts(known):
            continue
        request = {"namespace": name, "operation": "CREATE", "resource": {"group": "batch"}}
        if all(
            holds(one["expression"], request=request | {"userInfo": {}}, object={}, oldObject=None)
            for one in hook["matchConditions"]
        ):
            called[hook["name"].partition(".")[0]] = hook["failurePolicy"]
    return called


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=50)
@given(_POLICY, st.sampled_from(["research", "research-a", "red", "web", "o-hare"]), _LABELS)
def test_k133_where_something_can_be_denied_an_entry_fails_and_elsewhere_one_asks(
    policy: Policy, name: str, labels: dict[str, str]
) -> None:
    called = callers(policy, name, labels)
    assert called
    denies = any(
        weigh(policy, rule, form, namespace=name, namespace_labels=labels).action is Action.DENY
        for rule in ALL
        for form in rule.forms
    )
    assert not denies or "Fail" in called.values()


STRICT_BY_LABEL = Policy(profile="observe")
STRICT_BY_NAME = Policy(
    profile="observe",
    namespace_labels="ignored",
    namespaces=(NamespaceEntry(name="ml-*", profile="strict"),),
)


@pytest.mark.parametrize(
    ("policy", "name", "labels", "called"),
    [
        (STRICT_BY_LABEL, "web", {}, {"observe": "Ignore"}),
        (STRICT_BY_LABEL, "web", {PROFILE_LABEL: "observe"}, {"observe": "Ignore"}),
        (STRICT_BY_LABEL, "web", {PROFILE_LABEL: "strict"}, {"enforce": "Fail"}),
        (STRICT_BY_NAME, "web", {PROFILE_LABEL: "strict"}, {"observe": "Ignore"}),
        (STRICT_BY_NAME, "ml-a", {}, {"enforce": "Fail"}),
        (DEFAULT, "web", {}, {"enforce": "Fail"}),
        (DEFAULT, "web", {PROFILE_LABEL: "observe"}, {"observe": "Ignore"}),
    ],
)
def test_k133_under_fail_only_namespaces_in_which_something_can_be_denied_can_fail(
    policy: Policy, name: str, labels: dict[str, str], called: dict[str, str]
) -> None:
    assert callers(policy, name, labels) == called


@pytest.mark.parametrize(("policy", "expected"), [(STRICT_BY_LABEL, "Ignore"), (DEFAULT, "Fail")])
def test_k133_objects_of_the_cluster_have_an_entry_of_their_own(
    policy: Policy, expected: str
) -> None:
    hooks = make_configurations(policy, FAILING)[0]["webhooks"]
    scopes = {hook["name"]: {one["scope"] for one in hook["rules"]} for hook in hooks}
    assert scopes["enforce-cluster.mlgate.dev"] == {"Cluster"}
    assert scopes["enforce.mlgate.dev"] == {"Namespaced"}
    (hook,) = (one for one in hooks if one["name"] == "enforce-cluster.mlgate.dev")
    assert hook["failurePolicy"] == expected


EMERGENCY = """
profile: strict
contact: "#ml-platform"
breakGlass: example.com/emergency
"""


def test_k132_a_denial_ends_with_the_way_out(tmp_path: Path) -> None:
    server = InProcessServer(policies_of(tmp_path, EMERGENCY))
    last = server.send(review(admitted(job())))["status"]["message"].splitlines()[-1]
    for part in (
        "profile strict",
        "docs: https://mlgate.dev/rules/",
        "contact: #ml-platform, also for an exception (give rule, object, reason and last day)",
        "in an emergency: label the Namespace example.com/emergency=true",
    ):
        assert part in last


@pytest.mark.parametrize(
    ("labels", "allowed"),
    [
        ({"example.com/emergency": "true"}, True),
        ({"example.com/emergency": "True"}, True),
        ({"example.com/emergency": "false"}, False),
        ({"mlgate.dev/break-glass": "true"}, False),
        (None, False),
    ],
)
def test_k132_in_an_emergency_nothing_is_denied_and_a_trace_is_left(
    tmp_path: Path,
    labels: dict[str, str] | None,
    allowed: bool,  # noqa: FBT001 - a table
) -> None:
    server = InProcessServer(policies_of(tmp_path, EMERGENCY), Cluster(labels))
    response = server.send(review(admitted(job())))
    assert response["allowed"] is allowed
    assert ("waiver" in response["auditAnnotations"]) is allowed
    assert server.sample("mlgate_waivers_total", reason="break-glass") == float(allowed)
    if allowed:
        assert any("TRN002" in line for line in response["warnings"])
        assert server.lines()[-1]["waiver"] == "break-glass"


def test_k132_without_the_policys_word_no_label_takes_a_denial_away() -> None:
    server = InProcessServer(cluster=Cluster({"": "true", "mlgate.dev/break-glass": "true"}))
    assert server.send(review(admitted(job())))["allowed"] is False


def revision_of(body: dict[str, Any]) -> str:
    return digest_pods(body["spec"]["template"])


def server_of(**resources: Any) -> dict[str, Any]:
    """A Deployment as it is stored."""
    body = deployment()
    body["metadata"]["uid"] = "u1"
    body["spec"]["template"]["spec"]["containers"][0]["resources"] = resources
    return body


GREEDY = server_of(requests={"nvidia.com/gpu": "1"})


def rolled_back(
    body: dict[str, Any], known: tuple[str, ...], ignores: str = "forbid"
) -> ReviewOutcome:
    """What becomes of a Deployment that is made ``body``, where the revisions of ``known`` ran."""
    policy = Policy(profile="strict", ignores=ignores)
    context = ReviewContext(
        policy,
        Inventory(),
        TODAY,
        ran_before=lambda namespace, uid, pods: (
            (namespace, uid) == (NAMESPACE, "u1") and pods in known
        ),
    )
    return validate(review(body, operation="UPDATE", old=server_of()), context)


def test_k134_what_ran_before_comes_back_with_a_warning() -> None:
    outcome = rolled_back(GREEDY, (revision_of(GREEDY),))
    assert outcome.allowed
    assert outcome.waiver == "rollback"
    assert any(line.startswith("GPU001") for line in outcome.body["response"]["warnings"])
    assert outcome.body["response"]["auditAnnotations"]["waiver"] == "rollback"


def test_k134_what_never_ran_does_not() -> None:
    assert not rolled_back(GREEDY, ()).allowed
    assert not rolled_back(GREEDY, (revision_of(server_of()),)).allowed
    other = copy.deepcopy(GREEDY)
    other["metadata"]["uid"] = "u2"
    context = ReviewContext(Policy(profile="strict"), Inventory(), TODAY)
    assert not validate(review(other, operation="UPDATE", old=server_of()), context).allowed


def test_k134_a_template_that_was_annotated_since_is_the_same() -> None:
    body = copy.deepcopy(GREEDY)
    restarted = {"kubectl.kubernetes.io/restartedAt": "2026-03-01T12:00:00Z"}
    body["spec"]["template"]["metadata"]["annotations"] = restarted
    assert rolled_back(body, (revision_of(GREEDY),)).allowed


def test_k134_a_new_object_has_no_revisions() -> None:
    known = ReviewContext(
        Policy(profile="strict"), Inventory(), TODAY, ran_before=lambda *_known: True
    )
    assert not validate(review(GREEDY), known).allowed


def stateful(body: dict[str, Any], kind: str) -> dict[str, Any]:
    """What a Deployment would be as another kind."""
    return {**copy.deepcopy(body), "kind": kind}


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet"])
def test_k137_stateful_and_daemon_sets_come_back_too(kind: str) -> None:
    outcome = rolled_back(stateful(GREEDY, kind), (revision_of(GREEDY),))
    assert (outcome.allowed, outcome.waiver) == (True, "rollback")
    assert not rolled_back(stateful(GREEDY, kind), ()).allowed


def test_k137_a_revision_vouches_for_what_would_have_kept_it_out_and_no_more() -> None:
    """A ReplicaSet that anybody may make has less wrong with it than its Deployment."""
    body = server_of()
    body["spec"]["template"]["spec"]["strategy"] = {"type": "Recreate"}
    outcome = rolled_back(body, (revision_of(body),))
    denied = [one.rule for one in outcome.findings if one.action is Action.DENY]
    assert (denied, outcome.waiver) == (["MET001"], "")


def revision_findings(body: dict[str, Any]) -> tuple[Finding, ...]:
    """What is found in a ControllerRevision of a template that anybody may have made."""
    data = {"spec": {"template": body["spec"]["template"]}}
    made = {"apiVersion": "apps/v1", "kind": "ControllerRevision", "data": data}
    context = ReviewContext(Policy(profile="strict", ignores="forbid"), Inventory(), TODAY)
    outcome = validate(review({**made, "metadata": {"name": "web-1"}}), context)
    return outcome.findings


def test_k137_who_makes_a_revision_is_judged() -> None:
    (finding,) = [one for one in revision_findings(GREEDY) if one.action is Action.DENY]
    assert (finding.rule, finding.path[:3]) == ("GPU001", ("data", "spec", "template"))
    (entry, *_) = make_configurations(DEFAULT, PLACE)[0]["webhooks"]
    (apps,) = [one for one in entry["rules"] if one["apiGroups"] == ["apps"]]
    assert "controllerrevisions" in apps["resources"]


def test_k137_no_revision_is_changed() -> None:
    data = {"spec": {"template": GREEDY["spec"]["template"]}}
    made = {"apiVersion": "apps/v1", "kind": "ControllerRevision", "data": data}
    server = InProcessServer()
    answer = server.send(review({**made, "metadata": {"name": "web-1"}}), "mutate")
    assert "patch" not in answer


def test_k135_a_loop_that_stands_still_is_seen_and_no_other(tmp_path: Path) -> None:
    server = InProcessServer()
    lifecycle, cuts = server.handler.lifecycle, list[None]()
    watch = StallWatch(
        lifecycle, lambda: cuts.append(None), server.handler.log, server.handler.metrics
    )
    good = certificates(tmp_path, datetime.timedelta(days=9))

    def look(*, beating: bool) -> None:
        for _ in range(STALLED_LOOKS + 1):
            if beating:
                lifecycle.heartbeat()
            watch.look()

    look(beating=False)
    assert not cuts, "it has not started"
    lifecycle.started = True
    look(beating=True)
    assert not cuts
    look(beating=False)
    assert len(cuts) == 1
    assert list(not_ready_reasons(server.handler, good)) == ["the event loop stands still"]
    look(beating=True)
    assert list(not_ready_reasons(server.handler, good)) == []
    assert [one["stalled"] for one in server.lines()] == [True, False]
    assert server.sample("mlgate_stalls_total") == 1


def test_k135_a_server_that_hangs_ends_its_connections_and_comes_back(tmp_path: Path) -> None:
    pairs = Pairs(tmp_path)
    pairs.write(pairs.issue())
    with serve(pairs, program="tests.webhook.hanging") as served, ExitStack() as stack:
        idle, asking = (stack.enter_context(contextlib.closing(served.connect())) for _ in "ab")
        assert ask(idle, review(job()))[0] == 200
        body = job()
        body["metadata"]["annotations"] = {HANGS: "6"}
        with pytest.raises((OSError, http.client.HTTPException)):
            ask(asking, review(body))
        assert served.get("/readyz") == (503, "the event loop stands still\n")
        assert served.get("/healthz")[0] == 200
        assert idle.sock.recv(1) == b"", "the API server learns that it is of no use"
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((HOST, served.port))
        wait_until(lambda: served.get("/readyz")[0] == 200)
        assert served.post(review(job()))[0] == 200
        assert served.sample("mlgate_stalls_total") == 1


CRON_ROOT = ("spec", "jobTemplate", "spec")
OWNER_UID = owner()["uid"]


class Late(Cluster):
    """A cluster whose watches have not told of the schedule, which the API server has; it answers
    after ``seconds``."""

    def __init__(self, schedule: dict[str, Any], seconds: float = 0.0) -> None:
        super().__init__()
        self.asked: list[OwnerReference] = []
        self.template = digest_template(schedule, CRON_ROOT)
        self.seconds = seconds

    def fetch_owner(self, sought: OwnerReference, _seconds: float) -> OwnerRecord | None:
        self.asked.append(sought)
        time.sleep(self.seconds)
        if sought.uid != OWNER_UID:
            return None
        return OwnerRecord("batch", "CronJob", NAMESPACE, "nightly-retrain", self.template)


def denied_child(uid: str = OWNER_UID) -> dict[str, Any]:
    """A Job that is denied unless its owner vouches for it."""
    spec = job()["spec"]
    spec["template"]["spec"]["restartPolicy"] = "OnFailure"
    body = admitted({**job(), "spec": spec}, applied=False)
    body["metadata"]["ownerReferences"] = [owner(uid=uid)]
    return body


SCHEDULE = cron_job(jobTemplate={"spec": denied_child()["spec"]})
STRICT = "profile: strict\nignores: forbid\n"
SOUGHT = OwnerReference("batch", "CronJob", NAMESPACE, "nightly-retrain", OWNER_UID)


def test_k136_an_owner_that_is_not_known_yet_is_asked_for(tmp_path: Path) -> None:
    cluster = Late(SCHEDULE)
    server = InProcessServer(policies_of(tmp_path, STRICT), cluster)
    assert server.send(review(denied_child()))["allowed"] is True
    assert cluster.asked == [SOUGHT]
    assert server.lines()[-1]["reason"] == "its owner was judged, and makes such objects"


@pytest.mark.parametrize(
    ("reference", "policy"),
    [
        # The API server has no object of that UID.
        ({"uid": "forged"}, STRICT),
        # It would make no difference.
        ({"apiVersion": "jobset.x-k8s.io/v1alpha2", "kind": "JobSet"}, STRICT),
        ({"apiVersion": "apps/v1", "kind": "Deployment"}, "profile: strict"),
        ({"apiVersion": "example.com/v1", "kind": "Unheard"}, STRICT),
    ],
)
def test_k136_no_other_owner_counts_for_it(
    tmp_path: Path, reference: dict[str, Any], policy: str
) -> None:
    cluster = Late(SCHEDULE)
    body = denied_child()
    body["metadata"]["ownerReferences"] = [owner(**reference)]
    server = InProcessServer(policies_of(tmp_path, policy), cluster)
    assert server.send(review(body))["allowed"] is False
    assert len(cluster.asked) == ("uid" in reference)


def test_k136_what_is_allowed_asks_nobody(tmp_path: Path) -> None:
    cluster = Late(SCHEDULE)
    body = job(backoffLimit=2, activeDeadlineSeconds=3600)
    body["metadata"]["ownerReferences"] = [owner()]
    server = InProcessServer(policies_of(tmp_path, STRICT), cluster)
    assert server.send(review(body))["allowed"] is True
    assert not cluster.asked


def test_k136_strangers_have_nobody_asked(tmp_path: Path) -> None:
    cluster = Late(SCHEDULE)
    server = InProcessServer(policies_of(tmp_path, STRICT), cluster)
    server.handler.clients = ClientCheck(lambda _token: False, None)
    assert server.send(review(denied_child()))["allowed"] is False
    assert not cluster.asked


def test_k136_an_api_server_that_does_not_answer_is_waited_for_briefly(tmp_path: Path) -> None:
    cluster = Late(SCHEDULE, seconds=3.0)
    server = InProcessServer(policies_of(tmp_path, STRICT), cluster)
    order: list[str] = []

    async def send(name: str, body: dict[str, Any]) -> None:
        reply = await server.ask(json.dumps(review(body)).encode(), query="timeout=2s")
        order.append(f"{name} {json.loads(reply.body)['response']['allowed']}")

    async def send_all() -> None:
        late = asyncio.create_task(send("late", denied_child()))
        again = asyncio.create_task(send("again", denied_child()))
        await asyncio.sleep(0.1)
        await send("other", deployment())
        await asyncio.gather(late, again)

    began = time.monotonic()
    with contextlib.closing(asyncio.new_event_loop()) as loop:
        loop.run_until_complete(send_all())
    assert order == ["other True", "late False", "again False"]
    assert time.monotonic() - began < 2.5, "it did not wait for the answer"
    assert cluster.asked == [SOUGHT], "and was asked once"


def test_k136_few_owners_are_asked_for_at_a_time(tmp_path: Path) -> None:
    cluster = Late(SCHEDULE, seconds=1.0)
    server = InProcessServer(policies_of(tmp_path, STRICT), cluster)

    async def send_all() -> None:
        bodies = [json.dumps(review(denied_child(str(n)))).encode() for n in range(3 * LOOKUPS)]
        await asyncio.gather(*(server.ask(body) for body in bodies))

    with contextlib.closing(asyncio.new_event_loop()) as loop:
        loop.run_until_complete(send_all())
    assert len(cluster.asked) == LOOKUPS


def test_k135_a_loop_that_serves_is_busy_and_does_not_hang() -> None:
    """Hundreds of requests in one turn, by strangers or not, are no reason to cut anybody off."""
    server = InProcessServer()
    before = server.handler.lifecycle.beats
    server.send(review(deployment()))
    server.post(b"", endpoint="nothing")
    assert server.handler.lifecycle.beats == before + 2
