"""The safe fixes of all rules together, as a webhook makes them: whichever comes first, the object
ends the same, and has nothing left to be mended."""

import itertools
from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from rules.checks import ALL, BY_CODE
from rules.edits import apply
from rules.engine import Engine
from rules.evaluation import Evaluation
from rules.inventory import Inventory
from rules.kinds import find_kind
from rules.kinds.strategic_merge import strategic_merge
from rules.manifest import LAST_APPLIED, Manifest
from rules.model import Rule
from rules.paths import dig
from rules.policy import Policy
from tests.api_server import present
from tests.manifests import TODAY, read_cases, read_documents
from webhook.review.mutation import Mutation, plan_mutation

Body = dict[str, Any]
STRICT = Policy(profile="strict")


def judge(engine: Engine, body: Body) -> Evaluation:
    applied = dig(body, ("metadata", "annotations", LAST_APPLIED))
    return engine.evaluate(Manifest(body, admitted=True, last_applied=applied))


def settle(body: Body, rules: Iterable[Rule]) -> Mutation:
    """What the webhook makes of an object, where these rules are asked in this order."""
    engine = Engine(STRICT, Inventory(), TODAY, rules=rules)
    kind = engine.kind_of(Manifest(body))
    mutation = plan_mutation(
        body, partial(judge, engine), STRICT, within_lists=kind is not None and kind.built_in
    )
    assert not mutation.dropped
    return mutation


def outcome(body: Body, rules: Iterable[Rule]) -> Any:
    """The object after that; the order of named items tells nothing."""
    edits = [edit for one in settle(body, rules).fixed if one.fix for edit in one.fix.edits]
    return sort_items(apply(body, edits))


def sort_items(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: sort_items(one) for key, one in value.items()}
    if not isinstance(value, list):
        return value
    items = [sort_items(one) for one in value]
    named = all(isinstance(dig(one, ("name",)), str) for one in items)
    return sorted(items, key=lambda one: str(one["name"])) if named else items


def check_together(body: Body) -> int:
    """Assert that the fixes of an object agree; how many rules have one."""
    mutation = settle(body, ALL)
    edits = [edit for one in mutation.fixed if one.fix for edit in one.fix.edits]
    mended = apply(body, edits)
    assert settle(mended, ALL).fixed == ()

    rules = [BY_CODE[code] for code in sorted({one.rule for one in mutation.fixed})]
    assert outcome(body, reversed(ALL)) == sort_items(mended)
    for pair in itertools.combinations(rules, 2):
        assert outcome(body, pair) == outcome(body, pair[::-1]), [one.code for one in pair]
    return len(rules)


def mendable() -> dict[tuple[str, str], list[Body]]:
    """The objects of the rules' cases that something is mended in, by kind."""
    found = defaultdict(list)
    for case in read_cases():
        for document in read_documents(case.text) if case.bad and case.whole else ():
            body = document.value
            if isinstance(body, dict) and isinstance(dig(body, ("metadata",)), dict):
                kind = find_kind(Manifest(body).group, str(body.get("kind")))
                if kind and settle(present(body), ALL).fixed:
                    found[kind.group, kind.name].append(body)
    return found


MENDABLE = mendable()
PAIRS = st.sampled_from(list(MENDABLE.values())).flatmap(
    lambda bodies: st.tuples(st.sampled_from(bodies), st.sampled_from(bodies))
)


@given(PAIRS)
def test_fixes_of_two_faulty_objects_in_one_agree(pair: tuple[Body, Body]) -> None:
    """One laid over the other, as a patch would be: the faults of both, and what they make of
    each other."""
    one, other = pair
    both = strategic_merge(one, other)
    assume(both["apiVersion"] == one["apiVersion"])
    check_together(present({**both, "metadata": one["metadata"]}))


def test_many_kinds_have_something_to_mend() -> None:
    assert len(MENDABLE) > 10
    assert max(check_together(present(body)) for bodies in MENDABLE.values() for body in bodies) > 2
