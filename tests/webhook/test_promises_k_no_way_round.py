"""Group K: no way round. What a tenant may write, none of it gets bad work in."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.checks import BY_CODE
from rules.engine import Engine
from rules.inventory import Inventory
from rules.kinds.batch import CRON_ROOT
from rules.kinds.lookups import Answer
from rules.manifest import Manifest
from rules.model import Action
from rules.policy import Policy
from tests.manifests import TODAY
from tests.webhook.bodies import (
    NAMESPACE,
    admitted,
    cron_job,
    deployment,
    job,
    owner,
    pytorch_job,
    review,
)
from tests.webhook.in_process import Cluster, InProcessServer, policies_of
from webhook.review.admission import mutate, validate
from webhook.review.context import OwnerRecord, ReviewContext
from webhook.review.size_limit import MAX_PARTS
from webhook.review.template_digest import digest_template

STRICT = ReviewContext(Policy(profile="strict", ignores="forbid"), Inventory(), TODAY)
BUDGETS = STRICT._replace(
    policy=Policy(profile="strict", ignores="forbid", rules={"TRN004": Action.OFF})
)
"""Without the rule that wants causes told apart, which all of these budgets would break."""


def as_sent(tree: Any) -> bytes:
    """JSON as Go's encoder writes it, six bytes for what HTML gives a meaning."""
    text = json.dumps(tree, ensure_ascii=False)
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text.encode()


def put_in(body: bytes, raw: bytes) -> bytes:
    """The review with ``raw`` in the place of the mark."""
    assert body.count(b'"RAW"') == 1
    return body.replace(b'"RAW"', raw)


def nested(levels: int) -> bytes:
    return b'{"f:a":' * levels + b"{}" + b"}" * levels


@pytest.mark.parametrize("levels", [210, 900, 1100, 9990])
@pytest.mark.parametrize("place", ["managedFields", "spec"])
def test_k81_depth_hides_nothing(levels: int, place: str) -> None:
    body = admitted(job())
    if place == "spec":
        body["spec"]["unknown"] = "RAW"
    else:
        body["metadata"]["managedFields"] = [{"operation": "Apply", "fieldsV1": "RAW"}]
    answer = InProcessServer().post(put_in(as_sent(review(body)), nested(levels)))
    assert answer.status == 200
    assert json.loads(answer.body)["response"]["allowed"] is False


@pytest.mark.parametrize("raw", [b'"\\ud800"', b'"\xff"', b'{"\\udfff": ["\xc3"]}'])
def test_k81_text_that_is_none_hides_nothing(raw: bytes) -> None:
    body = admitted(job())
    body["metadata"]["managedFields"] = [{"operation": "Update", "fieldsV1": "RAW"}]
    for endpoint in ("validate", "mutate"):
        answer = InProcessServer().post(put_in(as_sent(review(body)), raw), endpoint)
        assert answer.status == 200


def test_k82_escapes_hide_nothing() -> None:
    def note(body: dict[str, Any]) -> dict[str, Any]:
        body["metadata"]["annotations"] = {"note": "<" * 1_450_000}
        return body

    new, old = note(cron_job(concurrencyPolicy="Allow")), note(cron_job())
    body = as_sent(review(new, operation="UPDATE", old=old))
    assert len(body) > 17_000_000
    answer = InProcessServer().post(body)
    assert answer.status == 200
    assert json.loads(answer.body)["response"]["allowed"] is False


_TEXT = st.text('ab<>&\u2028\u00e9\U0001f600\x01"\\', max_size=9)
_TREE = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64) | st.floats(-1e300, 1e300) | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    body=st.sampled_from([admitted(job()), cron_job(), pytorch_job()]),
    tree=_TREE,
    operation=st.sampled_from(["CREATE", "UPDATE"]),
    levels=st.integers(0, 9990),
    repeated=st.sampled_from([b"0,", b"{},", b'{"a":"\\u003c"},', b'"\\ud800",', b'"\xff",']),
    times=st.integers(0, 2000),
)
def test_k82_what_the_api_server_accepts_is_never_a_bad_request(
    body: dict[str, Any], tree: Any, operation: str, levels: int, repeated: bytes, times: int
) -> None:
    """Fields that are kept as they came: whatever stands in them."""
    new = {**body, "metadata": {**body["metadata"], "managedFields": "RAW"}, "extra": tree}
    raw = b"[" + repeated * times + nested(levels) + b"]"
    sent = put_in(as_sent(review(new, operation=operation, old=body)), raw)
    for endpoint in ("validate", "mutate"):
        assert InProcessServer().post(sent, endpoint).status == 200


def expired_after(rules: int) -> Any:
    """A clock by which time is up once so many rules have begun."""
    left = iter([False] * rules)
    return lambda: next(left, True)


def test_k83_a_rule_without_time_that_could_deny_decides_nothing() -> None:
    late = STRICT._replace(expired=lambda: True)
    outcome = validate(review(admitted(job())), late)
    assert outcome.undecided
    observed = late._replace(policy=Policy(profile="observe"))
    assert not validate(review(admitted(job())), observed).undecided


def test_k83_a_rule_without_time_is_an_error_and_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webhook.server.handler.Deadline.expired", lambda _deadline: True)
    server = InProcessServer()
    answer = server.post(as_sent(review(admitted(job()))))
    assert answer.status == 500
    assert b"TRN001: no time was left" in answer.body
    assert [line["decision"] for line in server.lines()] == ["undecided"]
    assert server.sample("mlgate_rule_errors_total", rule="TRN001") == 1


def test_k83_what_denies_needs_no_time_for_the_rest() -> None:
    body = admitted(job())
    found = validate(review(body), STRICT._replace(expired=expired_after(len(BY_CODE) - 1)))
    assert not found.allowed
    assert not found.undecided


def test_k83_without_time_for_the_old_object_nothing_is_denied_by_accident() -> None:
    bad = cron_job(concurrencyPolicy="Allow")
    still = cron_job(concurrencyPolicy="Allow", schedule="0 3 * * *")
    asked = itertools.count(1)
    validate(review(still), STRICT._replace(expired=lambda: next(asked) == 0))
    late = STRICT._replace(expired=expired_after(next(asked) - 1))
    outcome = validate(review(still, operation="UPDATE", old=bad), late)
    assert outcome.allowed
    assert outcome.undecided


def test_k83_a_crash_of_a_rule_that_could_deny_decides_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def crash(*_arguments: Any) -> Any:
        raise RuntimeError("bug")

    broken = BY_CODE["TRN003"]._replace(check=crash)
    rules = tuple(broken if rule.code == "TRN003" else rule for rule in BY_CODE.values())
    plain = Engine.__init__

    def with_broken(self: Engine, *arguments: Any, **options: Any) -> None:
        plain(self, *arguments, **{**options, "rules": rules})

    policies = policies_of(tmp_path, "rules: {TRN003: deny}\n")
    monkeypatch.setattr(Engine, "__init__", with_broken)
    server = InProcessServer(policies)
    assert server.post(as_sent(review(admitted(job(backoffLimit=2))))).status == 500
    [line] = [line for line in server.lines() if line["event"] == "review"]
    assert line["decision"] == "undecided"
    assert line["name"] == "finetune"
    assert server.sample("mlgate_rule_errors_total", rule="TRN003") == 1
    assert server.sample("mlgate_http_errors_total", status="500") == 1
    # The other rules deny all the same.
    assert server.send(review(admitted(job())))["allowed"] is False


def workflow(templates: int) -> dict[str, Any]:
    """A Workflow of many small templates, the last of which trains without a bound."""
    steps = [{"name": f"t{number}", "container": {"image": "i"}} for number in range(templates)]
    train = {"image": "trainer:1", "command": ["python", "train.py"]}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"name": "many"},
        "spec": {"entrypoint": "t0", "templates": [*steps, {"name": "z", "container": train}]},
    }


def embedding(text: str) -> dict[str, Any]:
    body = workflow(1)
    body["spec"]["templates"].append({"resource": {"action": "create", "manifest": text}})
    return body


LARGE = {
    "templates": workflow(MAX_PARTS),
    "containers": {
        **job(),
        "spec": {"template": {"spec": {"containers": [{"image": "i"}] * (MAX_PARTS + 1)}}},
    },
    "embedded text": embedding(json.dumps(job()) * 2000),
}


@pytest.mark.parametrize("body", LARGE.values(), ids=LARGE)
def test_k83_what_no_time_suffices_for_is_refused(body: dict[str, Any]) -> None:
    outcome = validate(review(body), STRICT)
    assert not outcome.allowed
    message = outcome.body["response"]["status"]["message"]
    assert message.startswith("the object is too large to be judged: ")
    assert mutate(review(body), STRICT).passed == "it is too large to be mended"
    observed = validate(review(body), STRICT._replace(policy=Policy(profile="observe")))
    assert observed.allowed
    assert "too large" in observed.body["response"]["warnings"][0]
    # What stands there already must stay manageable.
    there = {**body, "spec": {**body["spec"], "more": 1}}
    if body["kind"] == "Workflow":
        assert validate(review(there, operation="UPDATE", old=body), STRICT).allowed


def test_k83_the_work_of_large_pipelines_is_judged() -> None:
    outcome = validate(review(workflow(1500)), STRICT)
    assert {"STO001", "TRN003"} <= {one.rule for one in outcome.findings}
    assert not outcome.allowed


def update(new: dict[str, Any], old: dict[str, Any], known: ReviewContext = BUDGETS) -> Any:
    return validate(review(new, operation="UPDATE", old=old), known)


def denied(outcome: Any) -> set[str]:
    return {one.rule for one in outcome.findings if one.action == "deny"}


def bounded(**spec: Any) -> dict[str, Any]:
    """A job with every bound, so that nothing is found in it."""
    bounds = {"backoffLimit": 2, "activeDeadlineSeconds": 7200, "ttlSecondsAfterFinished": 86400}
    return admitted(job(**{**bounds, **spec}))


def test_k84_what_may_change_of_a_job_is_judged() -> None:
    unbounded = bounded()
    del unbounded["spec"]["activeDeadlineSeconds"]
    assert denied(update(unbounded, bounded())) == {"TRN003"}
    assert denied(update(bounded(backoffLimit=1000), bounded())) == {"TRN002"}
    resumed = update(bounded(suspend=False), bounded(suspend=True))
    assert resumed.allowed
    assert resumed.findings == ()


def ray_job(**spec: Any) -> dict[str, Any]:
    container = {"name": "ray", "image": "rayproject/ray:2.40.0"}
    head = {"rayStartParams": {}, "template": {"spec": {"containers": [container]}}}
    return {
        "apiVersion": "ray.io/v1",
        "kind": "RayJob",
        "metadata": {"name": "tune"},
        "spec": {
            "entrypoint": "python train.py --output-dir s3://models/run1",
            "activeDeadlineSeconds": 7200,
            "rayClusterSpec": {"headGroupSpec": head},
            **spec,
        },
    }


def test_k84_the_whole_spec_of_a_ray_job_is_judged() -> None:
    ends = {"shutdownAfterJobFinishes": True}
    assert update(ray_job(suspend=True, **ends), ray_job(**ends)).allowed
    gpu = ray_job()
    head = gpu["spec"]["rayClusterSpec"]["headGroupSpec"]
    container = head["template"]["spec"]["containers"][0]
    head["template"] = {"spec": {"containers": [{**container, **GREEDY}]}}
    assert denied(update(gpu, ray_job())) == {"GPU001"}
    assert denied(update(ray_job(backoffLimit=1000), ray_job())) == {"TRN002"}


def test_k84_what_got_worse_is_new() -> None:
    assert denied(update(bounded(backoffLimit=1000), bounded(backoffLimit=10))) == {"TRN002"}
    policy = Policy(profile="strict", rules={"TRN003/range": Action.DENY})
    known = STRICT._replace(policy=policy)
    long, longer = (bounded(activeDeadlineSeconds=10**number) for number in (7, 8))
    assert denied(update(longer, long, known)) == {"TRN003"}
    assert denied(update(long, longer, known)) == set()


def test_k84_what_got_better_passes() -> None:
    assert update(bounded(backoffLimit=10), bounded(backoffLimit=1000)).allowed
    assert update(bounded(backoffLimit=10, parallelism=2), bounded(backoffLimit=10)).allowed


def jobset(**budgets: int) -> dict[str, Any]:
    """Training in replicated Jobs, each with so many retries."""
    command = ["torchrun", "train.py", "--output-dir", "s3://models/run1"]
    container = {"name": "c", "image": "trainer:1", "command": command}
    pod = {"restartPolicy": "Never", "containers": [container]}
    return {
        "apiVersion": "jobset.x-k8s.io/v1alpha2",
        "kind": "JobSet",
        "metadata": {"name": "many"},
        "spec": {
            "failurePolicy": {"maxRestarts": 1},
            "replicatedJobs": [
                {"name": name, "template": {"spec": {"backoffLimit": n, "template": {"spec": pod}}}}
                for name, n in budgets.items()
            ],
        },
    }


def test_k84_another_place_of_the_same_fault_is_new() -> None:
    """A rule finds one of them an object, and names the others beside it."""
    assert "TRN002" in denied(update(jobset(a=9, b=9), jobset(a=9, b=1)))
    assert "TRN002" not in denied(update(jobset(a=1, b=9), jobset(a=9, b=9)))
    assert "TRN002" not in denied(update(jobset(b=9, a=9), jobset(a=9, b=9)))
    assert "TRN002" in denied(update(jobset(a=1, b=90), jobset(a=9, b=9)))


def retrain(*containers: dict[str, Any]) -> dict[str, Any]:
    body = cron_job()
    spec = body["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    [container] = spec["containers"]
    spec["containers"] = [{**container, **one} for one in containers]
    return body


GREEDY = {"resources": {"requests": {"nvidia.com/gpu": 1}, "limits": {"cpu": 4, "memory": "16Gi"}}}


def test_k84_a_renamed_container_keeps_its_old_faults() -> None:
    old = retrain({"name": "trainer", **GREEDY})
    renamed = update(retrain({"name": "trainer-v2", **GREEDY}), old)
    assert renamed.allowed
    assert {one.rule for one in renamed.findings} == {"GPU001"}
    other = retrain({"name": "trainer-v2", "image": "registry.example.com/other:1", **GREEDY})
    assert denied(update(other, old)) == {"GPU001"}


def test_k84_a_name_that_moves_carries_no_fault_along() -> None:
    old = retrain({"name": "a", **GREEDY}, {"name": "b"})
    assert denied(update(retrain({"name": "b", **GREEDY}, {"name": "a"}), old)) == {"GPU001"}
    assert update(retrain({"name": "b"}, {"name": "a", **GREEDY}), old).allowed


FORBID = STRICT._replace(owner=lambda _uid: Answer.FOUND)
ALICE = {"username": "alice"}
TENANT = {"username": "system:serviceaccount:research:runner"}
OPERATOR = {"username": "system:serviceaccount:ops:operator"}
INSTALLED = {"username": "system:serviceaccount:jobset-system:jobset-controller-manager"}


def vouched(schedule: dict[str, Any] | None = None, **record: Any) -> ReviewContext:
    """A cluster that holds the CronJob of ``owner()``, and makes of it what ``schedule`` says."""
    known = {
        "group": "batch",
        "kind": "CronJob",
        "namespace": NAMESPACE,
        "name": "nightly-retrain",
        **record,
    }
    template = digest_template(schedule, CRON_ROOT) if schedule else ""
    return FORBID._replace(owner_record=lambda _uid: OwnerRecord(**known, template=template))


def child(user: dict[str, str], known: ReviewContext, body: Any = None, **reference: Any) -> Any:
    body = body or admitted(job())
    body["metadata"]["ownerReferences"] = [owner(**reference)]
    return validate(review(body, userInfo=user), known)


@pytest.mark.parametrize("user", [ALICE, TENANT, OPERATOR])
def test_k85_a_tenants_owner_vouches_for_nothing(user: dict[str, str]) -> None:
    assert not child(user, vouched()).allowed
    assert not child(user, vouched(cron_job())).allowed
    trusted = Policy(profile="strict", ignores="forbid", controllers=(user["username"],))
    assert child(user, vouched()._replace(policy=trusted)).passed


def test_k85_where_ignores_count_an_owner_that_exists_does_too() -> None:
    for ignores, passed in (("allow", "its owner was judged"), ("cap-at-warn", None)):
        known = vouched()._replace(policy=Policy(ignores=ignores))
        outcome = child(ALICE, known)
        assert (outcome.allowed, outcome.passed) == (True, passed)


@pytest.mark.parametrize(
    "record",
    [{"group": "apps"}, {"kind": "Deployment"}, {"namespace": "other"}, {"name": "another"}],
)
def test_k85_the_uid_of_another_object_is_no_owner(record: dict[str, Any]) -> None:
    assert child(INSTALLED, vouched()).passed == "its owner was judged, and an operator made it"
    assert not child(INSTALLED, vouched(**record)).allowed
    known = vouched(**record)._replace(policy=Policy())
    assert not child(ALICE, known).allowed


def test_k85_an_owner_that_makes_no_such_objects_is_none() -> None:
    known = vouched(group="apps", kind="Deployment", name="web")
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    assert not child(INSTALLED, known, **reference).allowed


def test_k85_a_job_made_by_hand_of_a_schedule_passes() -> None:
    schedule = cron_job()
    spec = schedule["spec"]["jobTemplate"]["spec"]
    spec["template"]["spec"]["restartPolicy"] = "OnFailure"
    made = admitted({**job(), "spec": spec}, applied=False)
    # As the API server completes it, before the last admission.
    uid = {"batch.kubernetes.io/controller-uid": "1", "controller-uid": "1", "job-name": "a"}
    made["spec"] |= {"selector": {"matchLabels": uid}, "podReplacementPolicy": "Failed"}
    made["spec"]["template"]["metadata"] |= {"labels": uid, "creationTimestamp": None}
    known = vouched(schedule)
    assert child(ALICE, known, made).passed == "its owner was judged, and makes such objects"
    made["spec"]["backoffLimit"] = 3
    assert not child(ALICE, known, made).allowed


def test_k85_what_is_not_known_vouches_for_operators_alone() -> None:
    known = STRICT._replace(owner=lambda _uid: Answer.UNKNOWN)
    assert not child(ALICE, known).allowed
    assert child(INSTALLED, known).allowed
    assert child(ALICE, known._replace(policy=Policy())).allowed


STRANGER = {"apiVersion": "nvidia.com/v1", "kind": "DynamoComponent", "name": "chat"}


def test_k85_what_an_operator_of_unknown_kind_makes_is_warned_of() -> None:
    """A denial would be out of everyone's sight."""
    known = STRICT._replace(policy=Policy())
    outcome = child(OPERATOR, known, **STRANGER)
    assert outcome.allowed
    [advice] = [one for one in outcome.body["response"]["warnings"] if "DynamoComponent" in one]
    assert "operator for DynamoComponent chat: mend it there, or list the account" in advice
    for user in (ALICE, TENANT):
        denied = child(user, known, **STRANGER)
        assert not denied.allowed
        assert "for DynamoComponent chat" in denied.body["response"]["status"]["message"]
    assert not child(OPERATOR, STRICT, **STRANGER).allowed
    assert child(INSTALLED, STRICT, **STRANGER).allowed


def test_k86_nothing_is_written_inside_lists_of_custom_resources() -> None:
    """An unchanged manifest that is applied again would take it away unseen."""
    body = pytorch_job()
    assert "GPU001" not in mutate(review(body), STRICT).patched
    assert "GPU001" in denied(validate(review(body), STRICT))
    greedy = retrain({"name": "trainer", **GREEDY})
    assert mutate(review(greedy), STRICT).patched == ("GPU001",)


def test_k86_what_is_no_list_is_mended() -> None:
    patched = mutate(review(pytorch_job()), STRICT)
    assert "TRN002" in patched.patched


def saying(role: str, key: str = "mlgate.dev/role") -> dict[str, Any]:
    body = admitted(job())
    body["metadata"]["labels"] = {key: role}
    return body


def judged_with(labels: dict[str, str] | None = None, **policy: Any) -> ReviewContext:
    known = STRICT._replace(policy=Policy(profile="strict", **policy))
    return known._replace(namespace_labels=lambda _namespace: labels)


SERVING = {"mlgate.dev/role": "serving"}


@pytest.mark.parametrize(
    ("trust", "own", "namespace"),
    [("all", True, True), ("namespace", False, True), ("none", False, False)],
)
def test_k87_the_policy_says_whose_word_counts(
    trust: str,
    own: bool,  # noqa: FBT001
    namespace: bool,  # noqa: FBT001
) -> None:
    known = judged_with(role_trust=trust)
    assert validate(review(saying("other")), known).allowed is own
    body = admitted(job())
    known = judged_with(SERVING, role_trust=trust)
    assert validate(review(body), known).allowed is namespace
    ignored = judged_with(SERVING, role_trust=trust, namespace_labels="ignored")
    assert not validate(review(body), ignored).allowed


def test_k87_trust_follows_ignores_unless_it_is_set() -> None:
    for ignores, allowed in (("allow", True), ("cap-at-warn", False), ("forbid", False)):
        assert validate(review(saying("other")), judged_with(ignores=ignores)).allowed is allowed
        stated = judged_with(ignores=ignores, role_trust="all")
        assert validate(review(saying("other")), stated).allowed
    assert validate(review(admitted(job())), judged_with(SERVING, ignores="cap-at-warn")).allowed


def test_k87_a_component_is_a_word_too() -> None:
    body = saying("inference", "app.kubernetes.io/component")
    assert validate(review(body), judged_with()).allowed
    assert not validate(review(body), judged_with(ignores="forbid")).allowed


def test_k87_an_object_of_the_cluster_is_no_tenants() -> None:
    body = {
        "apiVersion": "trainer.kubeflow.org/v1alpha1",
        "kind": "ClusterTrainingRuntime",
        "metadata": {"name": "torch", "labels": {"mlgate.dev/role": "other"}},
        "spec": {"template": {"spec": jobset(a=9)["spec"]}},
    }
    assert validate(review(body, namespace=""), judged_with(ignores="forbid")).allowed
    body["metadata"] = {"name": "torch"}
    assert not validate(review(body, namespace=""), judged_with(ignores="forbid")).allowed


def test_k87_a_word_against_the_evidence_is_audited_always() -> None:
    for trust in ("all", "none"):
        found = validate(review(saying("serving")), judged_with(role_trust=trust)).findings
        [one] = [one for one in found if one.rule == "MLG006"]
        assert (one.form, str(one.action)) == ("contradicted", "audit")
        assert one.message.startswith("mlgate.dev/role says serving, and what runs is training: ")
    known = judged_with()
    for role in ("training", "retraining"):
        found = validate(review(saying(role)), known).findings
        assert "MLG006" not in {one.rule for one in found}


@pytest.mark.parametrize("main", [["sleep", "infinity"], ["tail", "-f", "/dev/null"], ["/app"]])
@pytest.mark.parametrize("extra", [{"restartPolicy": "Always"}, {}], ids=["sidecar", "init"])
def test_k88_what_trains_beside_a_main_container_is_what_the_pod_does(
    main: list[str], extra: dict[str, str]
) -> None:
    body = admitted(job())
    pod = body["spec"]["template"]["spec"]
    pod["initContainers"] = [{**pod["containers"][0], **extra}]
    pod["containers"] = [{"name": "main", "image": "busybox", "command": main}]
    assert denied(validate(review(body), STRICT)) >= {"TRN002", "TRN003"}


def test_k88_what_helps_a_server_does_not_make_it_training() -> None:
    body = deployment()
    pod = body["spec"]["template"]["spec"]
    pod["containers"] = [{"name": "vllm", "image": "vllm/vllm-openai:v0.10.0"}]
    trains = {"name": "warm", "image": "trainer:1", "command": ["python", "train.py"]}
    pod["initContainers"] = [trains]
    evaluation = Engine(STRICT.policy, Inventory(), TODAY).evaluate(Manifest(body))
    assert [workload.role for _, workload in evaluation.workloads] == ["serving"]


def test_k89_what_is_ignored_leaves_a_trace(tmp_path: Path) -> None:
    body = admitted(job())
    body["metadata"]["annotations"]["mlgate.dev/ignore"] = "TRN002=a sweep"
    for ignores in ("allow", "cap-at-warn"):
        server = InProcessServer(policies_of(tmp_path, f"ignores: {ignores}\n"))
        response = server.send(review(body))
        assert response["allowed"] is True
        assert response["auditAnnotations"]["ignored"] == "TRN002/batch"
        assert server.lines()[-1]["ignored"] == ["TRN002/batch"]
        assert server.sample("mlgate_ignores_used_total", rule="TRN002") == 1


def test_k89_what_is_excepted_leaves_a_trace(tmp_path: Path) -> None:
    entry = "{rules: [TRN002], match: {kind: Job}, reason: a, owner: b, expires: 2099-01-01}"
    server = InProcessServer(policies_of(tmp_path, f"exceptions: [{entry}]\n"))
    response = server.send(review(admitted(job())))
    assert response["allowed"] is True
    assert "TRN002/batch=excepted" in response["auditAnnotations"]["rules"]
    assert "TRN002/batch=excepted" in server.lines()[-1]["rules"]
    assert server.sample("mlgate_exceptions_used_total", rule="TRN002") == 1


def test_k89_what_an_owner_or_an_exempt_namespace_lets_pass_leaves_a_trace() -> None:
    body = admitted(job())
    body["metadata"]["ownerReferences"] = [owner()]
    server = InProcessServer(cluster=Cluster(owners=(owner()["uid"],)))
    for waiver, namespace in (("owner", NAMESPACE), ("exempt", "kube-system")):
        response = server.send(review(body, namespace=namespace))
        line = server.lines()[-1]
        assert (response["allowed"], line["decision"]) == (True, "pass")
        assert response["auditAnnotations"] == {"decision": "pass", "reason": line["reason"]}
        assert server.sample("mlgate_waivers_total", reason=waiver) == 1


def test_k89_a_profile_on_an_exempt_namespace_is_told_to_have_no_effect() -> None:
    labels = {"mlgate.dev/profile": "strict"}
    for name, words in (("kube-ml", 1), ("research", 0)):
        metadata = {"name": name, "labels": labels}
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
        outcome = validate(review(body, namespace=name), judged_with())
        assert len(outcome.body["response"].get("warnings", ())) == words
