"""Group C: what a patch may do, one test a promise."""

import base64
import copy
import datetime
import json
from pathlib import Path
from typing import Any

import jsonpatch
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.annotations import DEFAULTED, PROFILE_LABEL
from rules.inventory import Inventory
from rules.model import Action, Fix, Presence, Set
from rules.policy import Policy
from tests.manifests import TODAY, read_cases, read_documents
from tests.webhook.bodies import admitted, cron_job, job, owner, pytorch_job, review
from tests.webhook.in_process import InProcessServer, policies_of
from webhook.review import mutation
from webhook.review.admission import ReviewOutcome, mutate, validate
from webhook.review.context import ReviewContext
from webhook.server.process import reload_policy

KNOWN = ReviewContext(Policy(), Inventory(), TODAY)


def objects() -> list[dict[str, Any]]:
    """Every object of the rules' own cases, of the kinds that an API server could hold."""
    return [
        document.value
        for case in read_cases()
        for document in read_documents(case.text)
        if isinstance(document.value, dict) and isinstance(document.value.get("metadata"), dict)
    ]


def patch_of(outcome: ReviewOutcome) -> list[dict[str, Any]]:
    text = outcome.body["response"].get("patch")
    return json.loads(base64.b64decode(text)) if text else []


def mended(body: dict[str, Any], known: ReviewContext = KNOWN) -> Any:
    return jsonpatch.apply_patch(body, patch_of(mutate(review(body), known)))


def strict() -> ReviewContext:
    return KNOWN._replace(policy=Policy(profile="strict"))


def test_c32_what_was_mutated_is_not_mutated_again() -> None:
    changed = 0
    for body in objects():
        once = mended(body, strict())
        assert patch_of(mutate(review(once), strict())) == [], body
        changed += once != body
    assert changed > 5


@given(
    spec=st.fixed_dictionaries(
        {}, optional={"backoffLimit": st.integers(0, 9), "ttlSecondsAfterFinished": st.just(1)}
    ),
    applied=st.booleans(),
)
def test_c32_for_any_job(spec: dict[str, Any], applied: bool) -> None:  # noqa: FBT001
    once = mended(admitted(job(**spec), applied=applied))
    assert patch_of(mutate(review(once), KNOWN)) == []


def test_c33_fixes_that_do_not_come_to_rest_make_no_patch(monkeypatch: pytest.MonkeyPatch) -> None:
    server = InProcessServer()
    number = iter(range(1000))

    def restless(findings: Any) -> Any:
        path = ("metadata", "labels", f"n{next(number)}")
        fix = Fix("one more", (Set(path, "x"),), safe=True, presence=Presence.ABSENT)
        return [finding._replace(fix=fix) for finding in findings][:1]

    monkeypatch.setattr(mutation, "_choose", restless)
    response = server.send(review(admitted(job())), "mutate")
    assert response["allowed"] is True
    assert "patch" not in response
    assert server.sample("mlgate_patch_selfcheck_failures_total") == 1


def test_c33_fixes_that_would_bring_a_denial_make_no_patch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three restarts by the elastic policy, times those that would be written: more than is let
    pass, and nobody wrote them."""
    body = elastic_job()
    too_many = Set(("spec", "runPolicy", "backoffLimit"), 3)

    def multiply(findings: Any) -> Any:
        fix = Fix("retries", (too_many,), safe=True, presence=Presence.ABSENT)
        return [one._replace(fix=fix) for one in findings if one.rule == "TRN002"]

    monkeypatch.setattr(mutation, "_choose", multiply)
    outcome = mutate(review(body), strict())
    assert patch_of(outcome) == []
    assert not outcome.dropped
    written = copy.deepcopy(body)
    written["spec"]["runPolicy"] = {"backoffLimit": 3}
    assert denied_of(written) - denied_of(body) == {"TRN004"}


def test_c33_a_budget_that_another_multiplies_is_written_small_enough() -> None:
    body = elastic_job()
    assert "TRN002" in denied_of(body)
    after = jsonpatch.apply_patch(body, patch_of(mutate(review(body), strict())))
    assert after["spec"]["runPolicy"]["backoffLimit"] == 2
    assert denied_of(after) < denied_of(body)


def elastic_job() -> dict[str, Any]:
    body: dict[str, Any] = pytorch_job()
    body["spec"]["elasticPolicy"] = {"maxRestarts": 3}
    return body


def denied_of(body: dict[str, Any]) -> set[str]:
    findings = validate(review(body), strict()).findings
    return {one.rule for one in findings if one.action == "deny"}


def test_c34_only_leaves_are_written_and_nothing_is_removed() -> None:
    for body in objects():
        for operation in patch_of(mutate(review(body), strict())):
            assert operation["op"] in ("add", "replace")
            before = jsonpatch.JsonPointer(operation["path"]).resolve(body, None)
            assert not isinstance(before, dict | list), operation


def test_c35_unknown_fields_survive() -> None:
    for body in objects():
        if isinstance(body.get("spec"), dict):
            body["spec"]["newField2030"] = {"deep": [{"er": 1}]}
        patch = patch_of(mutate(review(body), strict()))
        assert all(operation["op"] != "remove" for operation in patch)
        after = jsonpatch.apply_patch(body, patch)
        assert (after.get("spec") or {}).get("newField2030") == (body.get("spec") or {}).get(
            "newField2030"
        )


def test_c36_what_was_written_is_reported_and_never_overwritten() -> None:
    body = admitted(job(backoffLimit=20))
    assert mended(body) == body
    assert "TRN002" in validate(review(body), KNOWN).body["response"]["status"]["message"]


def test_c36_a_default_that_somebody_wrote_is_written() -> None:
    body = admitted(job(backoffLimit=6))
    assert mended(body)["spec"]["backoffLimit"] == 6


def test_c36_a_value_of_which_nobody_knows_who_wrote_it_stays() -> None:
    body = admitted(job(), applied=False)
    assert mended(body)["spec"]["backoffLimit"] == 6


@pytest.mark.parametrize("operation", ["UPDATE", "DELETE", "CONNECT"])
def test_c37_only_new_objects_are_changed(operation: str) -> None:
    body = cron_job()
    del body["spec"]["concurrencyPolicy"]
    assert patch_of(mutate(review(body), KNOWN))
    assert patch_of(mutate(review(body, operation=operation, old=body), KNOWN)) == []


def test_c37_owned_objects_are_changed_in_their_owner() -> None:
    body = admitted(job())
    body["metadata"]["ownerReferences"] = [owner()]
    assert patch_of(mutate(review(body), KNOWN)) == []
    by_controller = {"username": "system:serviceaccount:kube-system:cronjob-controller"}
    assert patch_of(mutate(review(body, userInfo=by_controller), KNOWN)) == []


def test_c38_what_was_mutated_passes_what_was_mended() -> None:
    for body in objects():
        outcome = mutate(review(body), KNOWN)
        after = jsonpatch.apply_patch(body, patch_of(outcome))
        left = {one.rule for one in validate(review(after), KNOWN).findings if _mendable(one)}
        assert left.isdisjoint(outcome.patched), body


def _mendable(finding: Any) -> bool:
    fix = finding.fix
    acts = finding.action in (Action.DENY, Action.WARN)
    return bool(acts and fix and fix.safe and fix.absent and finding.embedded is None)


def test_c39_the_same_object_gets_the_same_bytes_on_any_day() -> None:
    later = KNOWN._replace(now=TODAY + datetime.timedelta(days=400))
    body = pytorch_job()
    answers = [mutate(review(copy.deepcopy(body)), known).body for known in (KNOWN, KNOWN, later)]
    assert answers[0] == answers[1] == answers[2]


def test_c40_what_was_added_is_annotated_and_told() -> None:
    body = admitted(job())
    outcome = mutate(review(body), KNOWN)
    after = jsonpatch.apply_patch(body, patch_of(outcome))
    assert after["metadata"]["annotations"][DEFAULTED] == "TRN002 spec.backoffLimit"
    (warning,) = outcome.body["response"]["warnings"]
    assert warning == "TRN002 mlgate added backoffLimit: 3; add it to the manifest [spec]"


def test_c41_a_rules_mutation_can_be_switched_off_live(tmp_path: Path) -> None:
    server = InProcessServer(policies_of(tmp_path, "profile: standard\n"))
    assert "patch" in server.send(review(admitted(job())), "mutate")
    text = "apiVersion: mlgate.dev/v1\nkind: Policy\nrules: {TRN002: off}\n"
    (tmp_path / "mlgate.yaml").write_text(text)
    reload_policy(server.handler)
    assert "patch" not in server.send(review(admitted(job())), "mutate")


NO_BUDGET = admitted(job(), applied=True)


def patched_rules(policy: Policy, namespace_labels: dict[str, str] | None = None) -> set[str]:
    """The rules whose fixes are made in a Job without a budget and deadline."""
    known = KNOWN._replace(policy=policy, namespace_labels=lambda _name: namespace_labels)
    return set(mutate(review(NO_BUDGET), known).patched)


def test_fixes_are_chosen_apart_from_actions() -> None:
    """A rule may be denied and not mended, or mended and only audited."""
    assert "TRN002" in patched_rules(Policy())
    assert patched_rules(Policy(mutations={"TRN002": False})) == patched_rules(Policy()) - {
        "TRN002"
    }
    assert patched_rules(Policy(mutations={"TRN002": False, "TRN002/batch": True})) == (
        patched_rules(Policy())
    )
    audited = {"TRN002": Action.AUDIT}
    assert "TRN002" not in patched_rules(Policy(rules=audited))
    assert "TRN002" in patched_rules(Policy(rules=audited, mutations={"TRN002": True}))
    assert patched_rules(Policy(mutations={"default": False})) == set()
    assert patched_rules(Policy(mutations={"default": False, "TRN002": True})) == {"TRN002"}


def test_nothing_is_changed_where_observe_holds_or_a_rule_is_off() -> None:
    wanted = {"default": True}
    assert patched_rules(Policy(profile="observe", mutations=wanted)) == set()
    assert patched_rules(Policy(mutations=wanted), {PROFILE_LABEL: "observe"}) == set()
    off = Policy(rules={"TRN002": Action.OFF}, mutations=wanted)
    assert "TRN002" not in patched_rules(off)
