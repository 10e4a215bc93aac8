"""Group F: what a decision means, one test a promise."""

import datetime
import json
from pathlib import Path
from typing import Any

import pytest

from rules.checks import BY_CODE
from rules.engine import Engine
from rules.inventory import Inventory
from rules.kinds.lookups import Answer
from rules.manifest import Manifest
from rules.policy import Policy
from tests.manifests import TODAY
from tests.webhook.bodies import NAMESPACE, admitted, cron_job, deployment, job, owner, review
from tests.webhook.in_process import Cluster, InProcessServer, policies_of
from webhook.review.admission import ReviewOutcome, mutate, validate
from webhook.review.context import ReviewContext

KNOWN = ReviewContext(Policy(), Inventory(), TODAY)


def actions(outcome: ReviewOutcome) -> dict[str, str]:
    return {finding.rule: str(finding.action) for finding in outcome.findings}


@pytest.mark.parametrize(
    ("action", "allowed", "warned"),
    [("deny", False, False), ("warn", True, True), ("audit", True, False), ("off", True, False)],
)
def test_f60_each_rule_has_a_mode_in_each_namespace(
    action: str,
    allowed: bool,  # noqa: FBT001
    warned: bool,  # noqa: FBT001
    tmp_path: Path,
) -> None:
    text = f"""
namespaces:
  - match: {{name: {NAMESPACE}}}
    rules: {{TRN002: {action}, TRN003: off}}
"""
    server = InProcessServer(policies_of(tmp_path, text))
    response = server.send(review(admitted(job())))
    assert response["allowed"] is allowed
    assert any("TRN002" in line for line in response.get("warnings", ())) is warned
    elsewhere = server.send(review(admitted(job()), namespace="other"))
    assert elsewhere["allowed"] is False


def test_f60_a_namespace_asks_for_its_profile_by_label() -> None:
    server = InProcessServer(cluster=Cluster({"mlgate.dev/profile": "observe"}))
    assert server.send(review(admitted(job())))["allowed"] is True


def test_f60_an_unknown_profile_falls_back_to_the_policys() -> None:
    server = InProcessServer(cluster=Cluster({"mlgate.dev/profile": "lenient"}))
    assert server.send(review(admitted(job())))["allowed"] is False


def test_f62_an_update_is_denied_only_what_it_brings_in() -> None:
    bad, good = cron_job(concurrencyPolicy="Allow"), cron_job()
    assert not validate(review(bad, operation="UPDATE", old=good), KNOWN).allowed
    still = cron_job(concurrencyPolicy="Allow", schedule="0 3 * * *")
    outcome = validate(review(still, operation="UPDATE", old=bad), KNOWN)
    assert outcome.allowed
    assert actions(outcome)["CRN001"] == "warn"


@pytest.mark.parametrize(
    "metadata",
    [
        {"labels": {"team": "vision"}},
        {"finalizers": []},
        {"annotations": {"mlgate.dev/ignore": ""}},
        {"ownerReferences": []},
    ],
)
def test_f62_labels_and_finalizers_may_always_change(metadata: dict[str, Any]) -> None:
    bad = cron_job(concurrencyPolicy="Allow")
    old = {**bad, "metadata": {**bad["metadata"], "finalizers": ["a/b"]}}
    new = {**bad, "metadata": {**bad["metadata"], **metadata}}
    outcome = validate(review(new, operation="UPDATE", old=old), KNOWN)
    assert (outcome.allowed, outcome.passed) == (True, "only metadata changed")


@pytest.mark.parametrize("subresource", ["status", "scale"])
def test_f62_status_and_scale_always_pass(subresource: str) -> None:
    bad = cron_job(concurrencyPolicy="Allow")
    request = review(bad, operation="UPDATE", old=cron_job(), subResource=subresource)
    assert validate(request, KNOWN).allowed


def test_f62_scaling_down_in_the_object_itself_passes() -> None:
    server = InProcessServer()
    new, old = deployment(replicas=1), deployment(replicas=3)
    assert server.send(review(new, operation="UPDATE", old=old))["allowed"] is True


@pytest.mark.parametrize(
    "username",
    [
        "system:serviceaccount:kube-system:job-controller",
        "system:kube-controller-manager",
        "system:serviceaccount:kubeflow:training-operator",
    ],
)
def test_f63_children_made_by_a_controller_pass(username: str, tmp_path: Path) -> None:
    text = "controllers: ['system:serviceaccount:kubeflow:training-operator']\n"
    server = InProcessServer(policies_of(tmp_path, text), Cluster())
    body = admitted(job())
    body["metadata"]["ownerReferences"] = [owner()]
    response = server.send(review(body, userInfo={"username": username}))
    assert response["allowed"] is True
    assert "warnings" not in response


def test_f63_the_word_of_the_owner_reference_alone_does_not_count() -> None:
    body = admitted(job())
    body["metadata"]["ownerReferences"] = [owner()]
    pretended = [
        "system:serviceaccount:research:job-controller",
        "system:serviceaccount:kube-system-x:job-controller",
        "job-controller",
    ]
    for username in pretended:
        server = InProcessServer(cluster=Cluster())
        assert server.send(review(body, userInfo={"username": username}))["allowed"] is False


def test_f63_an_owner_that_exists_was_judged() -> None:
    body = admitted(job())
    body["metadata"]["ownerReferences"] = [owner()]
    known = KNOWN._replace(
        owner=lambda uid: Answer.FOUND if uid == owner()["uid"] else Answer.ABSENT
    )
    assert validate(review(body), known).passed == "its owner was judged"


def test_f64_the_engine_says_the_same_of_a_file() -> None:
    body = admitted(job(backoffLimit=20))
    body["metadata"]["namespace"] = NAMESPACE
    engine = Engine(Policy(), Inventory(), TODAY)
    offline = engine.evaluate(Manifest(body)).findings
    assert validate(review(body), KNOWN).findings == offline


def test_f65_dry_run_is_decided_alike_and_leaves_nothing() -> None:
    for endpoint in (validate, mutate):
        wet = endpoint(review(admitted(job())), KNOWN)
        dry = endpoint(review(admitted(job()), dryRun=True), KNOWN)
        assert wet == dry._replace(request=wet.request)
    server = InProcessServer()
    before = server.handler.cluster.inventory.rows()
    server.send(review(admitted(job()), dryRun=True))
    assert server.handler.cluster.inventory.rows() == before


def test_f66_a_denial_names_every_rule_with_path_found_expected_and_fix(tmp_path: Path) -> None:
    server = InProcessServer(policies_of(tmp_path, "profile: strict\n"))
    body = admitted(job(backoffLimit=20))
    body["spec"]["template"]["spec"]["restartPolicy"] = "OnFailure"
    message = server.send(review(body))["status"]["message"]
    for part in (
        "\nTRN001/batch ",
        "\nTRN002/batch ",
        "\nTRN003/missing ",
        "spec.backoffLimit",
        "20",
        "at most 3",
        "fix: ",
        "https://mlgate.dev/rules/",
    ):
        assert part in message
    assert len(message.encode()) <= 2048


def test_f66_a_denial_is_never_longer_than_two_kilobytes(tmp_path: Path) -> None:
    server = InProcessServer(policies_of(tmp_path, "profile: strict\n"))
    body = admitted(job(backoffLimit=20))
    pod = body["spec"]["template"]["spec"]
    pod["restartPolicy"] = "OnFailure"
    pod["containers"][0]["command"] = ["train.py", "--output-dir", "/é" * 900]
    pod["containers"] += [
        {"name": f"c{n}", "image": "a", "resources": {"requests": {"nvidia.com/gpu": 1}}}
        for n in range(40)
    ]
    message = server.send(review(body))["status"]["message"]
    assert len(message.encode()) <= 2048
    assert "more: run mlgate lint" in message


def test_f67_a_rule_that_crashes_takes_no_other_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_arguments: Any) -> Any:
        raise RuntimeError("bug")

    server = InProcessServer()
    broken = BY_CODE["TRN003"]._replace(check=crash)
    rules = tuple(broken if rule.code == "TRN003" else rule for rule in BY_CODE.values())
    plain = Engine.__init__

    def with_broken(self: Engine, *arguments: Any, **options: Any) -> None:
        plain(self, *arguments, **{**options, "rules": rules})

    monkeypatch.setattr(Engine, "__init__", with_broken)
    good = server.send(review(admitted(job(backoffLimit=2))))
    assert good["allowed"] is True
    assert any("TRN003" in line and "crashed" in line for line in good["warnings"])
    assert server.send(review(admitted(job())))["allowed"] is False
    assert server.sample("mlgate_rule_errors_total", rule="TRN003") == 2


def test_exceptions_are_judged_by_the_day_of_the_request(tmp_path: Path) -> None:
    text = """
exceptions:
  - {rules: [TRN002], match: {namespace: research}, reason: old, owner: ml, expires: 2026-06-01}
"""
    policy = policies_of(tmp_path, text).active.policy
    known = KNOWN._replace(policy=policy)
    assert actions(validate(review(admitted(job())), known))["TRN002"] == "excepted"
    tomorrow = known._replace(now=TODAY + datetime.timedelta(days=1))
    assert actions(validate(review(admitted(job())), tomorrow))["TRN002"] == "deny"


def test_ephemeral_containers_are_judged() -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": NAMESPACE},
        "spec": {"restartPolicy": "Always", "containers": [{"name": "a", "image": "nginx:1"}]},
    }
    body = json.loads(json.dumps(pod))
    body["spec"]["ephemeralContainers"] = [{"name": "debug", "image": "busybox:1"}]
    request = review(body, operation="UPDATE", old=pod, subResource="ephemeralcontainers")
    assert validate(request, KNOWN).passed is None


def named(label: str | None, **metadata: Any) -> dict[str, Any]:
    labels = {"labels": {"mlgate.dev/profile": label}} if label else {}
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "a", **labels, **metadata},
    }


def told(body: dict[str, Any], old: dict[str, Any] | None = None, **policy: Any) -> list[str]:
    operation = "UPDATE" if old else "CREATE"
    request = review(body, operation=operation, old=old, namespace="a")
    outcome = validate(request, KNOWN._replace(policy=Policy(**policy)))
    assert outcome.allowed
    warnings: list[str] = outcome.body["response"].get("warnings", [])
    return warnings


def test_f60_an_unknown_profile_is_told_to_who_writes_the_namespace() -> None:
    expected = [
        "mlgate.dev/profile is 'lenient'; expected observe, standard, strict: standard holds"
    ]
    assert told(named("lenient")) == expected
    assert told(named("lenient"), named("strict")) == expected
    assert told(named("lenient"), named("lenient")) == []
    assert told(named("strict")) == told(named(None)) == told(named(None), named("strict")) == []


def test_g71_a_label_that_may_not_exempt_is_told_to_have_no_effect() -> None:
    (warning,) = told(named("observe"), named(None), namespace_labels="ignored")
    assert warning == "mlgate.dev/profile has no effect: the policy ignores labels of Namespaces"
    known = KNOWN._replace(
        policy=Policy(namespace_labels="ignored"),
        namespace_labels=lambda _namespace: {"mlgate.dev/profile": "observe"},
    )
    assert not validate(review(admitted(job())), known).allowed


def test_f62_what_was_added_here_may_go_again_with_a_warning() -> None:
    """``kubectl replace`` of the manifest that was mended when it was created."""
    written = cron_job()
    del written["spec"]["jobTemplate"]["spec"]["backoffLimit"]
    note = {"annotations": {"mlgate.dev/defaulted": "TRN002 spec.jobTemplate.spec.backoffLimit"}}
    mended = {**cron_job(), "metadata": {**written["metadata"], **note}}
    inner = {**written["spec"]["jobTemplate"]["spec"], "backoffLimit": 6}
    replaced = {**written, "spec": {**written["spec"], "jobTemplate": {"spec": inner}}}
    outcome = validate(review(replaced, operation="UPDATE", old=mended), KNOWN)
    assert actions(outcome) == {"TRN002": "warn"}
    unmarked = cron_job()
    assert not validate(review(replaced, operation="UPDATE", old=unmarked), KNOWN).allowed
    forbids = KNOWN._replace(policy=Policy(ignores="forbid"))
    assert not validate(review(replaced, operation="UPDATE", old=mended), forbids).allowed
    inner["backoffLimit"] = 100
    assert not validate(review(replaced, operation="UPDATE", old=mended), KNOWN).allowed
