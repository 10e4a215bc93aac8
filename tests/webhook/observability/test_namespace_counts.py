"""What is counted by namespace: little, and nothing that is made up."""

from queue import SimpleQueue
from threading import current_thread
from typing import Any

import pytest

from tests.webhook.bodies import NAMESPACE, admitted, deployment, job, review
from tests.webhook.in_process import InProcessServer
from webhook.observability.namespace_counts import MOST_NAMESPACES, THE_REST
from webhook.server.clients import ClientCheck
from webhook.server.handler import LARGE_BODY


def training(accelerators: str = "4", **spec: Any) -> dict[str, Any]:
    """A Job with two pods on accelerators, which is denied for want of a retry budget."""
    body = job(parallelism=2, completions=2, **spec)
    (container,) = body["spec"]["template"]["spec"]["containers"]
    container["resources"]["limits"]["nvidia.com/gpu"] = accelerators
    return admitted(body)


def test_findings_are_counted_by_namespace_rule_and_action() -> None:
    server = InProcessServer()
    server.send(review(admitted(job())))
    server.send(review(admitted(job())), "mutate")  # the same findings once more
    labels = {"resource_namespace": NAMESPACE, "rule": "TRN002", "action": "deny"}
    assert server.sample("mlgate_namespace_findings_total", **labels) == 1
    assert server.sample("mlgate_denied_gpu_hours_total", resource_namespace=NAMESPACE) == 0


def test_few_namespaces_have_series_of_their_own_and_none_is_made_up() -> None:
    server = InProcessServer()
    for number in range(MOST_NAMESPACES + 3):
        server.send(review(admitted(job()), namespace=f"team-{number}"))
    server.handler.clients = ClientCheck(lambda _: False, None)
    server.send(review(admitted(job()), namespace="made-up"))
    found = [
        sample
        for family in server.handler.metrics.registry.collect()
        for sample in family.samples
        if sample.name == "mlgate_namespace_findings_total" and sample.labels["rule"] == "TRN002"
    ]
    counts = {sample.labels["resource_namespace"]: sample.value for sample in found}
    assert len(counts) == MOST_NAMESPACES + 1
    assert counts[THE_REST] == 4
    assert counts["team-0"] == 1


def test_what_has_no_finding_takes_no_series() -> None:
    server = InProcessServer()
    for number in range(MOST_NAMESPACES + 3):
        server.send(review(deployment(), namespace=f"team-{number}"))
    server.send(review(admitted(job())))
    labels = {"resource_namespace": NAMESPACE, "rule": "TRN002", "action": "deny"}
    assert server.sample("mlgate_namespace_findings_total", **labels) == 1


@pytest.mark.parametrize(
    ("body", "hours", "unbounded"),
    [
        (training(activeDeadlineSeconds=7200), 2 * 4 * 2.0, 0),
        (training(), 0, 1),
        (training("many", activeDeadlineSeconds=7200), 0, 0),
        (admitted(job(activeDeadlineSeconds=7200)), 0, 0),
    ],
    ids=["bounded", "without a deadline", "a number that is none", "without accelerators"],
)
def test_a_denial_counts_the_gpu_hours_that_were_asked_for(
    body: dict[str, Any], hours: float, unbounded: int
) -> None:
    server = InProcessServer()
    assert server.send(review(body))["allowed"] is False
    server.send(review(body, dryRun=True))  # takes none
    server.send(review(body), "mutate")
    label = {"resource_namespace": NAMESPACE}
    assert server.sample("mlgate_denied_gpu_hours_total", **label) == hours
    assert server.sample("mlgate_denied_unbounded_total", **label) == unbounded


def test_what_is_allowed_counts_none() -> None:
    server = InProcessServer()
    body = training(activeDeadlineSeconds=7200, backoffLimit=1)
    assert server.send(review(body))["allowed"] is True
    assert server.sample("mlgate_denied_gpu_hours_total", resource_namespace=NAMESPACE) == 0


def test_a_bug_in_the_reckoning_takes_no_denial_back(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def crash(*_: Any) -> float:
        raise ZeroDivisionError

    monkeypatch.setattr("webhook.server.handler.reckon_hours", crash)
    server = InProcessServer()
    assert server.send(review(training()))["allowed"] is False
    assert [record.name for record in caplog.records] == ["asyncio"]


def test_the_hours_of_a_large_object_are_reckoned_beside_the_event_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = SimpleQueue[str]()
    monkeypatch.setattr(
        "webhook.server.handler.reckon_hours", lambda *_: names.put(current_thread().name)
    )
    server = InProcessServer()
    body = training()
    body["metadata"]["annotations"] = {"padding": "x" * LARGE_BODY}
    assert server.send(review(body))["allowed"] is False
    assert names.get(timeout=30).startswith("large-reviews")
