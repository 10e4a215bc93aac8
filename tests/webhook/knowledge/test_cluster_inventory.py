"""Look-ups: what several kinds of answers come to."""

from hypothesis import given
from hypothesis import strategies as st

from rules.inventory import Inventory
from rules.kinds.lookups import Answer, Reference
from webhook.knowledge.cluster_inventory import ClusterInventory, Lookup

UNKNOWN = Lookup(Answer.UNKNOWN, {})
ABSENT = Lookup(Answer.ABSENT, {})
REFERENCE = Reference("apps", ("Deployment", "ReplicaSet"), None, "web")


def found(**facts: object) -> Lookup:
    return Lookup(Answer.FOUND, facts)


def ask(deployment: Lookup, replica_set: Lookup, fact: str = "gpu") -> tuple[Answer, object]:
    """What is known of a fact of a name that two kinds may have."""
    known = {"Deployment": deployment, "ReplicaSet": replica_set}
    lookups = ClusterInventory(lambda _group, kind, _namespace, _name: known[kind])
    return lookups.at("ml").ask(REFERENCE, fact)


def test_one_of_the_kinds_is_enough() -> None:
    assert ask(found(gpu=1), ABSENT) == (Answer.FOUND, 1)
    assert ask(UNKNOWN, found(gpu=1)) == (Answer.FOUND, 1)


def test_two_that_differ_are_unknown_and_two_that_agree_are_found() -> None:
    assert ask(found(gpu=1), found(gpu=2)) == (Answer.UNKNOWN, None)
    assert ask(found(gpu=1), found(gpu=1, other=2)) == (Answer.FOUND, 1)
    assert ask(found(gpu=None), found()) == (Answer.FOUND, None)


def test_absent_means_that_every_kind_is_known_not_to_have_it() -> None:
    assert ask(ABSENT, ABSENT) == (Answer.ABSENT, None)
    assert ask(ABSENT, UNKNOWN) == (Answer.UNKNOWN, None)
    assert ask(UNKNOWN, UNKNOWN) == (Answer.UNKNOWN, None)


def test_the_place_is_the_references_or_else_the_askers() -> None:
    asked: list[tuple[str, str, str, str]] = []

    def note(*where: str) -> Lookup:
        asked.append(where)  # type: ignore[arg-type]
        return ABSENT

    lookups = ClusterInventory(note)
    lookups.at("ml").ask(REFERENCE, "gpu")
    lookups.at("ml").ask(REFERENCE._replace(namespace="other"), "gpu")
    lookups.ask(REFERENCE, "gpu")
    assert asked == [
        ("apps", kind, namespace, "web")
        for namespace in ("ml", "other", "")
        for kind in ("Deployment", "ReplicaSet")
    ]


ROW = st.tuples(
    st.sampled_from(REFERENCE.kinds),
    st.sampled_from(["ml", "other"]),
    st.sampled_from(["web", "db"]),
    st.dictionaries(st.sampled_from(["gpu", "replicas"]), st.integers(0, 2), min_size=1),
)


@given(st.lists(ROW, max_size=4, unique_by=lambda row: row[:3]), st.sampled_from(["gpu", "x"]))
def test_it_says_what_a_complete_inventory_says(
    rows: list[tuple[str, str, str, dict[str, int]]], fact: str
) -> None:
    held = {row[:3]: row[3] for row in rows}
    inventory = Inventory(complete=True)
    inventory.merge([("apps", *row) for row in rows])

    def find(_group: str, kind: str, namespace: str, name: str) -> Lookup:
        facts = held.get((kind, namespace, name))
        return ABSENT if facts is None else Lookup(Answer.FOUND, dict(facts))

    asked = inventory.at("ml").ask(REFERENCE, fact)
    assert ClusterInventory(find).at("ml").ask(REFERENCE, fact) == asked
