"""What is remembered of an object, and what makes it another one."""

import base64
import copy
import datetime
import json
import tracemalloc
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from rules.engine import Engine
from rules.evaluation import Evaluation
from rules.inventory import Inventory
from rules.kinds.lookups import Answer, Reference
from rules.policy import Policy
from rules.rfc6902 import apply_patch
from tests.manifests import TODAY, Case, read_cases, read_documents
from tests.webhook.bodies import admitted, cron_job, job, review
from webhook.review.admission import mutate, validate
from webhook.review.context import ReviewContext
from webhook.review.finding_cache import FindingCache, TrackedInventory

CASES = read_cases()


def dump(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True).encode()


def known(**given: Any) -> ReviewContext:
    return ReviewContext(Policy(), Inventory(), TODAY)._replace(cache=FindingCache(dump), **given)


@pytest.fixture
def evaluations(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The name of each object that was judged, and not remembered."""
    judged: list[str] = []
    evaluate: Callable[..., Any] = Engine.evaluate

    def count(engine: Any, manifest: Any, **given: Any) -> Any:
        judged.append(str(manifest.identity.name))
        return evaluate(engine, manifest, **given)

    monkeypatch.setattr(Engine, "evaluate", count)
    return judged


def test_an_object_is_judged_once_for_both_endpoints(evaluations: list[str]) -> None:
    around = known()
    body = admitted(job(backoffLimit=2, activeDeadlineSeconds=7200))
    first = mutate(review(body), around)
    body["metadata"].update(uid="u", creationTimestamp="2026-06-01T00:00:00Z", generation=1)
    second = validate(review(body), around)
    assert evaluations == ["finetune"]
    assert first.findings == second.findings


def test_a_patched_object_is_known_when_it_is_shown_again(evaluations: list[str]) -> None:
    around, body = known(), admitted(job())
    first = mutate(review(body), around)
    assert first.patched
    patch = json.loads(base64.b64decode(first.body["response"]["patch"]))
    patched = apply_patch(body, patch)
    evaluations.clear()
    assert validate(review(dict(reversed(patched.items()))), around).allowed
    assert evaluations == []


def test_texts_of_objects_take_no_more_memory_than_they_are_long() -> None:
    cache, asked = FindingCache(orjson.dumps), TrackedInventory(Inventory())
    bodies = [{"metadata": {"name": f"n{n}"}, "spec": {"a": ["word"] * 5000}} for n in range(20)]
    long = len(orjson.dumps(bodies[0]))
    tracemalloc.start()
    try:
        for body in bodies:
            cache.get_or_evaluate(body, (), asked, lambda: Evaluation(()))
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert all(cache.recall(body, (), asked) == Evaluation(()) for body in bodies)
    assert kept < 20 * 1.5 * long


def test_what_was_new_is_known_as_the_old_object_of_an_update(evaluations: list[str]) -> None:
    around = known()
    old = cron_job(concurrencyPolicy="Allow")
    validate(review(old), around)
    new = copy.deepcopy(old)
    new["spec"]["suspend"] = True
    outcome = validate(review(new, operation="UPDATE", old=old), around)
    assert evaluations == ["nightly-retrain", "nightly-retrain"]
    assert [finding.rule for finding in outcome.findings] == ["CRN001"]
    assert outcome.allowed


def test_an_old_object_is_judged_by_the_rules_that_deny_the_new_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[frozenset[str]] = []
    evaluate: Callable[..., Any] = Engine.evaluate

    def note(engine: Any, manifest: Any, **given: Any) -> Any:
        found = evaluate(engine, manifest, **given)
        looked.append(frozenset(rule.code for rule, *_ in found.looks))
        return found

    monkeypatch.setattr(Engine, "evaluate", note)
    old = cron_job(concurrencyPolicy="Allow")
    new = cron_job(concurrencyPolicy="Allow", schedule="0 5 * * 1")
    outcome = validate(review(new, operation="UPDATE", old=old), known())
    assert outcome.allowed
    assert [str(one.action) for one in outcome.findings if one.rule == "CRN001"] == ["warn"]
    assert len(looked[0]) > 10
    assert looked[1:] == [{"CRN001"}]


def other_name(body: dict[str, Any]) -> None:
    body["metadata"]["name"] = "another"


def other_field(body: dict[str, Any]) -> None:
    body["spec"]["backoffLimit"] = 1


def other_managers(body: dict[str, Any]) -> None:
    body["metadata"]["managedFields"] = [{"operation": "Apply", "fieldsV1": {"f:spec": {}}}]


@pytest.mark.parametrize("change", [other_name, other_field, other_managers])
def test_another_object_is_judged(
    change: Callable[[dict[str, Any]], None], evaluations: list[str]
) -> None:
    around, body = known(), admitted(job())
    validate(review(body), around)
    changed = copy.deepcopy(body)
    change(changed)
    validate(review(changed), around)
    assert len(evaluations) == 2


@pytest.mark.parametrize(
    "changed",
    [
        {"policy": Policy(profile="strict")},
        {"now": TODAY + datetime.timedelta(days=1)},
        {"namespace_labels": lambda _namespace: {"mlgate.dev/profile": "observe"}},
    ],
    ids=["policy", "day", "labels"],
)
def test_what_an_evaluation_hangs_on_is_remembered_with_it(
    changed: dict[str, Any], evaluations: list[str]
) -> None:
    around, body = known(), admitted(job())
    first = validate(review(body), around)
    second = validate(review(body), around._replace(**changed))
    again = validate(review(body), around)
    assert len(evaluations) == 2
    assert first == again
    if "now" not in changed:
        assert second.body != first.body


def test_the_namespace_of_the_request_counts(evaluations: list[str]) -> None:
    around, body = known(), admitted(job())
    for namespace in ("research", "production", "research"):
        validate(review(body, namespace=namespace), around)
    assert len(evaluations) == 2


def test_what_hangs_on_other_objects_is_judged_again_when_they_change(
    evaluations: list[str],
) -> None:
    body = {
        "apiVersion": "trainer.kubeflow.org/v1alpha1",
        "kind": "TrainJob",
        "metadata": {"name": "tune"},
        "spec": {"runtimeRef": {"name": "torch-distributed"}, "trainer": {"numNodes": 2}},
    }
    runtime = ("trainer.kubeflow.org", "ClusterTrainingRuntime", "", "torch-distributed")
    around = known()
    for _ in range(2):
        validate(review(body), around)
    assert evaluations == ["tune"]
    around.inventory.merge([(*runtime, {"spec": {"mlPolicy": {"numNodes": 4}}}, None)])
    for _ in range(2):
        validate(review(body), around)
    assert evaluations == ["tune", "tune"]


def test_what_asks_of_every_kind_in_the_namespace_is_remembered(evaluations: list[str]) -> None:
    around = known()._replace(inventory=Inventory(complete=True))
    body = admitted(job())
    spec = body["spec"]["template"]["spec"]
    spec["volumes"] = [{"name": "runs", "persistentVolumeClaim": {"claimName": "runs"}}]
    spec["containers"][0]["volumeMounts"] = [{"name": "runs", "mountPath": "/runs"}]
    spec["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] = 1
    for _ in range(2):
        validate(review(body), around)
    assert evaluations == ["finetune"]
    around.inventory.merge([("apps", "Deployment", "research", "web", {}, None)])
    validate(review(body), around)
    assert evaluations == ["finetune", "finetune"]


def test_one_review_is_answered_alike_and_the_next_as_things_are() -> None:
    inside = Inventory(namespace="ml", complete=True)
    tracked = TrackedInventory(inside)
    reference = Reference("", ("Service",), None, "web")
    assert tracked.ask(reference, "port") == (Answer.ABSENT, None)
    inside.merge([("", "Service", "ml", "web", {"port": 80}, None)])
    assert tracked.ask(reference, "port") == (Answer.ABSENT, None)
    assert not tracked.answers_as(tracked.list_asked())
    assert TrackedInventory(inside).ask(reference, "port") == (Answer.FOUND, 80)


def test_nothing_is_kept_that_was_not_finished(evaluations: list[str]) -> None:
    around, body = known(), admitted(job())
    late = validate(review(body), around._replace(expired=lambda: True))
    assert late.errors
    assert validate(review(body), around).errors == ()
    assert len(evaluations) == 2


def test_large_objects_are_not_kept(evaluations: list[str]) -> None:
    around, body = known(), admitted(job())
    body["metadata"]["annotations"]["note"] = "x" * 70_000
    for _ in range(2):
        validate(review(body), around)
    assert len(evaluations) == 2


def test_the_oldest_is_forgotten_first(evaluations: list[str]) -> None:
    around = known()
    for number in [*range(257), 1, 0]:
        body = admitted(job())
        body["metadata"]["name"] = f"job-{number}"
        validate(review(body), around)
    assert evaluations[-2:] == ["job-256", "job-0"]


@pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case.path.parent.name}/{case.path.stem}"
)
def test_memory_changes_no_answer(case: Case) -> None:
    around = known()
    forgetful = around._replace(cache=None)
    for document in read_documents(case.text):
        for endpoint in (mutate, validate, validate):
            request = review(document.value)
            assert endpoint(request, around) == endpoint(request, forgetful)


def test_what_has_many_findings_is_not_kept(evaluations: list[str]) -> None:
    body = admitted(job())
    ignores = "X;" * 30
    body["metadata"]["annotations"]["mlgate.dev/ignore"] = ignores
    around = known()
    for _ in range(2):
        assert len(validate(review(body), around).findings) > 20
    assert len(evaluations) == 2


def test_the_bytes_of_all_that_is_kept_are_bounded() -> None:
    around = known()
    body = admitted(job())
    for number in range(100):
        body["metadata"]["annotations"]["note"] = f"{number}" + "x" * 60_000
        validate(review(body), around)
    assert around.cache is not None
    assert around.cache._bytes <= 4 * 1024 * 1024
    assert around.cache._bytes == sum(len(text) for text, _ in around.cache._entries)


def test_a_namespace_without_labels_is_one_like_any_other() -> None:
    around = known(namespace_labels=lambda _namespace: {})
    assert validate(review(admitted(job())), around).findings
