"""Group H: what metrics and logs say, one test a promise."""

import errno
import json
from pathlib import Path
from typing import Any

import pytest

from rules.kinds import BUILT_IN
from tests.webhook.bodies import NAMESPACE, UID, admitted, cron_job, deployment, job, review
from tests.webhook.in_process import InProcessServer, policies_of
from webhook.observability.metrics import DURATION_BUCKETS
from webhook.review.admission import ENDPOINTS

LISTED = {
    "mlgate_requests_total",
    "mlgate_request_duration_seconds_bucket",
    "mlgate_rule_results_total",
    "mlgate_namespace_findings_total",
    "mlgate_denied_gpu_hours_total",
    "mlgate_denied_unbounded_total",
    "mlgate_rule_errors_total",
    "mlgate_patches_total",
    "mlgate_patch_selfcheck_failures_total",
    "mlgate_exceptions_used_total",
    "mlgate_ignores_used_total",
    "mlgate_waivers_total",
    "mlgate_foreseen_total",
    "mlgate_exceptions_expired",
    "mlgate_in_flight",
    "mlgate_queue_rejects_total",
    "mlgate_http_errors_total",
    "mlgate_connections_refused_total",
    "mlgate_config_reload_total",
    "mlgate_config_revision",
    "mlgate_cert_reload_total",
    "mlgate_cert_not_after_seconds",
}
"""All that docs/webhook.md lists."""


def test_h72_every_metric_is_there_and_documented() -> None:
    text = InProcessServer().handler.metrics.render().decode()
    page = (Path(__file__).parents[2] / "docs/webhook.md").read_text()
    for name in LISTED:
        family = name.removesuffix("_total").removesuffix("_bucket")
        assert f"# TYPE {family}" in text
        assert f"`{name.removesuffix('_bucket')}" in page


def test_h72_reviews_are_counted_by_what_was_decided() -> None:
    server = InProcessServer()
    server.send(review(admitted(job()), dryRun=True))
    server.send(review(deployment()))
    server.send(review(admitted(job())), "mutate")
    labels = {"op": "CREATE", "mode": "standard"}
    denied = {**labels, "endpoint": "validate", "kind": "Job", "allowed": "false"}
    assert server.sample("mlgate_requests_total", **denied, dry_run="true") == 1
    allowed = {**labels, "endpoint": "validate", "kind": "Deployment", "allowed": "true"}
    assert server.sample("mlgate_requests_total", **allowed, dry_run="false") == 1
    findings = {"rule": "TRN002", "result": "fail", "mode": "deny"}
    assert server.sample("mlgate_rule_results_total", **findings) == 2
    assert server.sample("mlgate_patches_total", rule="TRN002") == 1
    assert server.sample("mlgate_request_duration_seconds_count", endpoint="validate") == 2
    assert (DURATION_BUCKETS[0], DURATION_BUCKETS[-1]) == (0.005, 10.0)


def test_h72_used_exceptions_are_counted(tmp_path: Path) -> None:
    entry = "{rules: [TRN002], match: {kind: Job}, reason: a, owner: b}"
    server = InProcessServer(policies_of(tmp_path, f"exceptions: [{entry}]\n"))
    assert server.send(review(admitted(job())))["allowed"] is True
    assert server.sample("mlgate_exceptions_used_total", rule="TRN002") == 1
    skipped = {"rule": "TRN002", "result": "skip", "mode": "excepted"}
    assert server.sample("mlgate_rule_results_total", **skipped) == 1


def test_h72_what_a_client_makes_up_makes_no_new_series() -> None:
    server = InProcessServer()
    for number in range(50):
        body = {"apiVersion": f"g{number}/v1", "kind": f"K{number}", "metadata": {"name": "a"}}
        made_up: dict[str, Any] = {
            "namespace": f"n{number}",
            "operation": f"O{number}",
            "name": f"m{number}",
        }
        server.send(review(body, **made_up))
    series = [
        sample
        for family in server.handler.metrics.registry.collect()
        for sample in family.samples
        if sample.name == "mlgate_requests_total"
    ]
    assert len(series) == 1
    assert series[0].labels["kind"] == series[0].labels["op"] == "other"
    assert len({kind.name for kind in BUILT_IN}) < 150


def test_h73_a_line_says_who_what_where_and_why() -> None:
    server = InProcessServer()
    server.send(review(admitted(job(ttlSecondsAfterFinished=86400))))
    (line,) = server.lines()
    assert line.pop("ms") >= 0
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "info",
        "event": "review",
        "endpoint": "validate",
        "uid": UID,
        "operation": "CREATE",
        "group": "batch",
        "kind": "Job",
        "namespace": NAMESPACE,
        "name": "finetune",
        "user": "alice",
        "decision": "deny",
        "profile": "standard",
        "rules": ["TRN002/batch=deny", "TRN003/missing=warn"],
        "revision": "built-in",
    }


@pytest.mark.parametrize(
    ("request_", "endpoint", "decision"),
    [
        (review(admitted(job())), "mutate", "patch"),
        (review(deployment()), "validate", "allow"),
        (review(None, operation="DELETE", old=cron_job()), "validate", "pass"),
    ],
)
def test_h73_the_decision_is_one_of_four(request_: Any, endpoint: str, decision: str) -> None:
    server = InProcessServer()
    server.send(request_, endpoint)
    assert server.lines()[-1]["decision"] == decision


SECRET = "hunter2-hunter2"  # noqa: S105 - what must not appear


def secretive() -> dict[str, Any]:
    body = admitted(job())
    container = body["spec"]["template"]["spec"]["containers"][0]
    container["env"] = [{"name": "OUTPUT_DIR", "value": f"/{SECRET}"}]
    container["command"] = ["train.py", "--token", SECRET, "--output-dir", f"/out/{SECRET}"]
    return body


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (["train.py", "--output-dir", "/scratch/$(RUN)"], "output-dir is /scratch/$(RUN), on the"),
        (["train.py"], "OUTPUT_DIR is on the container's file system"),
    ],
)
@pytest.mark.parametrize("profile", ["standard", "strict"])
def test_k91_no_value_of_the_environment_is_told(
    command: list[str], shown: str, profile: str, tmp_path: Path
) -> None:
    body = admitted(job(backoffLimit=2, activeDeadlineSeconds=60), applied=False)
    container = body["spec"]["template"]["spec"]["containers"][0]
    names = ("RUN", "OUTPUT_DIR") if len(command) == 1 else ("RUN",)
    container["env"] = [{"name": name, "value": f"/{SECRET}"} for name in names]
    container["command"] = command
    server = InProcessServer(
        policies_of(tmp_path, f"profile: {profile}\nrules: {{STO001: deny}}\n")
    )
    answer = server.send(review(body))
    assert shown in answer["status"]["message"]
    assert SECRET not in json.dumps(answer)
    assert SECRET not in server.stream.getvalue()


def test_k92_a_log_that_cannot_be_written_holds_no_review_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = InProcessServer()

    def fail(_text: str) -> int:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(server.stream, "write", fail)
    assert server.send(review(admitted(job())))["allowed"] is False


def test_h73_no_value_of_the_object_is_logged() -> None:
    server = InProcessServer()
    for endpoint in ("validate", "mutate"):
        server.send(review(secretive()), endpoint)
    assert SECRET not in server.stream.getvalue()
    assert SECRET not in server.handler.metrics.render().decode()


def test_h73_not_even_when_the_review_crashes(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(review_: Any, _known: Any) -> Any:
        raise ValueError(json.dumps(review_))

    monkeypatch.setitem(ENDPOINTS, "validate", crash)
    server = InProcessServer()
    assert server.post(json.dumps(review(secretive())).encode()).status == 500
    (line,) = server.lines()
    assert line["event"] == "crash"
    assert line["error"] == "ValueError"
    assert any("test_promises_h" in frame for frame in line["where"])
    assert SECRET not in server.stream.getvalue()


def test_h73_control_characters_do_not_reach_the_terminal() -> None:
    server = InProcessServer()
    nasty = "a\x1b[31m\n\x9b\u202e\x7f"
    server.send(review(deployment(), name=nasty, userInfo={"username": nasty}, namespace=nasty))
    text = server.stream.getvalue()
    assert text.count("\n") == 1
    assert text.rstrip("\n").isprintable()
    assert "\\u001b" not in text
