"""Whether hostile bodies get an answer: objects damaged at random go through both reviews.

A body follows from its number alone. Each must be answered or refused: no rule may crash, each
patch must apply, change nothing when made again and bring no denial. LOAD_BODIES says how many, and
LOAD_FIRST from which number on.
"""

import os
import traceback
from collections import Counter
from pathlib import Path

import pytest

from tests.load.hostile_bodies import make_body
from tests.load.judging import CONTEXTS, faults_of, judge
from webhook.observability.metrics import Metrics
from webhook.review.record import decision

QUICK = 1_000
COUNT = int(os.environ.get("LOAD_BODIES", "100000"))
FIRST = int(os.environ.get("LOAD_FIRST", "0"))
MAX_SERIES = 500
"""Of the counter with most labels: a client must not be able to make up new ones."""


def test_damaged_bodies_are_answered_or_refused() -> None:
    outcomes, faults = send(0, QUICK)
    assert faults == []
    assert {"refused", "validate deny", "validate allow", "mutate patch"} <= outcomes.keys()


@pytest.mark.load
def test_very_many_damaged_bodies_are_answered_or_refused() -> None:
    outcomes, faults = send(FIRST, COUNT)
    print(", ".join(f"{name} {count}" for name, count in outcomes.most_common()))
    assert faults == []


def send(first: int, count: int) -> tuple[Counter[str], list[str]]:
    """Judge the bodies of these numbers: what came of them, and what was wrong."""
    metrics = Metrics()
    outcomes: Counter[str] = Counter()
    faults: list[str] = []
    for number in range(first, first + count):
        kind, body = make_body(number)
        found = _judge(number, body, metrics, outcomes)
        faults += [f"body {number}, {kind}: {fault[:300]}" for fault in found]
    assert metrics.render().count(b"mlgate_requests_total{") <= MAX_SERIES
    return outcomes, faults


def _judge(number: int, body: bytes, metrics: Metrics, outcomes: Counter[str]) -> list[str]:
    context = CONTEXTS[number % len(CONTEXTS)]
    try:
        answers = judge(body, context, metrics)
    except Exception as crash:  # noqa: BLE001 - that none comes is what is tried here
        frame = traceback.extract_tb(crash.__traceback__)[-1]
        return [f"{type(crash).__name__} at {Path(frame.filename).name}:{frame.lineno}: {crash}"]
    if not answers:
        outcomes["refused"] += 1
        return []
    outcomes.update(f"{endpoint} {decision(outcome)}" for endpoint, outcome in answers.items())
    return [*faults_of(body, answers, context)]
