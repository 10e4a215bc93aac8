"""One body through both reviews, as the server does it, and what is wrong with the answers."""

import base64
import datetime
import io
import json
from collections.abc import Iterator
from typing import Any

import jsonpatch
import orjson

from rules.inventory import Inventory
from rules.policy import Policy
from rules.rfc6902 import apply_patch
from webhook.observability.logs import Log
from webhook.observability.metrics import Metrics
from webhook.review.admission import ENDPOINTS, ReviewOutcome, mutate, validate
from webhook.review.context import ReviewContext
from webhook.review.decoding import decode_body
from webhook.review.record import make_record
from webhook.review.request import BadReview

CONTEXTS = [
    ReviewContext(Policy(profile=profile), Inventory(), datetime.date(2026, 6, 1), "1")
    for profile in ("strict", "standard", "observe")
]


def judge(body: bytes, context: ReviewContext, metrics: Metrics) -> dict[str, ReviewOutcome]:
    """The outcomes of a body by endpoint, written, counted and logged; empty for a refusal."""
    log = Log(io.StringIO())
    outcomes = {}
    for endpoint, review in ENDPOINTS.items():
        try:
            outcome = review(decode_body(body), context)
        except BadReview:
            return {}
        orjson.dumps(outcome.body)
        record = make_record(endpoint, outcome.request)
        metrics.review(record, outcome, 0.001, context.policy)
        log.review(record, outcome, 0.001, context.revision)
        outcomes[endpoint] = outcome
    return outcomes


def faults_of(
    body: bytes, outcomes: dict[str, ReviewOutcome], context: ReviewContext
) -> Iterator[str]:
    """What is wrong with the outcomes of a body."""
    tree = decode_body(body)
    for endpoint, outcome in outcomes.items():
        response = outcome.body["response"]
        yield from (f"{endpoint}: {error}" for error in outcome.errors)
        if response["uid"] != tree["request"]["uid"]:
            yield f"{endpoint}: the uid is {response['uid']!r:.60}"
        yield from (f"{endpoint}: {fault}" for fault in _faults_of_length(response))
    if "patch" in outcomes["validate"].body["response"]:
        yield "validate: it has a patch"
    if outcomes["mutate"].patched:
        yield from _faults_of_patch(tree, outcomes, context)


def _faults_of_length(response: dict[str, Any]) -> Iterator[str]:
    warnings = response.get("warnings", [])
    if sum(map(len, warnings)) > 4096 or any(len(one) > 256 for one in warnings):
        yield f"{len(warnings)} warnings are too long"
    if len(response.get("status", {}).get("message", "").encode()) > 2048:
        yield "the message is too long"


def _faults_of_patch(
    tree: Any, outcomes: dict[str, ReviewOutcome], context: ReviewContext
) -> Iterator[str]:
    """A patch applies for others as it does for us, comes to rest, and brings no denial."""
    body = tree["request"]["object"]
    patch = json.loads(base64.b64decode(outcomes["mutate"].body["response"]["patch"]))
    patched = apply_patch(body, patch)
    if jsonpatch.apply_patch(body, patch) != patched:
        yield f"mutate: jsonpatch makes another object of {patch}"
    again = {**tree, "request": {**tree["request"], "object": patched}}
    if mutate(again, context).patched:
        yield f"mutate: it is not at rest after {patch}"
    fresh = _denials(validate(again, context)) - _denials(outcomes["validate"])
    if fresh:
        yield f"mutate: {sorted(fresh)} are denied only after {patch}"


def _denials(outcome: ReviewOutcome) -> set[str]:
    return {finding.fingerprint for finding in outcome.findings if finding.action == "deny"}
