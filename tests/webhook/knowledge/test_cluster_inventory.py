"""Look-ups: what several kinds of answers come to."""

from collections.abc import Iterable, Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rules.inventory import FactReading, Inventory
from rules.kinds import find_kind
from rules.kinds.lookups import Answer, Reference
from rules.model import ObjectKey
from webhook.knowledge.cluster_inventory import ClusterInventory
from webhook.knowledge.object_cache import ObjectCache

KINDS = ("Deployment", "ReplicaSet")
REFERENCE = Reference("apps", KINDS, None, "web")


class Objects:
    """A cluster's objects by their keys; ``known`` are the kinds of which all are known."""

    def __init__(self, held: dict[ObjectKey, dict[str, Any]], known: Iterable[str] = KINDS) -> None:
        self._held = held
        self._known = frozenset(known)

    def facts_of(self, key: ObjectKey) -> dict[str, Any] | None:
        return self._held.get(key)

    def facts_in(
        self, group: str, kind: str, namespace: str
    ) -> Sequence[tuple[str, dict[str, Any]]]:
        return [
            (key.name, facts)
            for key, facts in self._held.items()
            if key[:3] == (group, kind, namespace)
        ]

    def all_known(self, group: str, kind: str) -> bool:
        return group == "apps" and kind in self._known


def web(kind: str, namespace: str = "ml") -> ObjectKey:
    return ObjectKey("apps", kind, namespace, "web")


def ask(held: dict[str, dict[str, Any]], known: Iterable[str] = KINDS) -> tuple[Answer, object]:
    """What is known of a fact of a name that two kinds may have."""
    objects = Objects({web(kind): facts for kind, facts in held.items()}, known)
    return ClusterInventory(objects).at("ml").ask(REFERENCE, "gpu")


def test_one_of_the_kinds_is_enough() -> None:
    assert ask({"Deployment": {"gpu": 1}}) == (Answer.FOUND, 1)
    assert ask({"ReplicaSet": {"gpu": 1}}, known=()) == (Answer.FOUND, 1)


def test_two_that_differ_are_unknown_and_two_that_agree_are_found() -> None:
    one = {"gpu": 1}
    assert ask({"Deployment": one, "ReplicaSet": {"gpu": 2}}) == (Answer.UNKNOWN, None)
    assert ask({"Deployment": one, "ReplicaSet": {**one, "other": 2}}) == (Answer.FOUND, 1)
    assert ask({"Deployment": {}, "ReplicaSet": {}}) == (Answer.FOUND, None)


def test_absent_means_that_every_kind_is_known_not_to_have_it() -> None:
    assert ask({}) == (Answer.ABSENT, None)
    assert ask({}, known=["Deployment"]) == (Answer.UNKNOWN, None)
    assert ask({}, known=[]) == (Answer.UNKNOWN, None)


def test_the_place_is_the_references_or_else_the_askers() -> None:
    objects = Objects({web("Deployment", "ml"): {"gpu": 1}, web("Deployment", "other"): {"gpu": 2}})
    inventory = ClusterInventory(objects)

    assert inventory.at("ml").ask(REFERENCE, "gpu") == (Answer.FOUND, 1)
    assert inventory.at("ml").ask(REFERENCE._replace(namespace="other"), "gpu")[1] == 2
    assert inventory.ask(REFERENCE, "gpu") == (Answer.ABSENT, None)


def test_what_many_reviews_ask_is_read_once_until_an_object_changes() -> None:
    store = ObjectCache(lambda body: {"gpu": body["gpu"]})
    read: list[int] = []

    def note(kept: int) -> int:
        read.append(kept)
        return kept

    def put(name: str, gpu: int, **status: str) -> None:
        metadata = {"namespace": "ml", "name": name, "uid": name}
        store.put({"metadata": metadata, "gpu": gpu, "status": status})

    class Stored(Objects):
        def facts_in(
            self, group: str, kind: str, namespace: str
        ) -> Sequence[tuple[str, dict[str, Any]]]:
            return store.find_all(namespace) if (group, kind) == ("apps", "Deployment") else ()

    inventory, reading = ClusterInventory(Stored({})), FactReading(note)

    def select(gpu: int) -> list[str]:
        kinds = [("apps", "Deployment")]
        _, found = inventory.at("ml").select(kinds, None, "gpu", gpu.__eq__, reading)
        return [one.key.name for one in found]

    put("a", 1)
    put("b", 2)
    before = inventory.find_all("apps", "Deployment", "ml")
    assert (select(1), select(2), read) == (["a"], ["b"], [1, 2])
    put("b", 2, phase="Running")
    assert inventory.find_all("apps", "Deployment", "ml") is before, "no fact has changed"
    put("b", 1)
    assert inventory.find_all("apps", "Deployment", "ml") != before
    assert (select(1), select(2)) == (["a", "b"], [])
    store.drop({"metadata": {"namespace": "ml", "name": "a", "uid": "a"}})
    assert select(1) == ["b"]
    assert read == [1, 2, 1, 1, 1]


def test_namespaces_that_somebody_made_up_are_not_kept() -> None:
    inventory = ClusterInventory(Objects({web("Deployment"): {}}))
    for namespace in ("ml", "made-up"):
        assert len([*inventory.find_all("apps", "Deployment", namespace)]) == (namespace == "ml")
    assert [key[2] for key in inventory._snapshots] == ["ml"]


ROW = st.tuples(
    st.sampled_from(KINDS),
    st.sampled_from(["ml", "other"]),
    st.sampled_from(["web", "db"]),
    st.dictionaries(st.sampled_from(["gpu", "replicas"]), st.integers(0, 2), min_size=1),
)


@given(st.lists(ROW, max_size=4, unique_by=lambda row: row[:3]), st.sampled_from(["gpu", "x"]))
def test_it_says_what_a_complete_inventory_says(
    rows: list[tuple[str, str, str, dict[str, int]]], fact: str
) -> None:
    inventory = Inventory(complete=True)
    inventory.merge([("apps", *row, None) for row in rows])
    objects = Objects({ObjectKey("apps", *row[:3]): row[3] for row in rows})
    here, there = inventory.at("ml"), ClusterInventory(objects).at("ml")
    kinds = [("apps", name) for name in KINDS if find_kind("apps", name) is not None]

    assert there.ask(REFERENCE, fact) == here.ask(REFERENCE, fact)
    for namespace in (None, "other"):
        assert there.select(kinds, namespace, fact, bool) == here.select(
            kinds, namespace, fact, bool
        )
