"""Group K: ways round that a second look found."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from rules.inventory import Inventory
from rules.model import Action
from rules.policy import Policy
from tests.manifests import TODAY
from tests.webhook.bodies import UID, admitted, deployment, job, review
from tests.webhook.conditions import holds
from tests.webhook.in_process import InProcessServer, Reply, policies_of
from tests.webhook.test_promises_k_good_work import condition
from webhook.review.admission import ENDPOINTS, ReviewOutcome, validate
from webhook.review.changes import changes_work_in_status
from webhook.review.context import ReviewContext
from webhook.server.clients import ClientCheck
from webhook.server.crowds import CROWD_BYTES
from webhook.server.handler import LARGE_BODY

STRICT = ReviewContext(Policy(profile="strict", ignores="forbid"), Inventory(), TODAY)


def server_of(image: str, *command: str) -> dict[str, Any]:
    """A Deployment without any probe."""
    body = deployment()
    container = body["spec"]["template"]["spec"]["containers"][0]
    container |= {"image": image, "ports": [{"containerPort": 8000}]}
    container |= {"command": [*command]} if command else {}
    return body


PLACEHOLDER = server_of("registry.example.com/server:1.0")
MODEL_SERVER = server_of("vllm/vllm-openai:v0.11.0", "vllm", "serve", "meta-llama/Llama-3.1-8B")


@pytest.mark.parametrize(("ignores", "allowed"), [("forbid", False), ("allow", True)])
def test_k138_what_an_update_makes_certain_is_new(ignores: str, *, allowed: bool) -> None:
    known = STRICT._replace(policy=Policy(profile="strict", ignores=ignores))
    assert validate(review(PLACEHOLDER), known).allowed
    assert not validate(review(MODEL_SERVER), known).allowed
    unsure = server_of("registry.example.com/llm-server:1.0", "./serve", "--model", "/m")
    before = validate(review(unsure), known)
    assert before.allowed
    assert any(one.rule == "SRV004" for one in before.findings)
    outcome = validate(review(MODEL_SERVER, operation="UPDATE", old=unsure), known)
    assert outcome.allowed is allowed
    denied = {one.rule for one in outcome.findings if one.action is Action.DENY}
    assert ("SRV004" in denied) is not allowed


def test_k138_what_was_as_certain_before_is_not_new() -> None:
    later = server_of("vllm/vllm-openai:v0.11.1", "vllm", "serve", "meta-llama/Llama-3.1-8B")
    assert validate(review(later, operation="UPDATE", old=MODEL_SERVER), STRICT).allowed


class Flood:
    """Large reviews of one namespace, all at once, each of which is judged for ``seconds``."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, policy: str, seconds: float = 0.3
    ) -> None:
        self.server = InProcessServer(policies_of(folder, policy))
        self._seconds = seconds
        monkeypatch.setitem(ENDPOINTS, "validate", self._judge_slowly)

    def _judge_slowly(self, body: Any, context: ReviewContext) -> ReviewOutcome:
        time.sleep(self._seconds)
        return validate(body, context)

    def send(self, size: int, count: int, query: str = "timeout=500ms") -> list[Reply]:
        body = admitted(job())
        body["metadata"]["annotations"] = {"note": "x" * size}
        content = json.dumps(review(body), separators=(",", ":")).encode()

        async def send_all() -> list[Reply]:
            sent = (self.server.ask(content, query=query) for _ in range(count))
            return await asyncio.gather(*sent)

        return asyncio.run(send_all())


def test_k139_who_makes_reviews_late_is_told_to_try_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flood = Flood(tmp_path, monkeypatch, "profile: strict")
    answers = flood.send(LARGE_BODY, 4)
    assert [one.status for one in answers] == [200] * 4, "no failure policy decides"
    responses = [json.loads(one.body)["response"] for one in answers]
    assert not any(one["allowed"] for one in responses)
    codes = sorted(one["status"]["code"] for one in responses)
    assert codes[-1] == 429
    late = next(one for one in responses if one["status"]["code"] == 429)
    assert late["uid"] == UID
    assert late["status"]["details"] == {"retryAfterSeconds": 1}
    assert "too much of the namespace is under review at once" in late["status"]["message"]
    assert late["auditAnnotations"]["decision"] == "postpone"
    decisions = [one["decision"] for one in flood.server.lines() if one["event"] == "review"]
    assert "postpone" in decisions


@pytest.mark.parametrize(
    ("policy", "size", "known"),
    [
        # Nothing could have been denied.
        ("profile: observe", LARGE_BODY, True),
        # It is no crowd: somebody else is the reason.
        ("profile: strict", CROWD_BYTES // 16, True),
        # Whoever is not known to be the API server may say any namespace.
        ("profile: strict", LARGE_BODY, False),
    ],
)
def test_k139_all_others_get_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: str, size: int, *, known: bool
) -> None:
    flood = Flood(tmp_path, monkeypatch, policy)
    if not known:
        flood.server.handler.clients = ClientCheck(lambda _token: False, None)
    assert 503 in {one.status for one in flood.send(size, 4)}


def test_k139_a_review_that_ends_undecided_is_put_off_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One alone, for which its own size leaves no time."""
    flood = Flood(tmp_path, monkeypatch, "profile: strict", seconds=0.6)
    (answer,) = flood.send(2 * LARGE_BODY, 1)
    assert json.loads(answer.body)["response"]["status"]["code"] == 429


def test_k139_a_namespace_waits_for_itself_and_not_for_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flood = Flood(tmp_path, monkeypatch, "profile: strict", seconds=0.5)
    other = review(admitted(job()), namespace="other")
    other["request"]["object"]["metadata"]["annotations"] = {"note": "x" * LARGE_BODY}
    contents = [
        json.dumps(one, separators=(",", ":")).encode()
        for one in (*[review(other["request"]["object"])] * 3, other)
    ]

    async def send_all() -> list[Reply]:
        return await asyncio.gather(
            *(flood.server.ask(one, query="timeout=2s") for one in contents)
        )

    last = json.loads(asyncio.run(send_all())[-1].body)["response"]
    assert last["status"]["code"] == 403, "it was judged"


def test_k140_many_short_documents_are_too_large_to_be_judged() -> None:
    text = "apiVersion: batch/v1\nkind: Job\n---\n" * 4000
    resource = {"action": "create", "manifest": text}
    body = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"name": "many"},
        "spec": {"entrypoint": "a", "templates": [{"name": "a", "resource": resource}]},
    }
    outcome = validate(review(body), STRICT)
    assert not outcome.allowed
    assert "too large to be judged" in str(outcome.passed)


def workflow(**status: Any) -> dict[str, Any]:
    """A Workflow of a template that stands elsewhere."""
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"name": "run", "namespace": "research"},
        "spec": {"workflowTemplateRef": {"name": "good"}, "activeDeadlineSeconds": 3600},
        "status": status,
    }


GREEDY = {
    "name": "main",
    "container": {
        "image": "i:1",
        "command": ["python", "train.py"],
        "resources": {"requests": {"nvidia.com/gpu": 1}},
    },
}
ARGO = {"username": "system:serviceaccount:argo:argo"}
TENANT = {"username": "system:serviceaccount:research:default"}
_STATUS: list[dict[str, Any]] = [
    {"storedWorkflowSpec": {"entrypoint": "main", "templates": [GREEDY]}},
    {"storedTemplates": {"namespaced/good/main": GREEDY}},
]


@pytest.mark.parametrize("status", _STATUS)
@pytest.mark.parametrize("user", [TENANT, ARGO])
def test_k142_work_in_a_workflows_status_is_judged(
    status: dict[str, Any], user: dict[str, str]
) -> None:
    assert validate(review(workflow()), STRICT).allowed
    made = validate(review(workflow(**status), userInfo=user), STRICT)
    assert [one.path[0] for one in made.findings if one.rule == "GPU001"] == ["status"]
    assert not made.allowed
    changed = review(workflow(**status), operation="UPDATE", old=workflow(), userInfo=user)
    assert validate(changed, STRICT).allowed is (user is ARGO), "an operator writes it"
    known = review(workflow(**status), operation="UPDATE", old=workflow(**status), userInfo=user)
    assert validate(known, STRICT).passed == "only metadata changed"


def test_k142_where_words_count_a_status_is_one() -> None:
    known = STRICT._replace(policy=Policy(profile="strict"))
    changed = review(workflow(**_STATUS[0]), operation="UPDATE", old=workflow(), userInfo=TENANT)
    assert validate(changed, known).passed == "only metadata changed"


@pytest.mark.parametrize("new", [{}, {"phase": "Running"}, *_STATUS])
@pytest.mark.parametrize("old", [{}, *_STATUS])
@pytest.mark.parametrize("group", ["argoproj.io", "batch"])
def test_k142_the_api_server_asks_about_it(
    new: dict[str, Any], old: dict[str, Any], group: str
) -> None:
    body, before = workflow(**new), workflow(**old)
    asked = holds(
        condition("not-unchanged"),
        request={"operation": "UPDATE", "resource": {"group": group}},
        object=body,
        oldObject=before,
    )
    assert asked is (group == "argoproj.io" and changes_work_in_status(body, before))
    del before["status"]
    assert holds(
        condition("not-unchanged"),
        request={"operation": "UPDATE", "resource": {"group": "argoproj.io"}},
        object=body,
        oldObject=before,
    ) is changes_work_in_status(body, {})
