"""An update's old object is judged by the rules that deny the new one: nothing else comes of it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.inventory import Inventory
from rules.policy import Policy
from tests.manifests import TODAY, read_cases, read_documents
from tests.webhook.bodies import review
from webhook.review.admission import ReviewOutcome, validate
from webhook.review.context import AdmissionCase, ReviewContext
from webhook.review.finding_cache import FindingCache

STRICT = ReviewContext(Policy(profile="strict", ignores="forbid"), Inventory(), TODAY)


def bodies_by_kind() -> dict[tuple[str, str], list[dict[str, Any]]]:
    """What the bad cases hold, of each kind of which there are several."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for case in read_cases():
        for document in read_documents(case.text) if case.bad and case.whole else ():
            body = document.value
            if isinstance(body, dict) and isinstance(body.get("metadata"), dict):
                kind = str(body.get("apiVersion")), str(body.get("kind"))
                found.setdefault(kind, []).append(body)
    return {kind: bodies for kind, bodies in found.items() if len(bodies) > 1}


BODIES = bodies_by_kind()


def decide(context: ReviewContext, new: dict[str, Any], old: dict[str, Any]) -> ReviewOutcome:
    """The decision on an update from one object to another of its name."""
    old = {**old, "metadata": {**old["metadata"], "name": new["metadata"].get("name")}}
    return validate(review(new, operation="UPDATE", old=old), context)


@given(data=st.data())
def test_the_decision_is_that_of_all_rules(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(BODIES)))
    new, old = (data.draw(st.sampled_from(BODIES[kind])) for _ in range(2))
    by_some = decide(STRICT, new, old)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AdmissionCase, "judge_by", lambda case, _codes, body: case.judge(body))
        assert decide(STRICT, new, old) == by_some


@given(data=st.data())
def test_the_decision_is_the_same_whatever_is_remembered(data: st.DataObject) -> None:
    cache = FindingCache(lambda value: json.dumps(value, default=str).encode())
    kind = data.draw(st.sampled_from(sorted(BODIES)))
    for _ in range(data.draw(st.integers(1, 3))):
        new, old = (data.draw(st.sampled_from(BODIES[kind])) for _ in range(2))
        assert decide(STRICT._replace(cache=cache), new, old) == decide(STRICT, new, old)
