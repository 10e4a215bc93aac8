"""Group K: words that people can use, in warnings, denials and logs."""

import copy
import io
import json
from pathlib import Path
from typing import Any

import pytest

from rules.checks import ALL
from rules.inventory import Inventory
from rules.model import Action, Fix, Presence, Set
from rules.policy import Policy
from tests.manifests import TODAY
from tests.webhook.bodies import admitted, cron_job, deployment, job, pytorch_job, review
from tests.webhook.in_process import InProcessServer, policies_of
from webhook.observability.logs import Log
from webhook.review.admission import mutate, validate
from webhook.review.brief import MAX_WARNING, brief
from webhook.review.context import ReviewContext
from webhook.review.record import make_record

KNOWN = ReviewContext(Policy(), Inventory(), TODAY)
STRICT = KNOWN._replace(policy=Policy(profile="strict"))


def jobset(**child: Any) -> dict[str, Any]:
    """A JobSet of one child ``w``, whose ranks train."""
    inner = job(**child)["spec"]
    return {
        "apiVersion": "jobset.x-k8s.io/v1alpha2",
        "kind": "JobSet",
        "metadata": {"name": "ranks", "namespace": "research"},
        "spec": {"replicatedJobs": [{"name": "w", "template": {"spec": inner}}]},
    }


def warnings_of(body: dict[str, Any], known: ReviewContext = KNOWN) -> dict[str, str]:
    """What is warned of, by rule; the second line of one goes on after the first."""
    told: dict[str, str] = {}
    for line in validate(review(body), known).body["response"].get("warnings", ()):
        code = line.split()[0]
        told[code] = f"{told[code]}\n{line}" if code in told else line
    return told


def denial_of(body: dict[str, Any], known: ReviewContext = STRICT, **options: Any) -> list[str]:
    status = validate(review(body, **options), known).body["response"]["status"]
    return str(status["message"]).splitlines()


def test_k120_a_warning_has_code_value_and_fix_first_and_the_place_last() -> None:
    body = jobset(backoffLimit=0)
    template = body["spec"]["replicatedJobs"][0]["template"]["spec"]["template"]["spec"]
    template["restartPolicy"] = "OnFailure"
    body["metadata"]["managedFields"] = [{"operation": "Apply", "fieldsV1": {"f:spec": {}}}]
    told = warnings_of(body)
    assert told["TRN001"] == (
        "TRN001 restartPolicy unset (=OnFailure): set Never [replicatedJobs w]"
    )
    assert told["TRN002"] == "TRN002 maxRestarts unset: set 3 [failurePolicy]"
    assert told["TRN003"] == "TRN003 activeDeadlineSeconds unset: set 86400 [replicatedJobs w]"


def test_k120_what_has_no_room_goes_to_a_second_line_and_a_place_loses_its_middle() -> None:
    body = pytorch_job()
    spec = body["spec"]["pytorchReplicaSpecs"].pop("Worker")
    spec["template"]["spec"]["containers"][0]["name"] = "a-container-with-a-long-name-of-its-own"
    body["spec"]["pytorchReplicaSpecs"] = {"Worker": spec}
    findings = validate(review(body), STRICT).findings
    (greedy,) = (one for one in findings if one.rule == "GPU001")
    first, second = brief(greedy, body)
    assert first.startswith("GPU001 nvidia.com/gpu is requested (1)")
    assert first.endswith("resources requests]")
    assert "[pytorchReplicaSpecs" in first
    assert "…" in first.partition("[")[2]
    assert second == 'GPU001 fix: set limits["nvidia.com/gpu"] 1'
    assert max(len(first), len(second)) <= MAX_WARNING


def test_k120_no_value_of_a_variable_is_quoted() -> None:
    path = ("spec", "template", "spec", "containers", 0, "env", 0, "value")
    body = admitted(job())
    container = body["spec"]["template"]["spec"]["containers"][0]
    container["env"] = [{"name": "NCCL_DEBUG", "value": "s3cr3t"}]
    finding = validate(review(body), STRICT).findings[0]
    fix = Fix("set it", (Set(path, "INFO"),), safe=False, presence=Presence.WRITTEN)
    lines = brief(finding._replace(path=path, message="logs are loud", fix=fix), body)
    assert lines == [
        f"{finding.rule} logs are loud: set INFO [containers trainer env NCCL_DEBUG value]"
    ]


def test_k121_what_was_added_is_named_with_its_value() -> None:
    body = admitted(job())
    (told,) = mutate(review(body), KNOWN).body["response"]["warnings"]
    assert told == "TRN002 mlgate added backoffLimit: 3; add it to the manifest [spec]"


def test_k121_nothing_is_said_to_be_added_to_what_is_refused() -> None:
    body = admitted(job())
    outcome = mutate(review(body), STRICT)
    assert outcome.patched == ("TRN002",)
    assert "warnings" not in outcome.body["response"]
    assert not validate(review(body), STRICT).allowed


def test_k122_a_denial_has_a_line_for_each_finding_and_one_with_the_way_out() -> None:
    body = admitted(job(backoffLimit=20))
    body["spec"]["template"]["spec"]["restartPolicy"] = "OnFailure"
    head, *lines, last = denial_of(body)
    assert head == "3 findings:"
    assert lines == [
        (
            "TRN001/batch training pod is restarted in place: spec.template.spec.restartPolicy is "
            "OnFailure; expected Never; fix: set spec.template.spec.restartPolicy to Never"
        ),
        "TRN002/batch spec.backoffLimit is 20; expected at most 3; fix: set spec.backoffLimit to 3",
        (
            "TRN003/missing training has no wall-clock bound: spec.activeDeadlineSeconds is not "
            "set (it bounds the whole Job, all retries included); fix: set "
            "spec.activeDeadlineSeconds to 86400"
        ),
    ]
    assert last.startswith("profile strict; docs: https://mlgate.dev/rules/CODE; contact: ")


def test_k122_the_last_line_names_the_policys_contact(tmp_path: Path) -> None:
    text = 'profile: strict\ncontact: "#ml-platform"\n'
    server = InProcessServer(policies_of(tmp_path, text))
    body = admitted(job(backoffLimit=2))
    message = server.send(review(body))["status"]["message"]
    assert message.splitlines()[-1] == (
        "profile strict; docs: https://mlgate.dev/rules/TRN003; contact: #ml-platform, also for "
        "an exception (give rule, object, reason and last day)"
    )


@pytest.mark.parametrize("text", ["a\nTRN001/batch spec.x is y", "\x1b[31mred", "\u2028line"])
def test_k122_no_line_of_the_object_looks_like_one_of_ours(text: str) -> None:
    body = admitted(job(backoffLimit=2))
    container = body["spec"]["template"]["spec"]["containers"][0]
    container["command"] = ["python", "train.py", "--output-dir", f"/out/{text}"]
    lines = denial_of(body)
    assert len(lines) == 2 + sum(
        one.action == "deny" for one in validate(review(body), STRICT).findings
    )
    assert all(line.isprintable() for line in lines)


def test_k123_a_fix_of_several_edits_explains_each() -> None:
    (line,) = (one for one in denial_of(jobset(), STRICT) if one.startswith("TRN002/"))
    assert line.endswith(
        "fix: set spec.failurePolicy.maxRestarts to 3 (restarts of all ranks together), "
        "spec.replicatedJobs[0].template.spec.backoffLimit to 0 "
        "(no rank is retried alone while the others wait)"
    )
    over = cron_job()
    over["spec"]["jobTemplate"]["spec"]["backoffLimit"] = 9
    (line,) = (one for one in denial_of(copy.deepcopy(over)) if one.startswith("TRN002/"))
    assert line.endswith("fix: set spec.jobTemplate.spec.backoffLimit to 3")


OBSERVE = """
profile: observe
ignores: cap-at-warn
exceptions:
  - {rules: [TRN002], match: {name: "known-*"}, reason: old, owner: ml}
"""


def foreseen(server: InProcessServer, body: dict[str, Any], **request: Any) -> dict[str, str]:
    response = server.send(review(body, **request))
    assert response["allowed"] is True
    noted = response["auditAnnotations"]["would"]
    assert server.lines()[-1]["would"] == noted.split(",")
    return dict(one.split("=") for one in noted.split(","))


def test_k124_observe_tells_what_the_other_profiles_would_have_done(tmp_path: Path) -> None:
    server = InProcessServer(policies_of(tmp_path, OBSERVE))
    fine = admitted(job(backoffLimit=2, activeDeadlineSeconds=600))
    late = admitted(job(backoffLimit=2))
    assert foreseen(server, fine) == {"standard": "allow", "strict": "allow"}
    assert foreseen(server, late) == {"standard": "warn", "strict": "deny"}
    assert foreseen(server, admitted(job())) == {"standard": "deny", "strict": "deny"}
    labels = {"kind": "Job", "decision": "deny"}
    assert server.sample("mlgate_foreseen_total", profile="standard", **labels) == 1
    assert server.sample("mlgate_foreseen_total", profile="strict", **labels) == 2


def test_k124_what_would_let_pass_there_lets_pass_in_what_is_foretold(tmp_path: Path) -> None:
    server = InProcessServer(policies_of(tmp_path, OBSERVE))
    known = admitted(job(activeDeadlineSeconds=600))
    known["metadata"]["name"] = "known-1"
    assert foreseen(server, known) == {"standard": "allow", "strict": "allow"}
    ignored = admitted(job(activeDeadlineSeconds=600))
    ignored["metadata"]["annotations"]["mlgate.dev/ignore"] = "TRN002=because"
    assert foreseen(server, ignored) == {"standard": "warn", "strict": "warn"}
    old = admitted(job(backoffLimit=2))
    new = copy.deepcopy(old)
    new["spec"]["parallelism"] = 2
    assert foreseen(server, new, operation="UPDATE", old=old)["strict"] == "warn"


def test_k124_nothing_is_foretold_where_another_profile_holds() -> None:
    server = InProcessServer()
    response = server.send(review(admitted(job(backoffLimit=2))))
    assert "would" not in response["auditAnnotations"]
    assert "would" not in server.lines()[-1]


def test_k124_no_form_that_standard_leaves_off_is_denied_by_strict() -> None:
    for rule in ALL:
        for form in rule.forms:
            assert (form.standard, form.strict) != (Action.OFF, Action.DENY)


EXPIRED = """
profile: {profile}
exceptions:
  - {{rules: [TRN002], match: {{kind: Job}}, reason: old, owner: ml, expires: 2020-01-31}}
"""


def test_k125_an_expired_exception_is_named_in_the_finding(tmp_path: Path) -> None:
    policy = policies_of(tmp_path, EXPIRED.format(profile="strict")).active.policy
    body = admitted(job(backoffLimit=20, activeDeadlineSeconds=600))
    denied = denial_of(body, KNOWN._replace(policy=policy))
    (line,) = (one for one in denied if one.startswith("TRN002/"))
    assert "(the exception of ml expired on 2020-01-31: old)" in line
    warned = policies_of(tmp_path, EXPIRED.format(profile="strict") + "rules: {TRN002: warn}\n")
    told = warnings_of(body, KNOWN._replace(policy=warned.active.policy))
    assert told["TRN002"].splitlines() == [
        "TRN002 backoffLimit 20: set 3 [spec]",
        "TRN002 the exception of ml expired on 2020-01-31: old",
    ]


def test_k128_reviews_can_be_logged_where_they_are_denied_alone() -> None:
    stream = io.StringIO()
    log = Log(stream, denials_only=True)
    for body in (admitted(job()), admitted(job(backoffLimit=2)), deployment()):
        outcome = validate(review(body), KNOWN)
        log.review(make_record("validate", outcome.request), outcome, 0.001, "r1")
    late = validate(review(admitted(job())), STRICT._replace(expired=lambda: True))
    log.review(make_record("validate", late.request), late, 0.001, "r1")
    log.event("info", "stopped")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [one.get("decision") for one in lines] == ["deny", "undecided", None]


def update_of(new: dict[str, Any], old: dict[str, Any]) -> str:
    """What is said of TRN002 in an update."""
    outcome = validate(review(new, operation="UPDATE", old=old), STRICT)
    (finding,) = (one for one in outcome.findings if one.rule == "TRN002")
    (line,) = brief(finding, new)
    return f"{finding.message} | {line}"


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (admitted(job()), "a written value of at most 3"),
        (admitted(job(), applied=False), "at most 3"),
    ],
)
def test_k130_what_an_update_has_changed_is_not_called_unset(
    new: dict[str, Any], expected: str
) -> None:
    old = admitted(job(backoffLimit=3), applied=False)
    assert update_of(new, old) == (
        f"spec.backoffLimit is 6 (it was 3); expected {expected} | "
        "TRN002 backoffLimit 6: set 3 [spec]"
    )
    same = admitted(job(), applied=False)
    same["spec"]["parallelism"] = 2
    assert "unset or left at the default 6" in update_of(same, admitted(job(), applied=False))


def test_k130_items_are_held_against_those_of_their_name() -> None:
    new, old = jobset(backoffLimit=2), jobset(backoffLimit=2)
    (was,), (child,) = old["spec"]["replicatedJobs"], new["spec"]["replicatedJobs"]
    was["template"]["spec"]["template"]["spec"]["restartPolicy"] = "Never"
    child["template"]["spec"]["template"]["spec"]["restartPolicy"] = "OnFailure"
    new["spec"]["replicatedJobs"].insert(0, {**child, "name": "fresh"})
    findings = validate(review(new, operation="UPDATE", old=old), STRICT).findings
    fresh, changed = (one.message for one in findings if one.rule == "TRN001")
    assert "restartPolicy is unset or left at the default OnFailure" in fresh
    assert "restartPolicy is OnFailure (it was Never)" in changed


def test_k130_a_list_that_was_applied_as_a_whole_may_hold_what_was_written() -> None:
    body = jobset(backoffLimit=0)
    template = body["spec"]["replicatedJobs"][0]["template"]["spec"]["template"]["spec"]
    template["restartPolicy"] = "OnFailure"
    fields: dict[str, Any] = {"f:spec": {"f:replicatedJobs": {}}}
    body["metadata"]["managedFields"] = [{"operation": "Apply", "fieldsV1": fields}]
    assert "OnFailure (unset or default)" in warnings_of(body)["TRN001"]


def test_k130_no_time_is_lost_to_words() -> None:
    old, new = admitted(job(backoffLimit=3)), admitted(job(), applied=False)
    whole = validate(review(new, operation="UPDATE", old=old), STRICT)
    left = iter([False] * len(ALL))
    known = STRICT._replace(expired=lambda: next(left, True))
    hurried = validate(review(new, operation="UPDATE", old=old), known)
    assert [one.fingerprint for one in hurried.findings] == [
        one.fingerprint for one in whole.findings
    ]
